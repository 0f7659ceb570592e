"""Pauses between tries, and waiting that something can cut short. Knows nothing of what is tried or waited for."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any


class Backoff:
    """Pauses in seconds, each twice as long as the one before, up to `longest`; `reset` begins anew.

    A pause is spread at random (times 0.5 to 1.5 unless told otherwise), so that many who wait do not try in step.
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
        """The next pause; `longest` takes the place of the usual limit this time."""
        limit = self._longest if longest is None else longest
        pause = min(self._next, limit)
        self._next = min(pause * 2, limit)
        return pause * (self._least + (self._most - self._least) * self._chance())

    def reset(self) -> None:
        """It worked: the next pause is the first one again."""
        self._next = self._first


async def wait_event(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or so many seconds."""
    if seconds <= 0:
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def run_unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, but drop it when the event comes first. Raises what the work raises."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.wait({working, waiting})
