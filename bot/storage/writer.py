"""The one connection that writes. What waits (for the lock, for the disk) does so in a thread; short statements do not.

Through SQLAlchemy's asyncio each statement goes to a thread and back several times (cursor, execution, rows, closing),
and each time that thread must win Python's lock from a busy loop: that costs more than all that SQLite does. So where
the database is a file, a turn's statements, some microseconds each, run in the loop, between a BEGIN and a COMMIT in
the thread. Long work, and all that goes to a server, is done in the thread. Reads, which are few and short, stay with
asyncio. Knows nothing of what is written.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from bot.storage import engines

T = TypeVar("T")
LAST = 1.0
"""Seconds that a transaction gets to end in any case: whoever opens the database next must not meet it."""


@dataclass(frozen=True, slots=True)
class PendingCommit:
    """A transaction whose commit has no answer yet, and what its work returned."""

    mark: str
    result: Any


class Writer:
    """Transactions, one after another. `close` it after use."""

    def __init__(self, url: str) -> None:
        self.engine = engines.writing_engine_for(url)
        self._is_file = engines.is_file(self.engine)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._doubts: WeakKeyDictionary[Callable[[Connection], Any], PendingCommit] = WeakKeyDictionary()
        self._closed = False

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, however long, in a transaction; returns when it is on the disk. Raises what either raises.

        Whoever tries again brings the very same `work`, before any other: where a server is lost before it answers a
        commit, what it committed is not done twice.
        """
        async with self._turn:
            return await self._hop(self._whole, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The same for `work` that is a few short statements and nothing else."""
        if not self._is_file:
            return await self.transact(work)
        async with self._turn:
            connection = await self._hop(self._begin)
            try:
                result = work(connection)
            except BaseException:
                await self._hop(connection.rollback)
                raise
            await self._hop(self._commit, connection)
            return result

    async def _hop(self, work: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)

    def _whole(self, work: Callable[[Connection], T]) -> T:
        connection = self._open()
        try:
            doubt = self._doubts.get(work)
            if doubt and engines.is_last_commit(connection, doubt.mark):
                result: T = doubt.result
            else:
                result = work(connection)
                if mark := engines.write_commit_marker(connection):
                    self._doubts[work] = PendingCommit(mark, result)
        except BaseException:
            connection.rollback()
            raise
        self._commit(connection)
        self._doubts.pop(work, None)
        return result

    def _begin(self) -> Connection:
        connection = self._open()
        engines.begin_immediate(connection)
        return connection

    def _open(self) -> Connection:
        """The connection, with nothing begun. One who was cancelled may have left a transaction."""
        if self._connection is None:
            self._connection = self.engine.connect()
        self._connection.rollback()
        return self._connection

    @staticmethod
    def _commit(connection: Connection) -> None:
        try:
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    async def close(self, grace: float = 0.0) -> None:
        """Let go of the database when what is being written is done; waits for that `grace` seconds, or a second."""
        if not self._closed:
            self._closed = True
            done = asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
            self._thread.shutdown(wait=False)
            await asyncio.wait({done}, timeout=max(grace, LAST))

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()
