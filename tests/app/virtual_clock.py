"""A loop that does not wait: where nothing is ready, its clock jumps to what comes next. Real threads get a moment."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")
MOMENT = 0.02
"""Seconds of real time that a thread (the database's) has to come up with something before the clock jumps."""


class _Eager(selectors.DefaultSelector):
    """Never waits for a timer."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, MOMENT))
        if not events:
            self.skipped += timeout
        return events


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own."""

    def __init__(self) -> None:
        self._eager = _Eager()
        super().__init__(self._eager)

    def time(self) -> float:
        return super().time() + self._eager.skipped


def in_no_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test in a hurried loop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=HurriedLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
