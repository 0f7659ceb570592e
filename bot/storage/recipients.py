"""Who gets a broadcast and what became of each: counting, writing the list page by page, noting fates, reporting.

Long writes are cut into pages of chat numbers, so that a million recipients never hold a booking up. Knows nothing of
why anything is written.
"""

import time
from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bot.app.broadcast_ports import Entry, Recipient
from bot.core.broadcast import Audience, Fate, Figures, Status
from bot.storage import broadcast_rows as shapes
from bot.storage.audiences import reached
from bot.storage.store import Store
from bot.storage.tables import broadcasts, chats, recipients
from bot.storage.writing import execute, write

RANGE = 5000
"""Chats that are looked at in one transaction when recipients are written: some 20 ms."""
PAGE = 5000


class RecipientRoll:
    """See `Roll`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._note = (
            update(recipients)
            .where(recipients.c.number == bindparam("which"), recipients.c.chat_id == bindparam("whom"))
            .values(
                status=bindparam("fate"), message_id=bindparam("shown"), error=bindparam("why"), at=bindparam("now")
            )
        )

    async def prepare(self, number: int, now: datetime) -> bool:
        """See `Roll`."""
        async with self._engine.connect() as connection:
            found = await connection.execute(select(broadcasts).where(broadcasts.c.number == number))
            row = found.one()
            ahead = select(chats.c.chat_id).where(chats.c.chat_id > row.prepared_to).order_by(chats.c.chat_id)
            last = await connection.scalar(ahead.offset(RANGE - 1).limit(1))
            end = last if last is not None else await connection.scalar(select(func.max(chats.c.chat_id)))
        if end is None or end <= row.prepared_to:
            return False
        audience = shapes.read_plan(row).audience
        these = select(bindparam("which", number), chats.c.chat_id, bindparam("fate", Fate.PENDING.value)).where(
            chats.c.chat_id > row.prepared_to, chats.c.chat_id <= end, *reached(audience, now)
        )

        def work(connection: Connection) -> None:
            mine = update(broadcasts).where(broadcasts.c.number == number, broadcasts.c.status == Status.PREPARING)
            moved = connection.execute(mine.values(prepared_to=end))
            if moved.rowcount:
                connection.execute(insert(recipients).from_select(["number", "chat_id", "status"], these))

        await write(self._store, work)
        return last is not None

    async def count(self, audience: Audience, now: datetime) -> int:
        """See `Roll`."""
        query = select(func.count()).select_from(chats).where(*reached(audience, now))
        async with self._engine.connect() as connection:
            return int(await connection.scalar(query) or 0)

    async def count_fates(self, number: int) -> Figures:
        """See `Roll`."""
        query = select(recipients.c.status, func.count()).where(recipients.c.number == number)
        async with self._engine.connect() as connection:
            counted = (await connection.execute(query.group_by(recipients.c.status))).all()
        figures = Figures(tuple((Fate(status), count) for status, count in counted))
        text = shapes.write_figures(figures)
        await execute(self._store, update(broadcasts).where(broadcasts.c.number == number).values(figures=text))
        return figures

    async def page(self, number: int, fate: Fate, after: int, size: int, since: float = 0.0) -> tuple[Recipient, ...]:
        """See `Roll`."""
        columns = (
            recipients.c.chat_id,
            recipients.c.message_id,
            chats.c.locale,
            chats.c.is_left,
            chats.c.announcements,
        )
        query = (
            select(*columns)
            .outerjoin_from(recipients, chats, chats.c.chat_id == recipients.c.chat_id)
            .where(recipients.c.number == number, recipients.c.chat_id > after, recipients.c.status == fate.value)
            .order_by(recipients.c.chat_id)
            .limit(size)
        )
        query = query.where(recipients.c.at >= since) if since else query
        async with self._engine.connect() as connection:
            return tuple(shapes.read_recipient(row) for row in await connection.execute(query))

    async def note(self, number: int, entries: tuple[Entry, ...]) -> None:
        """See `Roll`."""
        now = time.time()
        values = [shapes.entry_values(number, each, now) for each in entries]
        await execute(self._store, self._note, values)

    async def change_fates(self, number: int, before: Fate, after: Fate) -> int:
        """See `Roll`."""
        mine = update(recipients).where(recipients.c.number == number, recipients.c.status == before.value)

        def work(connection: Connection) -> int:
            return (connection.execute(mine.values(status=after.value))).rowcount

        return await write(self._store, work)

    async def report(self, number: int) -> AsyncIterator[tuple[Entry, ...]]:
        """See `Roll`."""
        last = 0
        while True:
            query = select(recipients).where(recipients.c.number == number, recipients.c.chat_id > last)
            async with self._engine.connect() as connection:
                found = (await connection.execute(query.order_by(recipients.c.chat_id).limit(PAGE))).all()
            if not found:
                return
            yield tuple(shapes.read_entry(row) for row in found)
            last = found[-1].chat_id
