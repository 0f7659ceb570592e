"""The stored webhooks of the service. Knows the table, not what a webhook says."""

from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.records import StoredHook, Work
from bot.storage import engines
from bot.storage.store import Store, execute, write
from bot.storage.tables import EVENT_LENGTH, hooks

KEEP = 30 * 24 * 3600.0
"""Seconds for which the id of a webhook is kept: the same event may come again."""
ERROR = 64


class SqlHookRepository:
    """See `bot.app.hook_worker.HookRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = store.reader.read
        self._insert = engines.insert_ignore(store.engine, hooks)

    async def add(self, hook: StoredHook, error: str | None = None) -> None:
        """See `HookRepository`."""
        row = {
            "event_id": hook.event_id[:EVENT_LENGTH],
            "body": hook.body if error is None else None,
            "received_at": hook.received_at,
            "due_at": hook.received_at,
            "done_at": None if error is None else hook.received_at,
            "error": error,
        }
        await write(self._store, lambda connection: connection.execute(self._insert, row))

    async def due(self, now: float, limit: int) -> tuple[StoredHook, ...]:
        """See `HookRepository`."""
        query = (
            select(hooks.c.event_id, hooks.c.body, hooks.c.received_at)
            .where(hooks.c.done_at.is_(None), hooks.c.due_at <= now)
            .order_by(hooks.c.due_at)
            .limit(limit)
        )

        async def look(connection: AsyncConnection) -> list[Any]:
            return list((await connection.execute(query)).all())

        return tuple(StoredHook(row.event_id, row.body or "", row.received_at) for row in await self._read(look))

    async def next_due(self) -> float | None:
        """See `HookRepository`."""
        query = select(func.min(hooks.c.due_at)).where(hooks.c.done_at.is_(None))

        async def look(connection: AsyncConnection) -> float | None:
            found: float | None = await connection.scalar(query)
            return found

        return await self._read(look)

    async def last_received(self) -> float | None:
        """When the last one came."""

        async def look(connection: AsyncConnection) -> float | None:
            found: float | None = await connection.scalar(select(func.max(hooks.c.received_at)))
            return found

        return await self._read(look)

    async def finish(self, event_id: str, error: str | None = None) -> None:
        """See `HookRepository`."""
        await write(self._store, self.done(event_id, error))

    def done(self, event_id: str, error: str | None = None) -> Work:
        """See `HookRepository`. Its body, which may have a name in it, is deleted; its id stays."""
        closed = {"done_at": hooks.c.received_at, "body": None, "error": error[:ERROR] if error else None}
        statement = update(hooks).where(hooks.c.event_id == event_id).values(closed)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        return work

    def postponed(self, event_id: str, until: float) -> Work:
        """See `HookRepository`."""
        statement = update(hooks).where(hooks.c.event_id == event_id).values(due_at=until)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        return work

    async def forget_done(self, now: float) -> None:
        """Drop the ids that are old."""
        await execute(self._store, delete(hooks).where(hooks.c.done_at < now - KEEP))
