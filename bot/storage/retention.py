"""Deletes what was kept for long enough, in transactions of at most `PAGE` rows. Every run may be repeated.

The periods are in `bot.core.retention`; this file knows the tables, and not which period they have.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)

from bot.app.records import Change
from bot.broadcast.lifecycle import ENDED
from bot.core.retention import without_old_names, without_unfinished
from bot.core.session import Session, read_session, write_session
from bot.storage import personal_data
from bot.storage.mappers import Values, office_text
from bot.storage.store import Store, execute, write
from bot.storage.tables import (
    appointments,
    attempts,
    broadcasts,
    chats,
    erased_counts,
    history_entries,
    pictures,
    rating_questions,
    recipients,
    ticket_messages,
    timers,
)

LAST_RUN = "retention ran"
"""The name under which the time of the last run is saved."""
PAGE = 1000
CHATS = 20
"""Silent chats in one transaction: each has some dozens of rows at most."""


class SqlRetention:
    """See `bot.app.retention.RetentionRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last_run(self) -> float:
        """When it ran last; 0 if it never did."""
        return float(await self._store.saved_value(LAST_RUN) or 0)

    async def record_run(self, at: float) -> None:
        """Record that it ran."""
        await self._store.commit(Change(saved_values=((LAST_RUN, str(at)),)))

    async def forget_appointments(self, started: datetime, settled: float) -> None:
        """Forget appointments that began before `started`, and attempts settled before `settled` that made none kept.

        With their messages, timers and QR pictures. What came in late for a chat that was erased is forgotten too.
        """
        for table in (ticket_messages, timers):
            kept = exists().where(
                appointments.c.appointment_id == table.c.appointment_id,
                appointments.c.starts_at >= office_text(started),
            )
            await self._delete(table, or_(~kept, _has_no_chat(table)))
        late = appointments.c.starts_at < office_text(started)
        await self._delete(appointments, or_(late, _has_no_chat(appointments)))
        made = exists().where(appointments.c.appointment_id == attempts.c.appointment_id)
        old = and_(attempts.c.settled_at < settled, ~made)
        linked = select(appointments.c.qr_link).where(appointments.c.qr_link.is_not(None))
        await self._delete(pictures, pictures.c.link.not_in(linked))
        await self._delete(attempts, and_(attempts.c.settled_at.is_not(None), or_(old, _has_no_chat(attempts))))

    async def forget_recipients(self, ended: datetime) -> None:
        """Forget who got the broadcasts that ended before; their figures stay."""
        text = ended.isoformat(timespec="seconds")
        acted = exists().where(history_entries.c.number == broadcasts.c.number, history_entries.c.at >= text)
        over = select(broadcasts.c.number).where(
            broadcasts.c.status.in_([each.value for each in ENDED]),
            func.coalesce(broadcasts.c.starts_at, "") < office_text(ended),
            ~acted,
        )
        await self._delete(recipients, recipients.c.number.in_(over))

    async def forget_questions(self, asked: date) -> None:
        """Forget the questions about a visit that were asked before and not answered. A chat has one newer at most."""
        is_newer = exists().where(chats.c.chat_id == rating_questions.c.chat_id, chats.c.asked_on >= asked.isoformat())
        await self._delete(rating_questions, ~is_newer)

    async def forget_erased(self, now: datetime) -> None:
        """Forget what counted of erased chats until now: appointments that began, bookings of a day that is over."""
        await self._delete(erased_counts, erased_counts.c.until <= office_text(now))

    async def forget_unfinished(self, since: float, seen: float) -> None:
        """Forget the bookings that were left unfinished in chats that wrote last between `since` and `seen`."""
        await self._shorten(and_(chats.c.seen_at >= since, chats.c.seen_at < seen), without_unfinished)

    async def forget_names(self, now: datetime) -> None:
        """Forget the names that no booking used for long, also in chats that write nothing."""
        await self._shorten(chats.c.session.like(_WITH_NAMES), partial(without_old_names, now=now))

    async def erase_silent(self, seen: float, now: datetime) -> tuple[int, ...]:
        """Erase some chats that wrote last before `seen` and expect nothing; returns them: none when all are erased."""
        coming = exists().where(
            appointments.c.chat_id == chats.c.chat_id,
            appointments.c.starts_at >= office_text(now),
            appointments.c.is_cancelled == false(),
        )
        waiting = exists().where(attempts.c.chat_id == chats.c.chat_id, attempts.c.settled_at.is_(None))
        silent = select(chats.c.chat_id).where(chats.c.seen_at < seen, ~coming, ~waiting)
        found = [row.chat_id for row in await self._store.reader.rows(silent.limit(CHATS))]

        def work(connection: Connection) -> tuple[int, ...]:
            still = tuple(connection.scalars(silent.where(chats.c.chat_id.in_(found))))
            personal_data.erase(connection, still, now, self._store.pseudonyms)
            return still

        return await write(self._store, work) if found else ()

    async def _shorten(self, condition: Any, change: Callable[[Session], Session | None]) -> None:
        """Store the sessions of these chats as `change` returns them, page by page; None: as they are."""
        after, has_more = -1, True
        while has_more:
            page = (
                select(chats.c.chat_id, chats.c.session)
                .where(chats.c.chat_id > after, condition)
                .order_by(chats.c.chat_id)
                .limit(PAGE)
            )
            found = await self._store.reader.rows(page)
            if shorter := [values for row in found if (values := _shorter(row, change))]:
                await execute(self._store, _SHORTEN, shorter)
            after, has_more = found[-1].chat_id if found else after, len(found) == PAGE

    async def _delete(self, table: Table, condition: Any) -> None:
        """Delete the rows page by page. They are looked for outside of the transactions, which are short for it."""
        key, has_more = tuple(table.primary_key), True
        while has_more:
            found = [tuple(row) for row in await self._store.reader.rows(select(*key).where(condition).limit(PAGE))]
            if found:
                await execute(self._store, delete(table).where(tuple_(*key).in_(found), condition))
            has_more = len(found) == PAGE


def _has_no_chat(table: Table) -> Any:
    return ~exists().where(chats.c.chat_id == table.c.chat_id)


_SHORTEN = (
    update(chats)
    .where(chats.c.chat_id == bindparam("key"), chats.c.session == bindparam("before"))
    .values(session=bindparam("after"))
)
"""Does nothing if the citizen has come back meanwhile."""
_WITH_NAMES = '%"used":"%'
"""Sessions that remember a name have this; others need not be read."""


def _shorter(row: Row[Any], change: Callable[[Session], Session | None]) -> Values | None:
    session = read_session(row.session)
    shorter = change(session) if session else None
    if shorter is None or shorter == session:
        return None
    return {"key": row.chat_id, "before": row.session, "after": write_session(shorter)}
