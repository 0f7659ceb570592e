"""An event loop on a virtual clock: when nothing is ready to run, its time jumps to the next timer.

Everything that asyncio times (sleeps, timeouts, rate limits) follows, so that a simulated hour takes seconds. What the
loop cannot see, such as a request over a socket or a thread at a database, must be reported as `ExternalWork`;
otherwise the clock would jump while somebody works.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
GRACE = 0.0003
"""Real seconds in which a thread may still wake the loop before the clock jumps."""


class ExternalWork:
    """How much is in progress where the loop cannot see it."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def in_progress(self) -> Iterator[None]:
        """Report a piece of work for as long as this lasts; the clock stands still meanwhile."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


class _Selector(selectors.DefaultSelector):
    """Waits for sockets and threads while external work is in progress; otherwise advances the clock."""

    loop: "VirtualClockLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        while not (events := super().select(GRACE)):
            if not self.loop.external.count:
                if timeout is None:
                    return super().select(None)
                self.loop.now += timeout
                return []
        return events


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """The loop; `now` is its time in seconds, `start` the moment of second 0."""

    def __init__(self, start: datetime) -> None:
        self.now = 0.0
        self.start = start
        self.external = ExternalWork()
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since `start`."""
        return self.now

    def clock(self) -> datetime:
        """The present moment, aware, in UTC; may be called from any thread."""
        return self.start.astimezone(UTC) + timedelta(seconds=self.now)


def run(work: Coroutine[Any, Any, T], loop: VirtualClockLoop) -> T:
    """Run a coroutine on the loop, and close the loop."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work)
