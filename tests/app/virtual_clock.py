"""An event loop on a virtual clock: when nothing is ready to run, its time jumps to the next timer.

Everything that asyncio times (sleeps, timeouts, rate limits) follows, so that a simulated hour takes no time. The clock
stands still while a thread works for the loop (an executor's, aiosqlite's). Other work that the loop cannot see, such
as a request over a socket, must be reported as `ExternalWork`, or gets a grace of real time. For tests and benches.
"""

import asyncio
import functools
import selectors
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
LONG_ENOUGH = 0.02
"""Seconds of real time between two looks for an end of external work; and the default grace."""
THREADED = frozenset({"aiosqlite.core", "sqlalchemy.dialects.sqlite.aiosqlite"})
"""Modules that make futures only for what a thread of theirs does."""


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

    def follow(self, future: "asyncio.Future[Any]") -> None:
        """Report a piece of work that ends with this future."""
        self.count += 1
        future.add_done_callback(self._ended)

    def _ended(self, _future: "asyncio.Future[Any]") -> None:
        self.count -= 1


class _Selector(selectors.DefaultSelector):
    """Waits for sockets and threads for the grace or while external work is in progress, then advances the clock."""

    def __init__(self, external: ExternalWork, grace: float) -> None:
        super().__init__()
        self._external = external
        self._grace = grace
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        while not (events := super().select(LONG_ENOUGH if self._external.count else self._grace)):
            if not self._external.count:
                self.skipped += timeout
                break
        return events


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """The loop. `start` is the moment of second 0; `grace` is in seconds of real time.

    Work takes its real time on this clock too, unless the clock is `paused` while anything runs: the same work then
    takes no time at all, however busy the machine is.
    """

    def __init__(
        self, start: datetime = datetime(2026, 3, 2, tzinfo=UTC), grace: float = LONG_ENOUGH, *, paused: bool = False
    ) -> None:
        self.start = start
        self.external = ExternalWork()
        self._skipping = _Selector(self.external, grace)
        self._began = None if paused else time.monotonic()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Seconds since `start`."""
        return self._skipping.skipped + (0.0 if self._began is None else time.monotonic() - self._began)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]
        """Do it in a thread; the clock stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self.external.follow(future)
        return future

    def create_future(self) -> "asyncio.Future[Any]":
        """A new future; the clock stands still until a database's thread has kept its promise."""
        future = super().create_future()
        if sys._getframe(1).f_globals.get("__name__") in THREADED:
            self.external.follow(future)
        return future

    def clock(self) -> datetime:
        """The present moment, aware, in UTC; may be called from any thread."""
        return self.start.astimezone(UTC) + timedelta(seconds=self.time())


def in_no_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test on a virtual clock, on which work takes no time. For tests without sockets."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=lambda: VirtualClockLoop(grace=0.0, paused=True)) as runner:
            runner.run(test(*args, **kwargs))

    return run
