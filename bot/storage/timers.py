"""The stored timers: which are due, and those of appointments that an earlier release knew without any.

Timers are written with the appointment book (`statements`). Knows nothing of what they are for.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, false, func, select

from bot.core.callback_data import LARGEST
from bot.core.reminders import Timer, sendable, timers_of
from bot.storage import engines, mappers
from bot.storage.store import Store, execute, write
from bot.storage.tables import appointments, chats, saved_values, timers

LATE = timedelta(minutes=10)
ARMED_TO = "timers armed to"
"""The name under which the last appointment is saved whose timers were set at the first start."""
LAST = LARGEST
PAGE = 1000
"""Appointments in one transaction."""


class SqlTimerRepository:
    """See `bot.app.reminders.TimerRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def due(self, now: datetime, limit: int) -> tuple[int, ...]:
        """See `TimerRepository`. Those of chats that blocked the bot wait until the chats return."""
        kinds = [each.value for each in sendable(now)]
        query = (
            select(timers.c.chat_id)
            .join(chats, chats.c.chat_id == timers.c.chat_id)
            .where(
                timers.c.due_at <= mappers.office_text(now),
                timers.c.kind.in_(kinds),
                chats.c.is_left == false(),
            )
            .order_by(timers.c.not_after)
            .limit(limit)
        )
        return tuple(row.chat_id for row in await self._store.reader.rows(query))

    async def of_chat(self, chat_id: int) -> tuple[Timer, ...]:
        """See `TimerRepository`."""
        mine = select(appointments.c.appointment_id).where(appointments.c.chat_id == chat_id)
        query = select(timers).where(timers.c.appointment_id.in_(mine)).order_by(timers.c.due_at, timers.c.kind)
        return tuple(map(mappers.read_timer, await self._store.reader.rows(query)))

    async def forget(self, before: datetime) -> None:
        """See `TimerRepository`."""
        late = (timers.c.due_at < mappers.office_text(before), timers.c.not_after < mappers.office_text(before))
        await execute(self._store, delete(timers).where(*late))

    async def counts(self, now: datetime) -> tuple[int, int]:
        """How many timers are due, and how many of them for `LATE`; without those of chats that blocked the bot."""

        def until(at: datetime) -> Any:
            mine = select(func.count()).select_from(timers).join(chats, chats.c.chat_id == timers.c.chat_id)
            return mine.where(timers.c.due_at <= mappers.office_text(at), chats.c.is_left == false()).scalar_subquery()

        (row,) = await self._store.reader.rows(select(until(now).label("due"), until(now - LATE).label("late")))
        return row.due, row.late

    async def arm_known(self, now: datetime) -> None:
        """Set the timers of the coming appointments that an earlier release knew. Done once, also over restarts."""
        after = int(await self._store.saved_value(ARMED_TO) or -1)
        insert = engines.insert_ignore(self._store.engine, timers)
        while after < LAST:
            after = await write(self._store, partial(_arm_page, insert, after, mappers.office_text(now)))


def _arm_page(insert: Any, after: int, now: str, connection: Connection) -> int:
    """Set the timers of the next appointments; returns the last of them, or `LAST` if there are no more."""
    number = appointments.c.appointment_id
    page = select(appointments).where(number > after, appointments.c.starts_at > now).order_by(number).limit(PAGE)
    entries = [mappers.read_entry(row) for row in connection.execute(page)]
    if rows := [mappers.timer_row(timer) for entry in entries for timer in timers_of(entry)]:
        connection.execute(insert, rows)
    reached = entries[-1].appointment_id if len(entries) == PAGE else LAST
    connection.execute(
        engines.upsert(connection.engine, saved_values, ["value"]), {"name": ARMED_TO, "value": str(reached)}
    )
    return reached
