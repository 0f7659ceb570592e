"""The clock of the stand-in, which can be moved forward to see what comes later, such as a reminder."""

from collections.abc import Callable
from datetime import datetime, timedelta


class MovableClock:
    """Reads `base`, plus the time by which it was moved. `on_move` is told the seconds of each move."""

    def __init__(self, base: Callable[[], datetime], on_move: Callable[[float], None]) -> None:
        self._base = base
        self._on_move = on_move
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the present moment, aware."""
        return self._base() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._ahead += timedelta(seconds=seconds)
        self._on_move(seconds)
