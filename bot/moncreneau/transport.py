"""A transport for the client that stays fast when many citizens book at once; must not know what is sent.

httpx's own pool looks at every connection for every request (encode/httpx#3215). This one is Rust's reqwest under
httpx's seam, set up to behave as the client expects: no redirects (the key would travel along), connections given up
before the service closes them, limits of its own for connecting and reading (through httpx's seam only their sum
arrives), and failures told apart as httpx tells them apart.

The last is vital: pyreqwest 0.15 says `ConnectError` and `ConnectTimeoutError` also when the connection breaks, or
nothing comes, *after* the request was sent. Believing it would book twice. Only its chain of causes tells, by hyper's
words `client error (Connect)`; where they are missing the request counts as sent.
"""

from datetime import timedelta

import httpx
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport
from pyreqwest.exceptions import DetailedPyreqwestError

WIDTH = 64
"""Connections at most."""
_IDLE = timedelta(seconds=15)
_WHILE_CONNECTING = "client error (Connect)"


def fast_transport(connect: float = 5.0, read: float = 15.0) -> httpx.AsyncBaseTransport:
    """A transport to hand to `Gateway(transport=...)`, which closes it. The limits are in seconds."""
    limit = timedelta(seconds=connect)
    builder = ClientBuilder().follow_redirects(enable=False).referer(enable=False)
    builder = builder.connect_timeout(limit).read_timeout(timedelta(seconds=read))
    builder = builder.max_connections(WIDTH).pool_timeout(limit)
    return _TruthfulTransport(builder.pool_idle_timeout(_IDLE).pool_max_idle_per_host(16).build())


class _TruthfulTransport(HttpxTransport):
    """Says that nothing was sent only where it is sure."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {name: value for name, value in request.extensions.items() if name != "timeout"}
        try:
            return await super().handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _while_connecting(error.__cause__):
                raise
            if isinstance(error, httpx.ConnectTimeout):
                raise httpx.ReadTimeout("no answer", request=request) from error
            raise httpx.ReadError("no answer", request=request) from error


def _while_connecting(cause: BaseException | None) -> bool:
    causes = cause.details["causes"] if isinstance(cause, DetailedPyreqwestError) else None
    return any(one["message"] == _WHILE_CONNECTING for one in causes or ())


async def exchange(wire: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    """The whole answer to a request, which it names; its connection is free then, or closed."""
    answer = await wire.handle_async_request(request)
    answer.request = request
    try:
        await answer.aread()
    except BaseException:
        await answer.aclose()
        raise
    return answer
