"""Connections to one service, by aiohttp: each request is sent once, alone and where it was told to go.

Knows nothing of what is asked. Failures are aiohttp's errors; `failures` says what they mean.
"""

from collections.abc import Mapping
from urllib.request import getproxies

import aiohttp

from bot.http_client.tls import tls_context


def open_session(connections: int, idle: float, headers: Mapping[str, str] | None = None) -> aiohttp.ClientSession:
    """A pool of `connections` at most, each kept for `idle` seconds without a request; to be closed by the caller.

    Bodies are not decompressed (see `body`). A proxy is used where the environment names one (`https_proxy`, …).
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=idle, ssl=tls_context()),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_send_once,),
        trust_env=bool(getproxies()),  # where there is none: with it aiohttp asks a thread before each request
    )


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request a second time by itself.

    It repeats GET, PUT and DELETE when a kept connection breaks, and knows that by these two types of errors alone.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # never repeated, and the rule for "surely not sent" needs it
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error
