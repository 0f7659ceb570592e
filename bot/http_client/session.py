"""Opens aiohttp sessions that send each request once, without cookies, and leave the body compressed.

Failures are raised as aiohttp's errors; `failures` tells what they mean. Must not know which service is called.
"""

from collections.abc import Mapping
from urllib.request import getproxies

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.http_client.tls import tls_context


def open_session(connections: int, idle: float, headers: Mapping[str, str] | None = None) -> aiohttp.ClientSession:
    """A session with at most so many `connections`, each closed after `idle` seconds. The caller closes the session.

    Bodies are not decompressed (see `body`). A proxy that the environment names (`https_proxy`, …) is used.
    """
    return aiohttp.ClientSession(
        connector=_Connector(limit=connections, keepalive_timeout=idle, ssl=tls_context()),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_send_once,),
        trust_env=bool(getproxies()),  # if always on, aiohttp looks for a proxy in a thread before each request
    )


class _Connector(aiohttp.TCPConnector):
    """Uses no connection on which the service has already said something.

    Such bytes (a 408 for being idle, or an answer sent twice) answer none of our requests. aiohttp would take them for
    the answer to the next one, and one citizen's ticket for another's.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 — aiohttp's signature
    ) -> Connection:
        """See `aiohttp.BaseConnector.connect`."""
        for _ in range(self.limit + 1):  # all that are kept, and a new one
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ClientConnectionError("the service speaks before it is asked")


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
