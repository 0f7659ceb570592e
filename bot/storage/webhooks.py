"""The stored webhooks of the service. Knows the table, not what a webhook says."""

from sqlalchemy import Connection, delete, func, select, update

from bot.app.records import StoredWebhook, Work
from bot.core.retention import WEBHOOK_IDS
from bot.storage import engines, mappers
from bot.storage.store import Store, execute, write
from bot.storage.tables import webhooks

KEEP = WEBHOOK_IDS.total_seconds()
ERROR = 64


class SqlWebhookRepository:
    """See `bot.app.webhook_worker.WebhookRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = store.reader
        self._insert = engines.insert_ignore(store.engine, webhooks)

    async def add(self, webhook: StoredWebhook, error: str | None = None) -> None:
        """See `WebhookRepository`."""
        row = mappers.webhook_row(webhook, error)
        await write(self._store, lambda connection: connection.execute(self._insert, row))

    async def due(self, now: float, limit: int) -> tuple[StoredWebhook, ...]:
        """See `WebhookRepository`."""
        query = (
            select(webhooks.c.event_id, webhooks.c.body, webhooks.c.received_at)
            .where(webhooks.c.done_at.is_(None), webhooks.c.due_at <= now)
            .order_by(webhooks.c.due_at)
            .limit(limit)
        )
        rows = await self._reader.rows(query)
        return tuple(StoredWebhook(row.event_id, row.body or "", row.received_at) for row in rows)

    async def next_due(self) -> float | None:
        """See `WebhookRepository`."""
        query = select(func.min(webhooks.c.due_at)).where(webhooks.c.done_at.is_(None))
        found: float | None = await self._reader.scalar(query)
        return found

    async def last_received(self) -> float | None:
        """When the last one came."""
        found: float | None = await self._reader.scalar(select(func.max(webhooks.c.received_at)))
        return found

    async def finish(self, event_id: str, error: str | None = None) -> None:
        """See `WebhookRepository`."""
        await write(self._store, self.done(event_id, error))

    def done(self, event_id: str, error: str | None = None) -> Work:
        """See `WebhookRepository`. Its body, which may have a name in it, is deleted; its id stays."""
        closed = {"done_at": webhooks.c.received_at, "body": None, "error": error[:ERROR] if error else None}
        statement = update(webhooks).where(webhooks.c.event_id == event_id).values(closed)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        return work

    def postponed(self, event_id: str, until: float) -> Work:
        """See `WebhookRepository`."""
        statement = update(webhooks).where(webhooks.c.event_id == event_id).values(due_at=until)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        return work

    async def forget_done(self, now: float) -> None:
        """Drop the ids that are old."""
        await execute(self._store, delete(webhooks).where(webhooks.c.done_at < now - KEEP))
