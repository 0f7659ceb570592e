"""Opens aiohttp sessions that send each request once, without cookies, and leave the body compressed.

Failures are raised as aiohttp's errors; `failures` tells what they mean. Must not know which service is called.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import getproxies

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.http_client.tls import tls_context

MaySend = Callable[[], bool]
"""Whether a request may leave now: a process that no longer leads must not act."""


class MustNotSendError(aiohttp.ClientConnectionError):
    """`MaySend` said no. Nothing was sent."""


def always() -> bool:
    """A request may leave at any time."""
    return True


def open_session(
    connections: int, idle: float, headers: Mapping[str, str] | None = None, may_send: MaySend = always
) -> aiohttp.ClientSession:
    """A session with at most so many `connections`, each closed after `idle` seconds. The caller closes the session.

    Before the first byte of each request `may_send` is asked; if it says no, `MustNotSendError` is raised. Bodies are
    not decompressed (see `body`). A proxy that the environment names (`https_proxy`, …) is used.
    """
    return aiohttp.ClientSession(
        connector=_Connector(may_send, limit=connections, keepalive_timeout=idle, ssl=tls_context()),
        request_class=_request_class(may_send),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_send_once,),
        trust_env=bool(getproxies()),  # if always on, aiohttp looks for a proxy in a thread before each request
    )


class _Connector(aiohttp.TCPConnector):
    """Gives no connection for a request that must not be sent, nor one on which the service already said something.

    aiohttp writes a request without a body as soon as it has a connection, so this is the last moment to stop it; for
    one with a body see `_request_class`.

    Unasked bytes (a 408 for being idle, or an answer sent twice) answer none of our requests. aiohttp would take them
    for the answer to the next one, and one citizen's ticket for another's.
    """

    def __init__(self, may_send: MaySend, **options: Any) -> None:
        super().__init__(**options)
        self._may_send = may_send

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 — aiohttp's signature
    ) -> Connection:
        """See `aiohttp.BaseConnector.connect`."""
        for _ in range(self.limit + 1):  # all that are kept, and a new one
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is not None and connection.protocol.should_close:
                connection.close()
                continue
            if not self._may_send():
                connection.release()
                raise MustNotSendError
            return connection
        raise aiohttp.ClientConnectionError("the service speaks before it is asked")


def _request_class(may_send: MaySend) -> type[aiohttp.ClientRequest]:
    """Requests that ask `may_send` again before their body.

    Python 3.11 writes it in a task of its own, and the headers with it. A process can be frozen before that task runs.
    """

    class Request(aiohttp.ClientRequest):
        async def write_bytes(
            self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
        ) -> None:
            if may_send():
                await super().write_bytes(writer, conn, content_length)
            elif conn.protocol is not None:
                conn.protocol.set_exception(MustNotSendError())
                conn.close()

    return Request


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request twice.

    It repeats GET, PUT and DELETE if a kept connection breaks, which it recognises by these two types of errors.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # never repeated, and the rule for "surely not sent" needs it
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error
