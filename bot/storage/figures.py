"""Looks at the tables that no citizen waits for: what was set aside. Reads only."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.tables import inbox


@dataclass(frozen=True, slots=True)
class Poison:
    """An update on which our own code failed for the last time; `at` in Unix seconds, `error` is its name."""

    update_id: int
    error: str
    at: float


async def set_aside(engine: AsyncEngine) -> int:
    """How many updates were set aside."""
    query = select(func.count()).select_from(inbox).where(inbox.c.error.is_not(None))
    async with engine.connect() as connection:
        return await connection.scalar(query) or 0


async def poison(engine: AsyncEngine, most: int) -> tuple[Poison, ...]:
    """The updates that were set aside, the newest first, at most so many."""
    query = select(inbox.c.update_id, inbox.c.error, inbox.c.done_at).where(inbox.c.error.is_not(None))
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(inbox.c.done_at.desc()).limit(most))
        return tuple(Poison(row.update_id, row.error, row.done_at or 0.0) for row in rows)
