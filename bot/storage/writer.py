"""The one connection that writes, in a thread of its own.

Through SQLAlchemy's asyncio every statement changes threads several times. Handing a whole transaction over once is
much cheaper, and waiting for a lock or for the disk never holds up the event loop. Knows nothing of what is written.
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
MIN_CLOSE_SECONDS = 1.0
"""A transaction under way gets at least this long to end, so that the next process does not meet its lock."""


@dataclass(frozen=True, slots=True)
class PendingCommit:
    """A transaction whose commit was sent and not answered, and what its work returned."""

    marker: str
    result: Any


class Writer:
    """Runs transactions one after another. `close` it after use.

    `fence`, if there is one, begins each of them, and raises an error if this process must not write any more.
    """

    def __init__(self, url: str, fence: Callable[[Connection], None] | None = None) -> None:
        self._fence = fence
        self.engine = engines.writing_engine_for(url)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._connection: Connection | None = None
        self._pending_commits: WeakKeyDictionary[Callable[[Connection], Any], PendingCommit] = WeakKeyDictionary()
        self._closed = False

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; returns its result when the commit is on the disk.

        Raises whatever `work` or the database raises; then nothing was stored, unless the connection to a server was
        lost before it answered the commit. To try again, pass the very same `work` before any other: a commit that did
        arrive is recognised by its marker and not repeated.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        connection = self._connected()
        try:
            if self._fence:
                self._fence(connection)
            pending = self._pending_commits.get(work)
            if pending and engines.is_last_commit(connection, pending.marker):
                result: T = pending.result
            else:
                result = work(connection)
                if marker := engines.write_commit_marker(connection):
                    self._pending_commits[work] = PendingCommit(marker, result)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        self._pending_commits.pop(work, None)
        return result

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        self._connection.rollback()  # after a failed rollback SQLAlchemy wants one before the next transaction
        return self._connection

    async def close(self, grace: float = 0.0) -> None:
        """Close the connection when the transaction under way has ended; waits `grace` seconds, at least one."""
        if not self._closed:
            self._closed = True
            done = asyncio.wrap_future(self._thread.submit(self._disconnect))
            self._thread.shutdown(wait=False)
            await asyncio.wait({done}, timeout=max(grace, MIN_CLOSE_SECONDS))

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()
