"""The store: group commit for everything that is written. Reading is in `reader`.

One task writes the changes of many chats in one transaction, so a durable commit costs little however many chats there
are. A change is committed whole or not at all, and `commit` returns after that. While the database cannot be written
(locked, full, read-only) the same batch is retried until it can, so nobody is told that something is stored which is
not. Other repositories write through `write` and `execute`, in the same transactions. Knows nothing of what the values
mean.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, delete, or_, update

from bot.app.backoff import Backoff
from bot.app.failpoints import reach
from bot.app.ports import StoreUnavailableError
from bot.app.pseudonyms import Pseudonyms
from bot.app.reachability import ReachabilityLog
from bot.app.records import Change, StoredUpdate, Work
from bot.core import retention
from bot.storage import engines, migrate, personal_data
from bot.storage.lease import LeaseLostError
from bot.storage.reader import ReadRepository
from bot.storage.statements import Statements, take_new
from bot.storage.tables import appointments, inbox, lease, metadata
from bot.storage.writer import Writer

log = logging.getLogger(__name__)
MAX_BATCH = 300
"""Changes in one transaction. More would make the first of them wait noticeably for the last."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class StoreClosedError(StoreUnavailableError):
    """The store was closed before the change was written."""


@dataclass(slots=True)
class _Item:
    """A change or updates to write, and the future of the caller that waits."""

    change: Change | None
    updates: tuple[StoredUpdate, ...]
    waiter: asyncio.Future[Any]
    result: Any = None


class Store(ReadRepository):
    """One database. `open` it before use, `close` it after.

    `pseudonyms` are those of erased chats; without any they cannot be recognised after a restart. For `fence` see
    `Writer`.
    """

    def __init__(
        self,
        url: str,
        pseudonyms: Pseudonyms | None = None,
        *,
        fence: Callable[[Connection], None] | None = None,
    ) -> None:
        super().__init__(url, pseudonyms or Pseudonyms())
        self._url = url
        self._closing = False
        self._waiting: list[_Item] = []
        self._wake = asyncio.Event()
        self._writer = Writer(url, fence)
        self._statements = Statements(self._writer.engine)
        self._writing: asyncio.Task[None] | None = None
        self._file: engines.DatabaseFile | None = None
        self._reachability = ReachabilityLog(
            "the database", failures=1, down="cannot be written", up="can be written again"
        )

    @property
    def writable(self) -> bool:
        """Whether the last transaction could be written."""
        return self._reachability.is_up

    async def open(self) -> Self:
        """Migrate the database and start the writer. Raises SQLAlchemy's errors if the database cannot be used."""
        engines.make_private(self._url)
        await self._writer.transact(migrate.upgrade)
        # Not for those of the lease: while this waits, a leader must be able to renew its own.
        written = metadata.tables.keys() - {lease.name}
        await self._writer.transact(lambda connection: engines.wait_for_writers(connection, sorted(written)))
        self._file = engines.DatabaseFile(self.engine)
        self._writing = asyncio.create_task(self._run_writer(), name="store")
        return self

    async def close(self, grace: float = 5.0) -> None:
        """Write what is waiting, for at most `grace` seconds, and close the database."""
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
                item.waiter.exception()  # marks it as seen: the caller is being stopped too
        await self._writer.close(grace)
        self.reader.close()

    # --- writing -------------------------------------------------------------------------------------------------

    async def commit(self, change: Change) -> None:
        """Store the change; returns when it is on the disk."""
        await self._put(change, ())

    def commit_soon(self, change: Change) -> None:
        """Store the change with the next batch without waiting for it; a failure is logged."""
        self._put(change, ()).add_done_callback(_log_failure)

    async def receive(self, updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store updates that arrived; returns the new ones, in the order of their ids, when they are on the disk."""
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

    async def _run_writer(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = self._waiting[:MAX_BATCH]
                try:
                    await self._write_until_done(batch)
                except LeaseLostError:
                    return  # whatever is left is the next leader's; nobody gets an answer from this process
                del self._waiting[: len(batch)]
            if self._closing:
                return

    async def _write_until_done(self, batch: list[_Item]) -> None:
        def work(connection: Connection) -> None:
            self._write(connection, batch)

        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                await self._transact(work)
            except LeaseLostError:
                raise
            except Exception as error:  # noqa: BLE001 — whatever it is, a caller waits for the outcome
                if not engines.is_passing(error):
                    await self._fail(batch, error)
                    return
                self._reachability.failed(f"{engines.cause(error)}; nothing is lost")
                await asyncio.sleep(backoff.pause())
            else:
                self._reachability.succeeded()
                for item in batch:
                    if not item.waiter.done():
                        item.waiter.set_result(item.result)
                return

    async def _transact(self, work: Work) -> None:
        if self._file:
            self._file.check()
        await self._writer.transact(work)
        reach("batch committed")

    def _write(self, connection: Connection, batch: list[_Item]) -> None:
        """Run the statements of the whole batch, in the writer's thread."""
        now = time.time()
        arrived = [item for item in batch if item.updates]
        if arrived:
            every = [update for item in arrived for update in item.updates]
            done = {each for item in batch if item.change for each in item.change.done}
            new = self._statements.insert_new(connection, every, done, now)
            for item in arrived:
                item.result = take_new(item.updates, new)
        changes = [item.change for item in batch if item.change]
        counts = self._statements.counts_of_settled(connection, changes)
        for statement, values in self._statements.writes(changes, now):
            connection.execute(statement, values)
        counts += self._statements.absorb(connection, changes)
        counts += self._statements.note_coming(connection, changes)
        self._statements.add_counts(connection, counts)
        self._statements.count_ratings(connection, changes)
        for item in batch:
            for work in item.change.works if item.change else ():
                work(connection)
            if item.change and item.change.erased is not None:
                erased, queued = item.change.erased, [each.id for each in item.change.queued]
                personal_data.erase(connection, [erased.chat_id], erased.at, self.pseudonyms, keep=queued)
        reach("batch written")

    async def _fail(self, batch: list[_Item], error: Exception) -> None:
        """Fail the one change that cannot be stored; the others of its batch are written one by one."""
        if len(batch) == 1:
            log.error("a change could not be stored: %s", engines.cause(error))
            if not batch[0].waiter.done():
                batch[0].waiter.set_exception(error)
            return
        for item in batch:
            await self._write_until_done([item])

    async def forget_done(self, before: float) -> None:
        """Delete updates that were done before `before` (Unix seconds); set-aside ones are kept a week longer."""
        longer = (retention.FAILED_UPDATES - retention.UPDATE_IDS).total_seconds()
        long_ago = or_(inbox.c.error.is_(None), inbox.c.done_at < before - longer)
        forget = delete(inbox).where(inbox.c.done_at < before, long_ago)
        # Through `commit` like every change, since only the last work given to the writer may be given again.
        await self.commit(Change(works=(lambda connection: connection.execute(forget),)))

    async def forget_names(self, today: date) -> None:
        """Forget whose appointments those were that are over: the names of the days before `today`."""
        over = (appointments.c.starts_at < today.isoformat(), appointments.c.name.is_not(None))
        forget = update(appointments).where(*over).values(name=None)
        await self.commit(Change(works=(lambda connection: connection.execute(forget),)))


def _log_failure(waiter: asyncio.Future[Any]) -> None:
    if not waiter.cancelled() and (error := waiter.exception()) and not isinstance(error, StoreClosedError):
        log.error("a change could not be stored in the background: %s", engines.cause(error))


async def prepare(url: str) -> None:
    """Bring the database up to date, also where another process leads. Raises the database's errors."""
    engines.make_private(url)
    writer = Writer(url)
    try:
        await writer.transact(migrate.upgrade)
    finally:
        await writer.close()


T = TypeVar("T")


async def write(store: Store, work: Callable[[Connection], T]) -> T:
    """Run `work` in the store's next transaction; returns its result when the commit is on the disk."""
    results: list[T] = []

    def run(connection: Connection) -> None:
        results[:] = [work(connection)]

    await store.commit(Change(works=(run,)))
    return results[0]


async def execute(store: Store, statement: Any, values: Any = None) -> None:
    """Run one statement in the store's next transaction; returns when the commit is on the disk."""
    await write(store, lambda connection: connection.execute(statement, values))
