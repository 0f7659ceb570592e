"""Limits how often something may happen within an hour for each chat. In memory only: a restart resets it."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

HOUR = 3600.0
MANY = 10_000
"""The number of keys that are remembered; the least recently used is dropped."""


class HourlyLimiter(Generic[K]):
    """At most `most` times within any hour for each key; `now` returns seconds."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._times: OrderedDict[K, deque[float]] = OrderedDict()

    def wait(self, key: K) -> float:
        """Seconds until it may happen again; 0 if it may now."""
        now, times = self._now(), self._times.get(key, deque())
        while times and not 0 <= now - times[0] < HOUR:
            times.popleft()
        return times[0] + HOUR - now if len(times) >= self._most else 0.0

    def count(self, key: K) -> None:
        """Record that it happened."""
        self._times.setdefault(key, deque(maxlen=self._most)).append(self._now())
        self._times.move_to_end(key)
        if len(self._times) > MANY:
            self._times.popitem(last=False)
