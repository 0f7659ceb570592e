"""Growing pauses between retries, and waiting that an event can end. Knows nothing of what is retried."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any


class Backoff:
    """Pauses in seconds, each twice as long as the one before, up to `longest`; `reset` starts again.

    Each pause is multiplied by a random factor (0.5 to 1.5 by default), so that many callers do not retry together.
    """

    def __init__(
        self,
        first: float,
        longest: float,
        spread: tuple[float, float] = (0.5, 1.5),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = self._next = first
        self._longest = longest
        self._least, self._most = spread
        self._chance = chance

    def pause(self, longest: float | None = None) -> float:
        """The next pause; `longest` replaces the limit this time."""
        limit = self._longest if longest is None else longest
        pause = min(self._next, limit)
        self._next = min(pause * 2, limit)
        return pause * (self._least + (self._most - self._least) * self._chance())

    def reset(self) -> None:
        """Start again with the first pause, after a success."""
        self._next = self._first


async def wait_event(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most so many seconds."""
    if seconds <= 0:
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def run_unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run the work, but cancel it if the event comes first. Raises what the work raises."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.wait({working, waiting})
