"""Stores what a process receives that does not lead, and tells the one that leads (PostgreSQL).

It inserts what is new and changes nothing, so it needs no lease: two processes may store the same update. A
notification is a hint only; the leader also looks by itself. Knows nothing of what updates and webhooks mean.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from bot.app.backoff import Backoff
from bot.app.ports import StoreUnavailableError
from bot.app.reachability import ReachabilityLog
from bot.app.records import StoredUpdate, StoredWebhook
from bot.storage import engines, mappers
from bot.storage.tables import inbox, webhooks

log = logging.getLogger(__name__)
CHANNEL = "moncreneau_bot_inbox"
NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', '')")
LISTEN = text(f"LISTEN {CHANNEL}")
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
TICK = 5.0
"""Seconds without a notification after which the listener looks whether its session still lives."""


class InboxWriter:
    """Connections of its own. `close` it after use."""

    def __init__(self, url: str) -> None:
        self._engine = engines.engine_for(url)
        self._add_updates = engines.insert_ignore(self._engine, inbox)
        self._add_webhooks = engines.insert_ignore(self._engine, webhooks)
        self._reachability = ReachabilityLog("the database (receiving)", failures=1)

    async def receive(self, updates: Sequence[StoredUpdate]) -> None:
        """Store the updates that the inbox does not have; returns after the commit. Raises `StoreUnavailableError`."""
        now = time.time()
        await self._insert(self._add_updates, [mappers.update_row(each, now) for each in updates])

    async def add(self, webhook: StoredWebhook, error: str | None = None) -> None:
        """Store a webhook, unless its event is known, as `WebhookRepository.add` does. Raises as `receive`."""
        await self._insert(self._add_webhooks, [mappers.webhook_row(webhook, error)])

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    async def _insert(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.execute(statement, rows)
                await connection.execute(NOTIFY)
        except Exception as error:
            if not engines.is_passing(error):
                raise
            self._reachability.failed(f"{engines.cause(error)}; senders repeat what is not stored")
            raise StoreUnavailableError from None
        self._reachability.succeeded()


async def listen(url: str, on_stored: Callable[[], None]) -> None:
    """Call `on_stored` whenever another process has stored something, until cancelled.

    After each new connection it is called too: what was told meanwhile is not told again.
    """
    engine = engines.engine_for(url)
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    try:
        while True:
            try:
                await _listen(engine, on_stored, backoff)
            except Exception as error:  # noqa: BLE001 — whatever the error, the leader looks by itself meanwhile
                log.debug("the notifications of the inbox are interrupted: %s", engines.cause(error))
            await asyncio.sleep(backoff.pause())
    finally:
        await engine.dispose()


async def _listen(engine: Any, on_stored: Callable[[], None], backoff: Backoff) -> None:
    async with engine.connect() as opened:
        connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(LISTEN)
        driver = (await connection.get_raw_connection()).driver_connection
        backoff.reset()
        on_stored()
        while True:
            async with contextlib.aclosing(driver.notifies(timeout=TICK)) as notifications:
                async for _ in notifications:
                    on_stored()
            await connection.execute(text("SELECT 1"))
