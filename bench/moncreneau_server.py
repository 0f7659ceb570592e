"""The moncreneau stand-in as a process, with room for everybody. `python -m bench.moncreneau_server [SECONDS]`

Every booking of chat `SLOW_CHAT` is answered so many seconds later (default 0), nobody else's. Prints its address and
serves until ended; `GET /requests-so-far` answers the number of requests.
"""

import asyncio
import sys

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.moncreneau import MoncreneauSandbox, create_app
from bot.sandbox.serving import serving

COUNT_PATH = "/requests-so-far"
SLOW_CHAT = 1000
UNLIMITED = 10**9


class RequestCounter:
    """Middleware that counts requests and answers their number at `COUNT_PATH`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and scope["path"] == COUNT_PATH:
            await PlainTextResponse(str(self._requests))(scope, receive, send)
            return
        self._requests += scope["type"] == "http"
        await self._app(scope, receive, send)


class DelayOneChat:
    """Middleware that delays the bookings of `SLOW_CHAT`."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Bookings are small: their body comes in one message."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self._seconds:
            await self._app(scope, receive, send)
            return
        body: list[Message] = [await receive()]
        if b'"telegram:%d"' % SLOW_CHAT in body[0].get("body", b""):
            await asyncio.sleep(self._seconds)

        async def replay() -> Message:
            return body.pop() if body else await receive()

        await self._app(scope, replay, send)


async def _serve(seconds: float) -> None:
    app = create_app(MoncreneauSandbox(capacity=UNLIMITED, credits=UNLIMITED, rate_limit=UNLIMITED))
    app.add_middleware(DelayOneChat, seconds=seconds)
    app.add_middleware(RequestCounter)
    async with serving(app) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
