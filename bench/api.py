"""The moncreneau stand-in as the benches need it: the sandbox, with room for everybody. A process of its own.

`python -m bench.api 5` lets one citizen (chat 1000) wait five seconds for every booking, and nobody else.
"""

import asyncio
import sys

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.moncreneau import MoncreneauSandbox, create_app
from bot.sandbox.serving import serving

COUNT = "/requests-so-far"
SLOW_OWNER = b'"telegram:1000"'


class Counting:
    """Counts requests, and tells at `COUNT` how many there were."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and scope["path"] == COUNT:
            await PlainTextResponse(str(self._requests))(scope, receive, send)
            return
        self._requests += scope["type"] == "http"
        await self._app(scope, receive, send)


class SlowForOne:
    """Keeps one citizen's requests waiting."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Bookings are small: their body comes in one message."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self._seconds:
            await self._app(scope, receive, send)
            return
        first: list[Message] = [await receive()]
        if SLOW_OWNER in first[0].get("body", b""):
            await asyncio.sleep(self._seconds)

        async def again() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, again, send)


async def _serve(seconds: float) -> None:
    plenty = 10**9
    app = create_app(MoncreneauSandbox(capacity=plenty, credits=plenty, rate_limit=plenty))
    app.add_middleware(SlowForOne, seconds=seconds)
    app.add_middleware(Counting)
    async with serving(app) as url:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
