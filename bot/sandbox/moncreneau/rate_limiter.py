"""The rate limiter: a fixed window of requests for each API key, and the headers that report it.

A window starts with a key's first request and lasts `window` seconds. How the real service cuts its hours is not known.
It must not know what is requested.
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
class Quota:
    """The quota left to a key. `reset` is in Unix seconds; `retry_after` (seconds) is set if the request is refused."""

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


class RateLimiter:
    """Counts the requests of each key. `limit` and `window` (seconds) may be changed while it runs."""

    def __init__(self, limit: int, window: int, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def consume(self, token: str) -> Quota:
        """Count one request; a request past the limit is refused and not counted."""
        now = self._clock().timestamp()
        window = self._current(token, now)
        self._windows[token] = window
        if window.used >= self.limit:
            return self._quota(window, retry_after=max(1, math.ceil(window.ends - now)))
        window.used += 1
        return self._quota(window)

    def peek(self, token: str) -> Quota:
        """Return a key's quota without counting a request."""
        return self._quota(self._current(token, self._clock().timestamp()))

    def exhausted(self, seconds: int) -> Quota:
        """Return the quota of a key that has nothing left and gets a new window in `seconds`; count nothing."""
        return Quota(self.limit, 0, math.ceil(self._clock().timestamp() + seconds), seconds)

    def set_remaining(self, token: str, remaining: int) -> None:
        """Set how many requests a key has left in its present window."""
        window = self._current(token, self._clock().timestamp())
        window.used = self.limit - remaining
        self._windows[token] = window

    def reset(self) -> None:
        """Start a new window for every key."""
        self._windows.clear()

    def _current(self, token: str, now: float) -> _Window:
        window = self._windows.get(token)
        if window is None or window.ends <= now:
            return _Window(ends=now + self.window)
        return window

    def _quota(self, window: _Window, retry_after: int | None = None) -> Quota:
        return Quota(self.limit, max(0, self.limit - window.used), math.ceil(window.ends), retry_after)
