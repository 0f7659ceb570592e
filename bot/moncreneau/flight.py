"""Concurrent identical reads become one; must not know what is read.

The work runs in a task of its own: a waiter that is cancelled or loses patience leaves the others waiting, an error
reaches them all and is forgotten, and what nobody waits for any more still finishes, for those who come next.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flights(Generic[K, V]):
    """The reads that are under way, by key."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}
        self._end_of_waiting: asyncio.Future[None] | None = None

    def __contains__(self, key: K) -> bool:
        return key in self._tasks

    def __iter__(self) -> Iterator[K]:
        return iter(self._tasks)

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, V]], patience: float | None = None) -> V:
        """The result of the work under that key, begun now unless it is under way already.

        Raises TimeoutError after `patience` seconds, and when waiting was called off; the work goes on.
        """
        task = self.start(key, work)
        end = self._end_of_waiting or asyncio.get_running_loop().create_future()
        self._end_of_waiting = end
        await asyncio.wait({task, end}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError
        return task.result()

    def call_off(self) -> None:
        """Nobody waits any longer for what is under way."""
        if self._end_of_waiting is not None:
            self._end_of_waiting.set_result(None)
            self._end_of_waiting = None

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V]:
        """Begin the work unless it is under way already, and do not wait for it."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    async def aclose(self) -> None:
        """Cancel what is under way and wait until it has ended."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: K, task: asyncio.Task[V]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # seen: a refresh that nobody waited for may fail in silence
