"""The HTTP client under the moncreneau API, and one request over it. Must not know what is asked.

The client is httpx's, for its requests, responses and test doubles; the connections are made by aiohttp, as for
Telegram.
"""

import asyncio
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx

from bot.http_client.body import ACCEPT_ENCODING, read_body
from bot.http_client.failures import RequestFailure, failure_of
from bot.http_client.session import MaySend, always, open_session
from bot.moncreneau.errors import ConnectionLost, MoncreneauError, NoConnection, NotLeading, TimedOut, UnreadableAnswer

CONNECTIONS = 64
"""At most. When 200 citizens confirm at once at a service that takes 0.3 s, the last is served after a second; with 10
connections after six."""
IDLE = 15.0
"""Seconds that a connection without a request is kept: fewer than the service keeps it, or it may close one just as a
booking is sent."""
SUCCESS = range(200, 300)
LARGEST_BODY = 4 * 1024**2
"""Bytes after decompression. Sixty days of slots every quarter of an hour are some 300 kB."""


def new_client(  # noqa: PLR0913, PLR0917 — what the client is made of
    base_url: str,
    key: str,
    connect: float,
    read: float,
    transport: httpx.AsyncBaseTransport | None = None,
    may_send: MaySend = always,
) -> httpx.AsyncClient:
    """A client with the key in a header and nowhere else. The time limits are in seconds.

    `connect` limits the wait for a connection, `read` each wait for more of a response. `transport` replaces ours.
    `may_send`: see `open_session`.
    """
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/") + "/",
        headers={
            "X-API-Key": key,
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            "User-Agent": "moncreneau-bot",
        },
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none: each citizen's requests stand alone
        transport=transport or AiohttpTransport(connect, read, may_send),
    )


class AiohttpTransport(httpx.AsyncBaseTransport):
    """aiohttp behind httpx's own seam.

    httpx's pool looks at every connection for every request (encode/httpx#3215): with 64 a request takes 7 ms of the
    processor there, 0.3 ms here. The package httpx-aiohttp does the same, but calls it a failure to connect when a
    connection breaks after the request was sent (0.2.0), and that is a second booking. Here aiohttp's errors go up as
    they are.
    """

    def __init__(self, connect: float, read: float, may_send: MaySend = always) -> None:
        self._may_send = may_send
        self._timeout = aiohttp.ClientTimeout(connect=connect, sock_read=read)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        if self._session is None:
            self._session = open_session(CONNECTIONS, IDLE, may_send=self._may_send)
        response = await self._session.request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            data=await request.aread() or None,
            skip_auto_headers=("Content-Type",),
            timeout=self._timeout,
            allow_redirects=False,
        )
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The body of a response as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.content.iter_any():
            yield chunk

    async def aclose(self) -> None:
        self._response.release()


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, deadline: float
) -> httpx.Response | MoncreneauError:
    """The whole response to a request, decompressed; or an error that says why there is none.

    `deadline` is a time of the running loop. The error is returned, not raised, so that it drags along no error of the
    client's: those hold the URL, with a chat id in it, and the key. It has the status if that much arrived.
    """
    status = None
    try:
        async with asyncio.timeout_at(deadline):
            response = await client.send(request, stream=True)
            try:
                status = response.status_code
                encoding = response.headers.get("Content-Encoding", "")
                assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 — httpx types both its clients in one
                body = await read_body(response.stream, encoding, LARGEST_BODY)
            finally:
                await response.aclose()
    except Exception as error:  # noqa: BLE001 — whatever is raised, the request may have arrived
        return _error(failure_of(error), status)
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() != "content-encoding"]
    return httpx.Response(status, headers=headers, content=body, request=request)


def _error(failure: RequestFailure, status: int | None) -> MoncreneauError:
    kind: type[MoncreneauError]
    if failure.surely_not_sent:
        kind = NotLeading if failure is RequestFailure.NOT_LEADING else NoConnection
    elif failure in {RequestFailure.TOO_LARGE, RequestFailure.UNREADABLE} and status in SUCCESS:
        kind = UnreadableAnswer
    else:
        kind = TimedOut if failure.timed_out else ConnectionLost
    error = kind(failure.words, status=status)
    error.hung = failure.timed_out
    return error
