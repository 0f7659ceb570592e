"""When the service was last asked and last heard: nobody is to call it reachable who has not asked it for long.

Must not know what is asked.
"""

from collections.abc import Callable
from math import inf


class Pulse:
    """`now` gives Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tried: float | None = None
        self.heard: float | None = None
        """When it last answered, Unix seconds."""
        self.missed = False
        """Whether it was asked since and did not answer."""

    @property
    def silence(self) -> float:
        """Seconds since it was last asked, whatever came of it; endless where it never was or a clock was set back."""
        silence = inf if self._tried is None else self._now() - self._tried
        return silence if silence >= 0 else inf

    def answered(self) -> None:
        """It answered, whatever it said."""
        self._tried = self.heard = self._now()
        self.missed = False

    def failed(self) -> None:
        """It was asked and did not answer."""
        self._tried = self._now()
        self.missed = True
