"""The stored timers: which are due, and those of appointments that an earlier release knew without any.

Timers are written with the appointment book (`statements`). Knows nothing of what they are for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, false, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.reminders import Timer
from bot.storage import mappers
from bot.storage.store import Store
from bot.storage.tables import appointments, chats, timers


class SqlTimerRepository:
    """See `bot.app.scheduler.TimerRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def due(self, now: datetime, limit: int) -> tuple[Timer, ...]:
        """See `TimerRepository`. Those of chats that blocked the bot wait until the chats return."""
        query = (
            select(timers)
            .join(chats, chats.c.chat_id == timers.c.chat_id)
            .where(timers.c.due_at <= mappers.office_text(now), chats.c.is_left == false())
            .order_by(timers.c.due_at)
            .limit(limit)
        )
        return tuple(map(mappers.read_timer, await self._all(query)))

    async def of_chat(self, chat_id: int) -> tuple[Timer, ...]:
        """See `TimerRepository`."""
        mine = select(appointments.c.appointment_id).where(appointments.c.chat_id == chat_id)
        query = select(timers).where(timers.c.appointment_id.in_(mine)).order_by(timers.c.due_at, timers.c.kind)
        return tuple(map(mappers.read_timer, await self._all(query)))

    async def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async def look(connection: AsyncConnection) -> Sequence[Row[Any]]:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

        return await self._store.reader.read(look)
