"""A refreshing cache with single-flight: concurrent identical reads share one request. Must not know what is read.

A copy up to `good` seconds old is returned at once; an older one is refreshed first. Up to `last` it is returned if the
API cannot be read (down, slow, quota used up), and then to everybody for a while without another try. An error is
raised to all callers that wait for it and never cached.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, TypeVar

from bot.app.ports import ApiError
from bot.core.model import FailureCode
from bot.moncreneau.errors import TimedOut

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """The running reads, by key. Each has its own task, so a caller that gives up does not cancel it."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._tasks

    def __iter__(self) -> Iterator[K]:
        return iter(self._tasks)

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, V]], seconds: float | None = None) -> V:
        """The result of the work for `key`; starts it unless it is running.

        Raises TimeoutError after so many `seconds`; the work continues.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._finished(key, done))
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def aclose(self) -> None:
        """Cancel all running reads and wait until they have ended."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, key: K, task: asyncio.Task[V]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # marks it as retrieved: a background refresh may fail silently


SLOW = 3.0
"""Seconds to wait for a reading before an old copy is returned instead, if there is one."""
RETRY = 10.0
"""Seconds after a reading that failed for which an old copy is returned without another try."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in seconds; the top of the file explains them."""

    good: float
    last: float


@dataclass(slots=True)
class Copy(Generic[V]):
    """A cached value, read by a request that began at `began` (Unix seconds)."""

    value: V
    began: float
    failed: float = -inf
    """When it could not be refreshed the last time, so that not every citizen waits for the same failure."""


@dataclass(slots=True)
class CacheStats:
    """Counts of reads: answered from memory or by a request that was running, and all others."""

    hits: int = 0
    misses: int = 0


class Cache(Generic[K, V]):
    """Copies by key; above `size` the least recently used is dropped. `now` returns Unix seconds."""

    def __init__(self, now: Callable[[], float], stats: CacheStats, size: int = 256) -> None:
        self._now = now
        self._stats = stats
        self._size = size
        self._copies: OrderedDict[K, Copy[V]] = OrderedDict()
        self.single_flight: SingleFlight[K, Copy[V]] = SingleFlight()

    def __iter__(self) -> Iterator[tuple[K, Copy[V]]]:
        return iter(self._copies.items())

    async def get(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]], ages: Ages) -> Copy[V]:
        """The copy of `key`; read by `fetch` if the cached one is too old. Raises what `fetch` raises."""
        copy = self._copies.get(key)
        age = self.age(copy)
        if copy is not None and age <= ages.good:
            self._copies.move_to_end(key)
            self._stats.hits += 1
            return copy
        if copy is not None and age <= ages.last and self._now() - copy.failed < RETRY:
            self._stats.hits += 1
            return copy
        joined = key in self.single_flight
        usable = age <= ages.last
        try:
            copy = await self.single_flight.join(key, lambda: self._load(key, fetch), SLOW if usable else None)
        except TimeoutError:
            error: ApiError = TimedOut()
        except ApiError as failure:
            error = failure
        else:
            self._stats.hits += joined
            return copy
        copy = self._copies.get(key)
        if copy is None or self.age(copy) > ages.last or error.failure.code not in {FailureCode.BUSY, FailureCode.DOWN}:
            self._stats.misses += 1
            raise error
        self._stats.hits += 1
        copy.failed = self._now()
        return copy

    async def refresh(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]]) -> Copy[V]:
        """A new copy from `fetch`, or from the same read if it is running. Raises what `fetch` raises."""
        return await self.single_flight.join(key, lambda: self._load(key, fetch))

    def put(self, key: K, value: V, began: float) -> Copy[V]:
        """Store `value`, read by a request that began at `began`."""
        copy = self._copies[key] = Copy(value, began)
        self._copies.move_to_end(key)
        while len(self._copies) > self._size:
            self._copies.popitem(last=False)
        return copy

    def peek(self, key: K) -> Copy[V] | None:
        """The copy of `key`, however old, or None."""
        return self._copies.get(key)

    def drop(self, key: K) -> None:
        """Drop the copy of `key`."""
        self._copies.pop(key, None)

    def age(self, copy: Copy[V] | None) -> float:
        """The age of a copy in seconds; infinite for None and for a copy from the future (the clock was set back)."""
        age = inf if copy is None else self._now() - copy.began
        return age if age >= 0 else inf

    async def _load(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]]) -> Copy[V]:
        began = self._now()
        try:
            copy = self.put(key, await fetch(), began)
        except ApiError as error:
            if error.failure.code is FailureCode.DEPARTMENT_GONE:
                self.drop(key)
            raise
        self._stats.misses += 1
        return copy
