"""The hourly budget of each key, and the headers that tell of it.

A window begins with a key's first request and ends `window` seconds later (how the real service cuts its hours is not
known). It must not know what is asked.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key stands; `retry_after` is set (whole seconds) when the request is past the limit."""

    limit: int
    remaining: int
    reset: int
    retry_after: int | None = None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the raw headers that every answer of the API carries."""
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]


class Meter:
    """Counts the requests of every key."""

    def __init__(self, limit: int, window: int, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def spend(self, token: str) -> Standing:
        """Count one request; one that is past the limit is not counted."""
        now = self._clock().timestamp()
        window = self._current(token, now)
        self._windows[token] = window
        if window.used >= self.limit:
            return self._standing(window, retry_after=max(1, math.ceil(window.ends - now)))
        window.used += 1
        return self._standing(window)

    def look(self, token: str) -> Standing:
        """Tell where a key stands and count nothing; a key that never asked has everything left."""
        return self._standing(self._current(token, self._clock().timestamp()))

    def used_up(self, seconds: int) -> Standing:
        """Tell what a key without budget would be told, `seconds` before it gets a new one; count nothing."""
        return Standing(self.limit, 0, math.ceil(self._clock().timestamp() + seconds), seconds)

    def set_remaining(self, token: str, remaining: int) -> None:
        """Leave a key that many requests in its present window."""
        window = self._current(token, self._clock().timestamp())
        window.used = self.limit - remaining
        self._windows[token] = window

    def forget(self) -> None:
        """Begin everybody's window anew."""
        self._windows.clear()

    def _current(self, token: str, now: float) -> _Window:
        window = self._windows.get(token)
        if window is None or window.ends <= now:
            return _Window(ends=now + self.window)
        return window

    def _standing(self, window: _Window, retry_after: int | None = None) -> Standing:
        return Standing(self.limit, max(0, self.limit - window.used), math.ceil(window.ends), retry_after)
