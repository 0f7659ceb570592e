"""The composition root: joins the parts of the bot, starts them in order and stops them in order.

`running(settings)` is the whole bot; the command line and the tests call the same function. It raises `StartError`
with one clear line if the bot cannot work (a token or key that is refused, a database that cannot be used).
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.app.attempt import DELAYS, LookupDelays
from bot.app.ports import Clock
from bot.bootstrap import connections
from bot.bootstrap.connections import StartError
from bot.bootstrap.http import open_port
from bot.bootstrap.leader import lead
from bot.bootstrap.parts import App
from bot.bootstrap.receivers import Receivers
from bot.bootstrap.replica import start_replica
from bot.core.health import HealthReport, ReplicaHealth
from bot.settings import Settings

log = logging.getLogger(__name__)
__all__ = ["App", "StartError", "running"]


def _now() -> datetime:
    return datetime.now(UTC)


def _log_lost(why: str) -> None:
    log.error("%s", why)


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Clock = _now,
    lookups: LookupDelays = DELAYS,
    on_lost: Callable[[str], None] = _log_lost,
) -> AsyncIterator[App]:
    """Run the bot while the block runs; `clock` returns all times that citizens see.

    On PostgreSQL it first waits until this process leads. `on_lost` is called when it no longer does: it can then
    neither send nor store anything, and should end at once.

    Raises `StartError`, and `SettingsError` for an address that no database can have or a wrong `DEPARTMENTS_FILE`.
    """
    app: App | None = None
    is_stopping = False
    connections.check_database_url(settings.database_url)
    lease = connections.new_lease(settings.database_url, on_lost)

    async def report() -> HealthReport | None:
        return await app.health.report() if app else None

    def replica_health() -> ReplicaHealth | None:
        return lease.health() if lease and not is_stopping else None

    receivers = Receivers(settings, clock)
    async with contextlib.AsyncExitStack() as stack:
        try:
            port = open_port(settings, report, receivers, replica_health)
            replica = await start_replica(stack, settings, clock, lookups, receivers, port, lease)
            if lease:
                await stack.enter_async_context(lease.held())
            started = await lead(stack, replica)
        except connections.DATABASE_ERRORS as error:
            # Opening it worked, and reading it did not: some of its pages are damaged, say.
            raise connections.unusable(error) from None
        app = started
        try:
            yield started
        finally:
            app, is_stopping = None, True
