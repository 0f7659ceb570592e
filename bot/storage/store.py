"""The store: group commit on the way in (the way out: `reads`).

What several chats have to store is written by one task in one transaction, so that a durable commit costs little
however many chats there are. A change is committed whole or not at all; its waiter wakes after the commit. While the
database cannot write (locked, full, read-only) the same batch is tried again until it can: nobody is told that
something is stored which is not. Knows nothing of what the values mean.

Other repositories' way into the store's one writer: what they write is committed together with what citizens do.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, delete, or_

from bot.app.failpoints import reach
from bot.app.records import Change, StoredUpdate, Work
from bot.storage import engines, migrate
from bot.storage.reader import ReadRepository
from bot.storage.statements import Statements, claimed
from bot.storage.tables import inbox, metadata
from bot.storage.writer import Writer

log = logging.getLogger(__name__)
MAX_BATCH = 300
"""Changes in a transaction: their statements hold the loop up for some 10 ms, and they share a commit of a few."""
WEEK = 7 * 24 * 3600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class StoreClosedError(Exception):
    """The store was closed before this could be written."""


@dataclass(slots=True)
class _Item:
    """Something to write, and who waits for it."""

    change: Change | None
    updates: tuple[StoredUpdate, ...]
    waiter: asyncio.Future[Any]
    result: Any = None


class Store(ReadRepository):
    """One database. `open` it before use, `close` it after."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._url = url
        self._closing = False
        self._waiting: list[_Item] = []
        self._wake = asyncio.Event()
        self._writer = Writer(url)
        self._statements = Statements(self._writer.engine)
        self._writing: asyncio.Task[None] | None = None
        self._file: engines.DatabaseFile | None = None
        self.writable = True

    async def open(self) -> Self:
        """Migrate, and begin to write. Raises SQLAlchemy's errors where the database cannot be used."""
        engines.make_private(self._url)
        await self._writer.transact(migrate.upgrade)
        await self._writer.transact(lambda connection: engines.wait_for_writers(connection, metadata.tables))
        self._file = engines.DatabaseFile(self._engine)
        self._writing = asyncio.create_task(self._write_for_ever(), name="store")
        return self

    async def close(self, grace: float = 5.0) -> None:
        """Write what waits, for at most `grace` seconds, and let go of the database."""
        self._closing = self.reader.closing = True
        self._wake.set()
        if self._writing:
            _, pending = await asyncio.wait({self._writing}, timeout=grace)
            for task in pending:
                task.cancel()
                await asyncio.wait({task})
        for item in self._waiting:
            if not item.waiter.done():
                item.waiter.set_exception(StoreClosedError())
                item.waiter.exception()  # whoever waited is gone too; this is not news
        await self._writer.close(grace)
        await self._engine.dispose()

    # --- writing -------------------------------------------------------------------------------------------------

    async def commit(self, change: Change) -> None:
        """Store the change; returns when it is on the disk."""
        await self._put(change, ())

    def commit_soon(self, change: Change) -> None:
        """Store the change with the next batch; nobody waits for it."""
        self._put(change, ()).add_done_callback(_say_failure)

    async def receive(self, updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store updates that arrived; returns those that are new, by id, when they are on the disk."""
        result: tuple[StoredUpdate, ...] = await self._put(None, updates)
        return result

    def _put(self, change: Change | None, updates: tuple[StoredUpdate, ...]) -> asyncio.Future[Any]:
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closing and (self._writing is None or self._writing.done()):
            waiter.set_exception(StoreClosedError())
            return waiter
        self._waiting.append(_Item(change, updates, waiter))
        self._wake.set()
        return waiter

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = self._waiting[:MAX_BATCH]
                await self._write_until_done(batch)
                del self._waiting[: len(batch)]
            if self._closing:
                return

    async def _write_until_done(self, batch: list[_Item]) -> None:
        def work(connection: Connection) -> None:
            self._write(connection, batch)

        pause = FIRST_PAUSE
        while True:
            try:
                await self._transact(batch, work)
            except Exception as error:  # noqa: BLE001 — whatever it is, somebody waits for the answer
                if not engines.is_passing(error):
                    await self._blame(batch, error)
                    return
                if self.writable:
                    log.error("database cannot be written: %s; waiting, nothing is lost", engines.cause(error))  # noqa: TRY400
                self.writable = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if not self.writable:
                    log.warning("database can be written again")
                self.writable = True
                for item in batch:
                    if not item.waiter.done():
                        item.waiter.set_result(item.result)
                return

    async def _transact(self, batch: list[_Item], work: Work) -> None:
        if self._file:
            self._file.check()
        long = any(item.change and item.change.works for item in batch)
        transaction = self._writer.transact if long else self._writer.write
        await transaction(work)
        reach("batch committed")

    def _write(self, connection: Connection, batch: list[_Item]) -> None:
        """All of the batch."""
        now = time.time()
        arrived = [item for item in batch if item.updates]
        if arrived:
            every = [update for item in arrived for update in item.updates]
            done = {each for item in batch if item.change for each in item.change.done}
            new = self._statements.insert_new(connection, every, done, now)
            for item in arrived:
                item.result = claimed(item.updates, new)
        for statement, values in self._statements.writes((item.change for item in batch if item.change), now):
            statement.run(connection, values)
        for item in batch:
            for work in item.change.works if item.change else ():
                work(connection)
        reach("batch written")

    async def _blame(self, batch: list[_Item], error: Exception) -> None:
        """One change is wrong in itself: the others must not suffer for it."""
        if len(batch) == 1:
            log.error("a change could not be stored: %s", engines.cause(error))
            if not batch[0].waiter.done():
                batch[0].waiter.set_exception(error)
            return
        for item in batch:
            await self._write_until_done([item])

    async def forget_done(self, before: float) -> None:
        """Drop the numbers of updates done before `before` (Unix seconds); those set aside stay a week longer."""
        long_ago = or_(inbox.c.error.is_(None), inbox.c.done_at < before - WEEK)
        forget = delete(inbox).where(inbox.c.done_at < before, long_ago)
        # With the others' changes: what the writer is given again must be the last that it was given.
        await self.commit(Change(works=(lambda connection: connection.execute(forget),)))


def _say_failure(waiter: asyncio.Future[Any]) -> None:
    if not waiter.cancelled() and (error := waiter.exception()) and not isinstance(error, StoreClosedError):
        log.error("a change that nobody waited for was not stored: %s", engines.cause(error))


T = TypeVar("T")


async def write(store: Store, work: Callable[[Connection], T]) -> T:
    """Do `work` within the store's next transaction, in its thread; returns its result when that is on the disk."""
    results: list[T] = []

    def run(connection: Connection) -> None:
        results[:] = [work(connection)]

    await store.commit(Change(works=(run,)))
    return results[0]


async def execute(store: Store, statement: Any, values: Any = None) -> None:
    """Write one statement."""
    await write(store, lambda connection: connection.execute(statement, values))
