"""The lane of announcements: who wants to send one gets room on the wire and a turn here, and gives the room back.

So nothing ever waits inside the pool of connections, where it could not be stopped, and citizens' messages, which go
another way, never wait behind an announcement. Knows nothing of recipients.
"""

import asyncio

from bot.app.backoff import either, unless
from bot.app.floods import FloodWatch
from bot.app.forecast import Forecast
from bot.app.rate_limits import Overall, Steady
from bot.app.records import Urgency

ON_WIRE = 320
"""Calls at once: what 1000/s need when each takes 300 ms."""


class Lane:
    """One way for announcements; what several share (pace, floods, weather) is given to each of them."""

    def __init__(
        self, pace: Steady, overall: Overall, floods: FloodWatch, forecast: Forecast, *, width: int = ON_WIRE
    ) -> None:
        self._pace = pace
        self._overall = overall
        self.floods = floods
        self.forecast = forecast
        self._room = asyncio.Semaphore(width)

    async def enter(self, halted: asyncio.Event) -> bool:
        """Wait for room and a turn; whoever is let in must `leave`. False: halted before that."""
        if not await self._has_room(halted):
            return False
        entered = False
        try:
            await either(halted, self.floods.pause())
            if not halted.is_set():
                await self._pace.turn()
                await self._overall.turn(Urgency.BULK)
            # Last, so that nobody goes out on what was true before they waited for their turn.
            await self.forecast.fair(halted)
            entered = await self.floods.let_through(halted)
        finally:
            if not entered:
                self._room.release()
        return entered

    def leave(self) -> None:
        """The call is answered, or was not made."""
        self.floods.answered()
        self._room.release()

    async def _has_room(self, halted: asyncio.Event) -> bool:
        taken = False

        async def take() -> None:
            nonlocal taken
            await self._room.acquire()
            taken = True

        if not self._room.locked():
            await take()
        elif not halted.is_set():
            await unless(halted, take())
        return taken
