"""When an hour is over by our clock, one request goes first and the others wait for its answer; must not know the rest.

Service and bot need not agree when the hour ends. Whoever waits all hour would otherwise be sent a moment too early,
all at once, into a wall of 429s.
"""

import asyncio


class Scout:
    """At most one a window, and none where nobody waits for the hour's end."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._out: asyncio.Event | None = None

    async def back(self) -> None:
        """Wait while one is under way."""
        while self._out is not None:
            await self._out.wait()

    def leaves(self, window: int) -> bool:
        """Whether the request that is let through now is the first of this window (windows are numbered)."""
        if window == self._last or self._out is not None:
            return False
        self._last, self._out = window, asyncio.Event()
        return True

    def returns(self) -> None:
        """It is back, whatever it heard."""
        if self._out is not None:
            self._out.set()
            self._out = None
