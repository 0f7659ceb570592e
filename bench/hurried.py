"""An event loop in whose time nothing is waited for: when nobody has anything to do, its clock jumps to the next timer.

All that asyncio times (pauses, time limits, pacing) follows; an hour in which little happens takes seconds. What the
loop cannot see, a request on a wire or a thread at a database, must be told to it (`Outside`), or the clock would jump
while somebody works. Knows nothing of what is simulated.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
GRACE = 0.0003
"""Real seconds in which work that was told from outside the loop may still arrive."""


class Outside:
    """How much is under way where the loop cannot see it."""

    def __init__(self) -> None:
        self.busy = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something is under way."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1


class _Selector(selectors.DefaultSelector):
    """Waits for the wire as long as something is under way; else moves the clock instead of waiting."""

    loop: "HurriedLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        while not (events := super().select(GRACE)):
            if not self.loop.outside.busy:
                if timeout is None:
                    return super().select(None)
                self.loop.now += timeout
                return []
        return events


class HurriedLoop(asyncio.SelectorEventLoop):
    """The loop; `now` is its time in seconds, `start` the moment that its zero stands for."""

    def __init__(self, start: datetime) -> None:
        self.now = 0.0
        self.start = start
        self.outside = Outside()
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since `start`; only waiting makes it pass."""
        return self.now

    def clock(self) -> datetime:
        """The moment, aware, in UTC; may be asked from any thread."""
        return self.start.astimezone(UTC) + timedelta(seconds=self.now)


def run(work: Coroutine[Any, Any, T], loop: HurriedLoop) -> T:
    """Run `work` in the loop's own time, and close it."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work)
