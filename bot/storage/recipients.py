"""Who gets a broadcast and what became of each: counting, writing the list page by page, noting fates, reporting.

Long writes are cut into pages of chat numbers, so that a million recipients never hold a booking up. Knows nothing of
why anything is written.

Whom a broadcast reaches, as conditions on the table of chats. Knows both shapes and nothing of when they are asked.

Always without those who left and those who want no announcements; cancelled appointments do not count.
"""

import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.broadcast.model import (
    Audience,
    BroadcastStatus,
    Dated,
    Everyone,
    RecipientCounts,
    RecipientStatus,
    Speakers,
    Visitors,
)
from bot.broadcast.ports import Recipient, StatusUpdate
from bot.storage import broadcast_mappers as shapes
from bot.storage.mappers import office_text
from bot.storage.store import Store, execute, write
from bot.storage.tables import appointments, broadcasts, chats, recipients


def reached(audience: Audience, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a chat gets it; `now` is office time."""
    open_to_it = (chats.c.is_left == false(), chats.c.announcements == true())
    match audience:
        case Everyone():
            return open_to_it
        case Speakers(locale=locale):
            return (*open_to_it, chats.c.locale == locale)
        case Visitors(department_id=department):
            coming = appointments.c.starts_at >= office_text(now)
            return (*open_to_it, _with_appointment(appointments.c.department_id == department, coming))
        case Dated(first=first, last=last):
            after = last + timedelta(days=1)
            days = (appointments.c.starts_at >= first.isoformat(), appointments.c.starts_at < after.isoformat())
            return (*open_to_it, _with_appointment(*days))


def _with_appointment(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    theirs = (appointments.c.chat_id == chats.c.chat_id, appointments.c.is_cancelled == false())
    return exists().where(*theirs, *conditions)


RANGE = 5000
"""Chats that are looked at in one transaction when recipients are written: some 20 ms."""
PAGE = 5000
KNOWN = (chats.c.locale, chats.c.is_left, chats.c.announcements)
"""What may change of a citizen while a broadcast is under way."""


class SqlRecipientRepository:
    """See `RecipientRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = store.reader.read
        unchanged = recipients.c.status == bindparam("fate")
        self._note = (
            update(recipients)
            .where(recipients.c.number == bindparam("which"), recipients.c.chat_id == bindparam("whom"))
            .values(
                status=bindparam("fate"),
                message_id=bindparam("shown"),
                error=bindparam("why"),
                at=case((unchanged, recipients.c.at), else_=bindparam("now")),
            )
        )

    async def prepare(self, number: int, now: datetime) -> bool:
        """See `RecipientRepository`."""

        async def look(connection: AsyncConnection) -> tuple[Any, int | None, int | None]:
            found = await connection.execute(select(broadcasts).where(broadcasts.c.number == number))
            row = found.one()
            ahead = select(chats.c.chat_id).where(chats.c.chat_id > row.prepared_to).order_by(chats.c.chat_id)
            last = await connection.scalar(ahead.offset(RANGE - 1).limit(1))
            return row, last, last if last is not None else await connection.scalar(select(func.max(chats.c.chat_id)))

        row, last, end = await self._read(look)
        if end is None or end <= row.prepared_to:
            return False
        audience = shapes.read_plan(row).audience
        these = select(
            bindparam("which", number), chats.c.chat_id, bindparam("fate", RecipientStatus.PENDING.value)
        ).where(chats.c.chat_id > row.prepared_to, chats.c.chat_id <= end, *reached(audience, now))

        def work(connection: Connection) -> None:
            mine = update(broadcasts).where(
                broadcasts.c.number == number, broadcasts.c.status == BroadcastStatus.PREPARING
            )
            moved = connection.execute(mine.values(prepared_to=end))
            if moved.rowcount:
                connection.execute(insert(recipients).from_select(["number", "chat_id", "status"], these))

        await write(self._store, work)
        return last is not None

    async def count(self, audience: Audience, now: datetime) -> int:
        """See `RecipientRepository`."""
        query = select(func.count()).select_from(chats).where(*reached(audience, now))
        return int((await self._rows(query))[0][0])

    async def count_fates(self, number: int) -> RecipientCounts:
        """See `RecipientRepository`."""
        query = select(recipients.c.status, func.count()).where(recipients.c.number == number)
        counted = await self._rows(query.group_by(recipients.c.status).order_by(recipients.c.status))
        figures = RecipientCounts(tuple((RecipientStatus(status), count) for status, count in counted))
        text = shapes.write_figures(figures)
        await execute(self._store, update(broadcasts).where(broadcasts.c.number == number).values(figures=text))
        return figures

    async def page(
        self, number: int, fates: frozenset[RecipientStatus], after: int, size: int
    ) -> tuple[Recipient, ...]:
        """See `RecipientRepository`."""
        columns = (recipients.c.chat_id, recipients.c.status, recipients.c.message_id, recipients.c.at, *KNOWN)
        query = (
            select(*columns)
            .outerjoin_from(recipients, chats, chats.c.chat_id == recipients.c.chat_id)
            .where(recipients.c.number == number, recipients.c.chat_id > after, recipients.c.status.in_(fates))
            .order_by(recipients.c.chat_id)
            .limit(size)
        )
        return tuple(shapes.read_recipient(row) for row in await self._rows(query))

    async def known(self, recipient: Recipient) -> Recipient:
        """See `RecipientRepository`."""
        found = await self._rows(select(*KNOWN).where(chats.c.chat_id == recipient.chat_id))
        return shapes.as_known(recipient, found[0] if found else None)

    async def note(self, number: int, entries: tuple[StatusUpdate, ...]) -> None:
        """See `RecipientRepository`."""
        now = time.time()
        values = [shapes.entry_values(number, each, now) for each in entries]
        await execute(self._store, self._note, values)

    async def change_fates(self, number: int, before: RecipientStatus, after: RecipientStatus, why: str) -> int:
        """See `RecipientRepository`."""
        mine = update(recipients).where(recipients.c.number == number, recipients.c.status == before.value)

        def work(connection: Connection) -> int:
            return (connection.execute(mine.values(status=after.value, error=why))).rowcount

        return await write(self._store, work)

    async def report(self, number: int) -> AsyncIterator[tuple[StatusUpdate, ...]]:
        """See `RecipientRepository`."""
        last = 0
        while True:
            query = select(recipients).where(recipients.c.number == number, recipients.c.chat_id > last)
            found = await self._rows(query.order_by(recipients.c.chat_id).limit(PAGE))
            if not found:
                return
            yield tuple(shapes.read_entry(row) for row in found)
            last = found[-1].chat_id

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        async def work(connection: AsyncConnection) -> Sequence[Any]:
            found: Sequence[Any] = (await connection.execute(query)).all()
            return found

        return await self._read(work)
