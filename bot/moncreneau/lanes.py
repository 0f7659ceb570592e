"""As many requests at once as there are connections; the others wait here, before breakers and budget are asked.

While one waits the service may close its door, and what is past the budget is as good as sent. Must not know what is
sent.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.moncreneau.circuit_breaker import Breaker
from bot.moncreneau.errors import NoneFree
from bot.moncreneau.scout import Scout


class Lanes:
    """So many (`width`) lanes; nobody waits for one for longer than `limit` seconds."""

    def __init__(self, width: int, breaker: Breaker, scout: Scout, limit: float) -> None:
        self._free = asyncio.Semaphore(width)
        self._breaker = breaker
        self._scout = scout
        self._limit = limit

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A lane, with nobody scouting ahead. Raises `NoneFree`, and `CircuitOpen` where waiting would be in vain."""
        if self._free.locked():
            with self._breaker.enter():
                pass
        try:
            async with asyncio.timeout(self._limit):
                await self._free.acquire()
        except TimeoutError:
            raise NoneFree from None
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limit):
                    await self._scout.back()
            yield
        finally:
            self._free.release()
