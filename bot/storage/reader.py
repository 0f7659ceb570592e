"""Reading from the database: what is known of a chat, and what an earlier process left open.

Each read is handed whole to a thread, as each transaction is to the writer's. Through SQLAlchemy's asyncio it would
change threads five times, which costs more than all else in a citizen's turn.

While the database cannot be used (locked, its disk away) a read waits until it can, and then everything continues.
The log has one line when that begins and one when it ends. Knows nothing of who writes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from time import time as unix_time
from typing import Any, Generic, TypeVar

from sqlalchemy import CompoundSelect, Connection, Engine, Row, Select, func, or_, select, union

from bot.app.backoff import Backoff
from bot.app.pseudonyms import Pseudonyms
from bot.app.reachability import ReachabilityLog
from bot.app.records import (
    AttemptKind,
    BookingCounts,
    CopiedTables,
    Delivery,
    DepartmentDay,
    StoredAttempt,
    StoredChat,
    StoredUpdate,
    TicketMessage,
)
from bot.core.appointment_book import OVER, BookEntry
from bot.core.calendar_event import root_of
from bot.storage import engines, mappers, migrate, personal_data
from bot.storage.tables import (
    appointments,
    attempts,
    chats,
    erased_counts,
    inbox,
    outbox,
    pictures,
    rating_questions,
    saved_values,
    ticket_messages,
)

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
MOST_TICKETS = 6
"""Messages of one ticket that are changed with it: each is a call that the citizen waits for."""
WEEK = 7 * 24 * 3600.0
PAGE = 1000
"""Rows, or chats, in one query."""


class RetryingReader:
    """Retries reads while the database is unavailable. Once `closing` is set, reads fail instead of waiting."""

    def __init__(self, url: str) -> None:
        self.engine = engines.reading_engine_for(url)
        self._threads = ThreadPoolExecutor(engines.CONNECTIONS, thread_name_prefix="reader")
        self.closing = self._is_closed = False
        self._reachability = ReachabilityLog("the database (reading)", failures=1)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads, in a thread until it succeeds; returns its result.

        Raises errors that are not temporary.
        """
        loop, backoff = asyncio.get_running_loop(), Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                found = await loop.run_in_executor(self._threads, self._run, work)
            except Exception as error:
                if not engines.is_passing(error) or self.closing:
                    raise
                self._reachability.failed(engines.cause(error))
                await asyncio.sleep(backoff.pause())
            else:
                self._reachability.succeeded()
                return found

    async def rows(self, query: Select[Any] | CompoundSelect[Any]) -> Sequence[Row[Any]]:
        """The rows that a query finds."""
        return await self.read(lambda connection: connection.execute(query).all())

    async def scalar(self, query: Select[Any]) -> Any:
        """The first column of the first row that a query finds; None if it finds none."""
        return await self.read(lambda connection: connection.scalar(query))

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            try:
                return work(connection)
            finally:
                if self._is_closed:  # the pool that it would go back to is disposed of
                    connection.invalidate()

    def close(self) -> None:
        """Close the connections; reads under way end by themselves."""
        self._is_closed = True
        self._threads.shutdown(wait=False)
        self.engine.dispose()


class SharedReads(Generic[T]):
    """A read about chats, of all at once that ask for it while the one before runs: a thread costs more than a row.

    `read` returns what is known of each of these chats.
    """

    def __init__(self, read: Callable[[Collection[int]], Awaitable[Mapping[int, T]]]) -> None:
        self._read = read
        self._requested: dict[int, asyncio.Future[T]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def of(self, chat_id: int) -> T:
        """What is known of this chat, read after this call began."""
        waiter = self._requested.get(chat_id)
        if waiter is None:
            waiter = self._requested[chat_id] = asyncio.get_running_loop().create_future()
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_all())
        return await asyncio.shield(waiter)

    async def _read_all(self) -> None:
        while self._requested:
            waiters = {chat_id: self._requested.pop(chat_id) for chat_id in tuple(islice(self._requested, PAGE))}
            try:
                found = await self._read(waiters.keys())
            except Exception as error:  # noqa: BLE001 — whatever it is, the waiting callers must get it
                for waiter in waiters.values():
                    waiter.set_exception(error)
                    waiter.exception()  # marks it as seen, in case its caller was cancelled
                continue
            for chat_id, waiter in waiters.items():
                waiter.set_result(found[chat_id])


class ReadRepository:
    """The reading half of the store."""

    def __init__(self, url: str, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms
        self.reader = RetryingReader(url)
        self._chats = SharedReads(self._read_chats)
        self._entries = SharedReads(self._read_entries)

    async def _all(self, query: Select[Any] | CompoundSelect[Any]) -> Sequence[Row[Any]]:
        return await self.reader.rows(query)

    async def chat(self, chat_id: int) -> StoredChat | None:
        """The stored chat."""
        return await self._chats.of(chat_id)

    async def _read_chats(self, chat_ids: Collection[int]) -> dict[int, StoredChat | None]:
        found = await self._all(select(chats).where(chats.c.chat_id.in_(chat_ids)))
        return dict.fromkeys(chat_ids) | {row.chat_id: mappers.read_chat(row) for row in found}

    async def open_updates(self) -> tuple[StoredUpdate, ...]:
        """Updates that were received and are not done, in the order of their ids."""
        query = select(inbox).where(inbox.c.done_at.is_(None)).order_by(inbox.c.update_id)
        return tuple(mappers.read_update(row) for row in await self._all(query))

    async def open_update_ids(self) -> tuple[int, ...]:
        """The ids of all updates that are not done, in order."""
        query = select(inbox.c.update_id).where(inbox.c.done_at.is_(None)).order_by(inbox.c.update_id)
        return tuple(row.update_id for row in await self._all(query))

    async def updates(self, ids: Sequence[int]) -> tuple[StoredUpdate, ...]:
        """The updates with these ids that are not done, in order."""
        found: list[StoredUpdate] = []
        for first in range(0, len(ids), PAGE):
            some = inbox.c.update_id.in_(ids[first : first + PAGE])
            query = select(inbox).where(some, inbox.c.done_at.is_(None)).order_by(inbox.c.update_id)
            found += [mappers.read_update(row) for row in await self._all(query)]
        return tuple(found)

    async def oldest_open_update(self) -> float | None:
        """When the oldest update was received that is not done (Unix seconds); None if all are done."""
        query = select(func.min(inbox.c.received_at).label("oldest")).where(inbox.c.done_at.is_(None))
        found: float | None = (await self._all(query))[0].oldest
        return found

    async def last_update(self) -> float | None:
        """When the update with the highest id was received (Unix seconds); None if there is none."""
        query = select(inbox.c.received_at).order_by(inbox.c.update_id.desc()).limit(1)
        return next((float(row.received_at) for row in await self._all(query)), None)

    async def newest_update(self) -> int:
        """The highest known update id; -1 if there is none."""
        found = await self._all(select(func.max(inbox.c.update_id).label("newest")))
        return -1 if found[0].newest is None else int(found[0].newest)

    async def open_deliveries(self) -> AsyncIterator[Delivery]:
        """Messages that may not have been sent, in the order of their ids."""
        last = -1
        while True:
            query = select(outbox).where(outbox.c.id > last).order_by(outbox.c.id).limit(PAGE)
            page = await self._all(query)
            for row in page:
                yield mappers.read_delivery(row)
                last = row.id
            if len(page) < PAGE:
                return

    async def open_attempts(self, chat_id: int | None = None) -> tuple[StoredAttempt, ...]:
        """Attempts without an outcome, of one chat or of all, oldest first."""
        query = select(attempts).where(attempts.c.settled_at.is_(None)).order_by(attempts.c.opened_at)
        if chat_id is not None:
            query = query.where(attempts.c.chat_id == chat_id)
        return tuple(mappers.read_attempt(row) for row in await self._all(query))

    async def attempt(self, chat_id: int, number: int) -> StoredAttempt | None:
        """An attempt as it stands now; None if it has its outcome."""
        query = select(attempts).where(
            attempts.c.chat_id == chat_id, attempts.c.number == number, attempts.c.settled_at.is_(None)
        )
        return next((mappers.read_attempt(row) for row in await self._all(query)), None)

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """The numbers of the appointments that earlier attempts of this chat made."""
        query = select(attempts.c.appointment_id).where(
            attempts.c.chat_id == chat_id, attempts.c.appointment_id.is_not(None)
        )
        return frozenset(row.appointment_id for row in await self._all(query))

    async def made_by_others(self, found: Collection[int], chat_id: int, number: int) -> frozenset[int]:
        """Those of these appointments that another attempt than this one made, or that are another chat's."""
        earlier = select(attempts.c.appointment_id).where(
            attempts.c.chat_id == chat_id, attempts.c.number != number, attempts.c.appointment_id.in_(found)
        )
        strangers = select(appointments.c.appointment_id).where(
            appointments.c.appointment_id.in_(found), appointments.c.chat_id != chat_id
        )
        return frozenset(row.appointment_id for row in await self._all(union(earlier, strangers)))

    async def open_attempts_of(self, chat_id: int) -> tuple[StoredAttempt, ...]:
        """A chat's attempts without an outcome."""
        query = select(attempts).where(attempts.c.chat_id == chat_id, attempts.c.settled_at.is_(None))
        return tuple(mappers.read_attempt(row) for row in await self._all(query))

    async def entry(self, appointment_id: int) -> BookEntry | None:
        """The entry of an appointment in the appointment book."""
        query = select(appointments).where(appointments.c.appointment_id == appointment_id)
        return next((mappers.read_entry(row) for row in await self._all(query)), None)

    async def entries_of(self, chat_id: int) -> tuple[BookEntry, ...]:
        """All that the appointment book has of a chat, in order of time."""
        return await self._entries.of(chat_id)

    async def _read_entries(self, chat_ids: Collection[int]) -> dict[int, tuple[BookEntry, ...]]:
        query = select(appointments).where(appointments.c.chat_id.in_(chat_ids)).order_by(appointments.c.starts_at)
        found: dict[int, tuple[BookEntry, ...]] = dict.fromkeys(chat_ids, ())
        for row in await self._all(query):
            found[row.chat_id] += (mappers.read_entry(row),)
        return found

    async def department_days(self, since: date) -> tuple[DepartmentDay, ...]:
        """Where and when the appointment book has appointments that stand, with the age of the oldest word on them."""
        day = func.substr(appointments.c.starts_at, 1, len("2026-03-02"))
        over = tuple(status.value for status in OVER)
        query = (
            select(
                appointments.c.department_id,
                day.label("day"),
                func.min(appointments.c.as_of).label("as_of"),
                func.count(appointments.c.as_of).label("dated"),
                func.count().label("count"),
            )
            .where(appointments.c.starts_at >= since.isoformat(), appointments.c.status.not_in(over))
            .group_by(appointments.c.department_id, day)
        )
        return tuple(mappers.read_department_day(row) for row in await self._all(query))

    async def entries_on(self, department_id: int, day: date) -> tuple[BookEntry, ...]:
        """All that the appointment book has of a department on a day."""
        query = select(appointments).where(
            appointments.c.department_id == department_id,
            appointments.c.starts_at >= day.isoformat(),
            appointments.c.starts_at < (day + timedelta(days=1)).isoformat(),
        )
        return tuple(mappers.read_entry(row) for row in await self._all(query))

    async def ticket_messages(self, chat_id: int, appointment_id: int) -> tuple[TicketMessage, ...]:
        """See `Store.ticket_messages`."""
        mine = (ticket_messages.c.chat_id == chat_id, ticket_messages.c.appointment_id == appointment_id)
        newest = select(ticket_messages).where(*mine).order_by(ticket_messages.c.message.desc()).limit(MOST_TICKETS)
        return tuple(TicketMessage(**row._asdict()) for row in reversed(await self._all(newest)))

    async def count_bookings(self, chat_id: int, now: datetime) -> BookingCounts:
        """The counts of a chat's appointments and bookings at the office time `now`. `attempts` have machine time.

        What was counted when the chat was erased still counts. An appointment that it brought back from the service
        since counts twice: before a chat is refused, its appointments are read.
        """
        mine = (attempts.c.chat_id == chat_id, attempts.c.kind == AttemptKind.BOOK.value)
        coming = select(func.count()).where(
            appointments.c.chat_id == chat_id,
            appointments.c.is_cancelled.is_(False),
            appointments.c.starts_at > mappers.office_text(now),
        )
        pending = select(func.count()).where(*mine, attempts.c.settled_at.is_(None))
        booked = select(func.count()).where(
            *mine, attempts.c.appointment_id.is_not(None), attempts.c.opened_at >= personal_data.midnight_before(now)
        )
        counts = select(
            coming.scalar_subquery().label("coming"),
            pending.scalar_subquery().label("pending"),
            booked.scalar_subquery().label("booked"),
        )
        (row,) = await self._all(counts)
        kept = select(erased_counts.c.kind, erased_counts.c.number).where(
            erased_counts.c.pseudonym == self.pseudonyms.of(chat_id),
            erased_counts.c.until > mappers.office_text(now),
        )
        more = Counter[str]()
        for each in await self._all(kept):
            more[each.kind] += each.number
        return BookingCounts(
            row.coming + more[personal_data.OPEN], row.pending, row.booked + more[personal_data.BOOKED]
        )

    async def count_moves(self, chat_id: int, appointment_id: int) -> int:
        """How often a chat's appointment, and those that it replaced, were moved in the last seven days.

        If both stand after a move, the moves count for each of them.
        """
        entry = await self.entry(appointment_id)
        uid = entry.ics_uid if entry else None
        if uid is None:
            return 0
        root = root_of(uid)
        chain = select(appointments.c.appointment_id).where(
            appointments.c.chat_id == chat_id,
            or_(appointments.c.ics_uid == root, appointments.c.ics_uid.endswith(f".{root}")),
        )
        moves = select(func.count().label("moves")).where(
            attempts.c.chat_id == chat_id,
            attempts.c.kind == AttemptKind.MOVE.value,
            attempts.c.appointment_id.in_(chain),
            attempts.c.opened_at >= unix_time() - WEEK,
        )
        (row,) = await self._all(moves)
        return int(row.moves)

    async def has_question(self, chat_id: int, appointment_id: int) -> bool:
        """Whether the question about the visit of this appointment was asked in this chat, and not answered."""
        this = (rating_questions.c.chat_id == chat_id, rating_questions.c.appointment_id == appointment_id)
        return bool(await self._all(select(rating_questions.c.appointment_id).where(*this)))

    async def copy_of(self, chat_id: int) -> CopiedTables:
        """All rows of all tables that are about this chat."""
        return await self.reader.read(
            partial(personal_data.copy_of, chat_id=chat_id, pseudonym=self.pseudonyms.of(chat_id))
        )

    async def picture(self, link: str) -> str | None:
        """Telegram's `file_id` for the QR picture of this link, if it has one."""
        found: str | None = await self.reader.scalar(select(pictures.c.file_id).where(pictures.c.link == link))
        return found

    async def saved_value(self, name: str) -> str | None:
        """The single value that was saved under this name, if any."""
        found: str | None = await self.reader.scalar(select(saved_values.c.value).where(saved_values.c.name == name))
        return found

    async def revision(self) -> tuple[str | None, str | None]:
        """The database's revision, and the newest there is."""
        return await self.reader.read(migrate.current_revision)

    @property
    def engine(self) -> Engine:
        """The reading engine, for other repositories on the same database."""
        return self.reader.engine
