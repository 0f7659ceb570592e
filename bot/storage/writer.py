"""The one connection that writes, with a thread of its own: a transaction is one hop to it and one back.

Through SQLAlchemy's asyncio each statement goes there and back several times (cursor, execution, rows, closing), and
each time the thread must win Python's lock from a busy loop: that costs more than all that SQLite does. Reads, which
are few and short, stay with asyncio. Knows nothing of what is written.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from bot.storage import dialect

T = TypeVar("T")
LAST = 1.0
"""Seconds that a transaction gets to end in any case: whoever opens the database next must not meet it."""


class Writer:
    """Transactions, one after another. `close` it after use."""

    def __init__(self, url: str) -> None:
        self._engine = dialect.writing_engine_for(url)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._closed = False

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction; returns when it is on the disk. Raises what `work` or the database raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    async def close(self, grace: float = 0.0) -> None:
        """Let go of the database when what is being written is done; waits for that `grace` seconds, or a second."""
        if not self._closed:
            self._closed = True
            done = asyncio.wrap_future(self._thread.submit(self._engine.dispose))
            self._thread.shutdown(wait=False)
            await asyncio.wait({done}, timeout=max(grace, LAST))
