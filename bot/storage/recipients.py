"""The repository of recipients: counting an audience, storing the list, recording and reading statuses.

Long writes are split into ranges of chat ids, so that even a million recipients do not delay a booking.
"""

import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    distinct,
    exists,
    false,
    func,
    insert,
    select,
    true,
    update,
)

from bot.broadcast.model import (
    Audience,
    BroadcastStatus,
    Dated,
    DayVisitors,
    Everyone,
    Plan,
    RecipientCounts,
    RecipientStatus,
    Speakers,
    Visitors,
)
from bot.broadcast.ports import Recipient, StatusUpdate
from bot.storage import broadcast_mappers as mappers
from bot.storage.mappers import office_text
from bot.storage.store import Store, execute, write
from bot.storage.tables import appointments, broadcasts, chats, recipients

RANGE = 5000
"""Chats that one transaction checks while recipients are listed. It takes about 20 ms."""
PAGE = 5000
"""Rows that one query of the report reads."""
CHAT = (chats.c.locale, chats.c.is_left, chats.c.announcements)
"""The columns that may change while a broadcast runs: language, blocked the bot, opted out."""


REACHABLE = (chats.c.is_left == false(), chats.c.announcements == true())
"""The conditions for a chat to get announcements: it did not block the bot, and did not opt out."""


def reached(audience: Audience, now: datetime, staff_of: int | None = None) -> tuple[ColumnElement[bool], ...]:
    """The SQL conditions for a chat to be in the audience; `now` is office time.

    Chats that blocked the bot or opted out are in no audience. See `_booked` for the rest.
    """
    speaking = (chats.c.locale == audience.locale,) if isinstance(audience, Speakers) else ()
    return (*REACHABLE, *speaking, *_booked(audience, now, staff_of))


def _booked(audience: Audience, now: datetime, staff_of: int | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions that concern the appointments of a chat; cancelled ones do not count.

    If the staff of a department sends it (`staff_of`), only chats are in it that have an appointment there today or
    later.
    """
    booked: tuple[ColumnElement[bool], ...] = ()
    if staff_of is not None:
        today = appointments.c.starts_at >= now.date().isoformat()
        booked = (_has_appointment(appointments.c.department_id == staff_of, today),)
    match audience:
        case Everyone() | Speakers():
            return booked
        case Visitors(department_id=department):
            upcoming = appointments.c.starts_at >= office_text(now)
            return (*booked, _has_appointment(appointments.c.department_id == department, upcoming))
        case Dated(first=first, last=last):
            return (*booked, _has_appointment(*_on_days(first, last)))
        case DayVisitors(department_id=department, first=first, last=last):
            there = appointments.c.department_id == department
            return (*booked, _has_appointment(there, *_on_days(first, last)))


def _on_days(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    after = last + timedelta(days=1)
    return appointments.c.starts_at >= first.isoformat(), appointments.c.starts_at < after.isoformat()


def _has_appointment(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    booked = (appointments.c.chat_id == chats.c.chat_id, appointments.c.is_cancelled == false())
    return exists().where(*booked, *conditions)


class SqlRecipientRepository:
    """See `RecipientRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        unchanged = recipients.c.status == bindparam("new_status")
        self._record = (
            update(recipients)
            .where(recipients.c.number == bindparam("which"), recipients.c.chat_id == bindparam("whom"))
            .values(
                status=bindparam("new_status"),
                message_id=bindparam("message"),
                error=bindparam("reason"),
                at=case((unchanged, recipients.c.at), else_=bindparam("now")),
            )
        )

    async def prepare(self, number: int, now: datetime) -> bool:
        """See `RecipientRepository`."""

        def read(connection: Connection) -> tuple[Any, int | None, int | None]:
            row = connection.execute(select(broadcasts).where(broadcasts.c.number == number)).one()
            ahead = select(chats.c.chat_id).where(chats.c.chat_id > row.prepared_to).order_by(chats.c.chat_id)
            last = connection.scalar(ahead.offset(RANGE - 1).limit(1))
            return row, last, last if last is not None else connection.scalar(select(func.max(chats.c.chat_id)))

        row, last, end = await self._store.reader.read(read)
        if end is None or end <= row.prepared_to:
            return False
        plan = mappers.read_plan(row)
        chosen = reached(plan.audience, now, plan.department_id)
        page = select(
            bindparam("which", number), chats.c.chat_id, bindparam("new_status", RecipientStatus.PENDING.value)
        ).where(chats.c.chat_id > row.prepared_to, chats.c.chat_id <= end, *chosen)

        def work(connection: Connection) -> None:
            mine = update(broadcasts).where(
                broadcasts.c.number == number, broadcasts.c.status == BroadcastStatus.PREPARING
            )
            moved = connection.execute(mine.values(prepared_to=end))
            if moved.rowcount:
                connection.execute(insert(recipients).from_select(["number", "chat_id", "status"], page))

        await write(self._store, work)
        return last is not None

    async def count(self, audience: Audience, now: datetime, staff_of: int | None = None) -> int:
        """See `RecipientRepository`."""
        query = select(func.count()).select_from(chats).where(*reached(audience, now, staff_of))
        return int(await self._store.reader.scalar(query))

    async def booked_on(self, day: date) -> dict[int, int]:
        """See `RecipientRepository`."""
        query = (
            select(appointments.c.department_id, func.count(distinct(appointments.c.chat_id)).label("booked"))
            .join(chats, chats.c.chat_id == appointments.c.chat_id)
            .where(appointments.c.is_cancelled == false(), *_on_days(day, day), *REACHABLE)
            .group_by(appointments.c.department_id)
        )
        return {row.department_id: row.booked for row in await self._store.reader.rows(query)}

    async def count_by_status(self, number: int) -> RecipientCounts:
        """See `RecipientRepository`."""
        query = select(recipients.c.status, func.count()).where(recipients.c.number == number)
        counted = await self._store.reader.rows(query.group_by(recipients.c.status).order_by(recipients.c.status))
        counts = RecipientCounts(tuple((RecipientStatus(status), count) for status, count in map(tuple, counted)))
        text = mappers.write_counts(counts)
        await execute(self._store, update(broadcasts).where(broadcasts.c.number == number).values(figures=text))
        return counts

    async def page(
        self, number: int, statuses: frozenset[RecipientStatus], after: int, size: int
    ) -> tuple[Recipient, ...]:
        """See `RecipientRepository`."""
        columns = (recipients.c.chat_id, recipients.c.status, recipients.c.message_id, recipients.c.at, *CHAT)
        query = (
            select(*columns)
            .outerjoin_from(recipients, chats, chats.c.chat_id == recipients.c.chat_id)
            .where(recipients.c.number == number, recipients.c.chat_id > after, recipients.c.status.in_(statuses))
            .order_by(recipients.c.chat_id)
            .limit(size)
        )
        return tuple(mappers.read_recipient(row) for row in await self._store.reader.rows(query))

    async def refresh(self, recipient: Recipient) -> Recipient:
        """See `RecipientRepository`."""
        found = await self._store.reader.rows(select(*CHAT).where(chats.c.chat_id == recipient.chat_id))
        return mappers.with_chat(recipient, found[0] if found else None)

    async def is_booked(self, plan: Plan, chat_id: int, listed: datetime) -> bool:
        """See `RecipientRepository`."""
        booked = _booked(plan.audience, listed, plan.department_id)
        query = select(func.count()).select_from(chats).where(chats.c.chat_id == chat_id, *booked)
        return bool(await self._store.reader.scalar(query))

    async def record(self, number: int, updates: tuple[StatusUpdate, ...]) -> None:
        """See `RecipientRepository`."""
        now = time.time()
        values = [mappers.status_values(number, each, now) for each in updates]
        await execute(self._store, self._record, values)

    async def change_statuses(self, number: int, before: RecipientStatus, after: RecipientStatus, why: str) -> int:
        """See `RecipientRepository`."""
        mine = update(recipients).where(recipients.c.number == number, recipients.c.status == before.value)

        def work(connection: Connection) -> int:
            return (connection.execute(mine.values(status=after.value, error=why))).rowcount

        return await write(self._store, work)

    async def read_statuses(self, number: int, skip: int, most: int) -> AsyncIterator[tuple[StatusUpdate, ...]]:
        """See `RecipientRepository`."""
        query = select(recipients).where(recipients.c.number == number).order_by(recipients.c.chat_id)
        page = query.offset(skip)
        while most and (found := await self._store.reader.rows(page.limit(min(PAGE, most)))):
            yield tuple(mappers.read_status(row) for row in found)
            most -= len(found)
            page = query.where(recipients.c.chat_id > found[-1].chat_id)
