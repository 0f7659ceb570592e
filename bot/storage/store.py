"""The store: group commit on the way in, plain reads on the way out.

What several chats have to store is written by one task in one transaction, so that a durable commit costs little
however many chats there are. A change is committed whole or not at all; its waiter wakes after the commit. While the
database cannot write (locked, full, read-only) the same batch is tried again until it can: nobody is told that
something is stored which is not. Knows nothing of what the values mean.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import Row, Select, delete, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app.crashpoints import reach
from bot.app.records import Change, Delivery, StoredAttempt, StoredChat, StoredUpdate
from bot.storage import dialect, migrate, rows
from bot.storage.batch import Statements, claimed
from bot.storage.tables import attempts, chats, facts, inbox, outbox, pictures

log = logging.getLogger(__name__)
MAX_BATCH = 1000
PAGE = 1000
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
    result: Any = field(default=None)


class Store:
    """One database. `open` it before use, `close` it after."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = dialect.engine_for(url)
        self._statements = Statements(self._engine)
        self._waiting: list[_Item] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self._file: dialect.DatabaseFile | None = None
        self.writable = True

    async def open(self) -> Self:
        """Migrate, and begin to write. Raises SQLAlchemy's errors where the database cannot be used."""
        async with self._engine.begin() as connection:
            await connection.run_sync(migrate.upgrade)
        self._file = dialect.DatabaseFile(self._engine)
        self._writer = asyncio.create_task(self._write_for_ever(), name="store")
        return self

    async def close(self, grace: float = 5.0) -> None:
        """Write what waits, for at most `grace` seconds, and let go of the database."""
        self._closing = True
        self._wake.set()
        if self._writer:
            _, pending = await asyncio.wait({self._writer}, timeout=grace)
            for task in pending:
                task.cancel()
                await asyncio.wait({task})
        for item in self._waiting:
            if not item.waiter.done():
                item.waiter.set_exception(StoreClosedError())
                item.waiter.exception()  # whoever waited is gone too; this is not news
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
        if self._closing and (self._writer is None or self._writer.done()):
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
        pause = FIRST_PAUSE
        while True:
            try:
                await self._transact(batch)
            except Exception as error:  # noqa: BLE001 — whatever it is, somebody waits for the answer
                if not dialect.is_passing(error):
                    await self._blame(batch, error)
                    return
                if self.writable:
                    log.error("database cannot be written: %s; waiting, nothing is lost", dialect.cause(error))  # noqa: TRY400
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

    async def _transact(self, batch: list[_Item]) -> None:
        now = time.time()
        if self._file:
            self._file.check()
        async with self._engine.begin() as connection:
            arrived = [item for item in batch if item.updates]
            if arrived:
                every = [update for item in arrived for update in item.updates]
                new = await self._statements.insert_new(connection, every, now)
                for item in arrived:
                    item.result = claimed(item.updates, new)
            for statement, values in self._statements.writes((item.change for item in batch if item.change), now):
                await connection.execute(statement, values)
            for item in batch:
                for work in item.change.works if item.change else ():
                    await work(connection)
            reach("batch written")
        reach("batch committed")

    async def _blame(self, batch: list[_Item], error: Exception) -> None:
        """One change is wrong in itself: the others must not suffer for it."""
        if len(batch) == 1:
            log.error("a change could not be stored: %s", dialect.cause(error))
            if not batch[0].waiter.done():
                batch[0].waiter.set_exception(error)
            return
        for item in batch:
            await self._write_until_done([item])

    # --- reading -------------------------------------------------------------------------------------------------

    async def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """The rows. While the database cannot be used (it is nobody's mistake), waits until it can."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._engine.connect() as connection:
                    found: Sequence[Row[Any]] = (await connection.execute(query)).all()
                    return found
            except SQLAlchemyError as error:
                if not dialect.is_passing(error) or self._closing:
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def chat(self, chat_id: int) -> StoredChat | None:
        """What is known of a chat."""
        found = await self._all(select(chats).where(chats.c.chat_id == chat_id))
        return next((StoredChat(row.chat_id, row.session, row.locale, row.is_left) for row in found), None)

    async def open_updates(self) -> tuple[StoredUpdate, ...]:
        """Updates that were received and not done, by id."""
        query = select(inbox).where(inbox.c.done_at.is_(None)).order_by(inbox.c.update_id)
        return tuple(rows.read_update(row) for row in await self._all(query))

    async def open_deliveries(self) -> AsyncIterator[Delivery]:
        """Messages not surely sent, by id."""
        last = -1
        while True:
            query = select(outbox).where(outbox.c.id > last).order_by(outbox.c.id).limit(PAGE)
            page = await self._all(query)
            for row in page:
                yield rows.read_delivery(row)
                last = row.id
            if len(page) < PAGE:
                return

    async def open_attempts(self) -> tuple[StoredAttempt, ...]:
        """Attempts without an outcome, oldest first."""
        query = select(attempts).where(attempts.c.settled_at.is_(None)).order_by(attempts.c.opened_at)
        return tuple(rows.read_attempt(row) for row in await self._all(query))

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """The numbers of the appointments that earlier attempts of this chat made."""
        query = select(attempts.c.appointment_id).where(
            attempts.c.chat_id == chat_id, attempts.c.appointment_id.is_not(None)
        )
        return frozenset(row.appointment_id for row in await self._all(query))

    async def picture(self, link: str) -> str | None:
        """Telegram's `file_id` for the QR picture of this link, where it has one."""
        found = await self._all(select(pictures.c.file_id).where(pictures.c.link == link))
        return next((row.file_id for row in found), None)

    async def fact(self, name: str) -> str | None:
        """A small fact that was remembered."""
        return next((row.value for row in await self._all(select(facts.c.value).where(facts.c.name == name))), None)

    async def forget_done(self, before: float) -> None:
        """Drop the numbers of updates done before `before` (Unix seconds); those set aside stay a week longer."""
        long_ago = or_(inbox.c.error.is_(None), inbox.c.done_at < before - WEEK)
        async with self._engine.begin() as connection:
            await connection.execute(delete(inbox).where(inbox.c.done_at < before, long_ago))

    async def standing(self) -> tuple[str | None, str | None]:
        """The database's revision, and the newest there is."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(migrate.standing)

    @property
    def engine(self) -> AsyncEngine:
        """For other repositories on the same database."""
        return self._engine


def _say_failure(waiter: asyncio.Future[Any]) -> None:
    if not waiter.cancelled() and (error := waiter.exception()) and not isinstance(error, StoreClosedError):
        log.error("a change that nobody waited for was not stored: %s", dialect.cause(error))
