"""The whole bot in the test's own process (`bot.bootstrap.running`), on both stand-ins over HTTP, with its citizens.

No test waits for a fixed time: after each action of a citizen it waits until the bot is idle. The clock says Monday
morning, before the offices open; a test may put it forward.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot import bootstrap
from bot.app.attempt import LookupDelays
from bot.sandbox.moncreneau import MoncreneauSandbox, default_departments
from bot.sandbox.moncreneau import create_app as moncreneau
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram
from bot.sandbox.telegram.config import ADMIN_ID
from bot.sandbox.telegram.world import World
from bot.settings import Settings, read_settings
from tests.e2e.citizen import Citizen
from tests.e2e.phone import new_phone
from tests.e2e.services import CREDITS, PLENTY, Services
from tests.e2e.waiting import eventually
from tests.storage.databases import Database, database_of_this_run

MONDAY = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
"""When the clock starts: before the offices open."""
LOOKUPS = LookupDelays(lost=(0.2, 0.4, 0.6, 0.8), timed_out=(0.5, 1.0, 2.0, 4.0), resumed=(0.2, 2.0))
"""Shorter than in production: the stand-in's lists are up to date at once."""
Json = dict[str, Any]


class Clock:
    """Starts at MONDAY and runs at normal speed; a test may put it forward for a while."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return MONDAY + timedelta(seconds=time.monotonic() - self._began) + self._ahead

    def pass_(self, span: timedelta) -> None:
        """Put it forward permanently."""
        self._ahead += span

    @contextmanager
    def put_forward(self, **span: float) -> Iterator[None]:
        before, self._ahead = self._ahead, self._ahead + timedelta(**span)
        try:
            yield
        finally:
            self._ahead = before


@dataclass(slots=True)
class RunningBot:
    """The bot, its database and both stand-ins. It can be stopped and started again, as often as a test wants."""

    services: Services
    settings: Settings
    clock: Clock
    world: World
    """The state of the stand-in for Telegram."""
    folder: Path
    database: Database
    _app: bootstrap.App | None = None
    _exit_stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, **changes: Any) -> None:
        """Start the bot, with these settings changed."""
        settings = self.settings.model_copy(update=changes)
        self._app = await self._exit_stack.enter_async_context(bootstrap.running(settings, self.clock, LOOKUPS))

    async def stop(self) -> None:
        """Stop it as SIGTERM would."""
        self._app = None
        await self._exit_stack.aclose()

    async def restart(self) -> None:
        """Stop it and start it again."""
        await self.stop()
        await self.start()

    @property
    def app(self) -> bootstrap.App:
        """The parts of the bot that runs."""
        assert self._app, "the bot is not running"
        return self._app

    def is_idle(self) -> bool:
        """Whether no update, attempt or message is open."""
        app = self.app
        busy = app.conversations.waiting or app.attempt_worker.open or app.outbox.waiting
        return not busy and not self.world.updates.pending()

    async def wait_until_idle(self) -> None:
        """Wait until the bot has nothing left to do."""
        await eventually("the bot has nothing left to do", self._has_nothing_left, pause=0.004)

    async def _has_nothing_left(self) -> bool:
        # An update that comes by webhook is in the inbox before Telegram forgets it and before conversations know it.
        if self.world.updates.pending():
            return False
        is_passed_on = self.app.inbox_feed is None or not await self.app.store.open_update_ids()
        return is_passed_on and self.is_idle()

    async def recover(self) -> None:
        """Clear all faults. A bot whose circuit breaker is open restarts, rather than wait for its next probe."""
        await self.services.clear_faults()
        if self._app and not self.app.gateway.stats().reachable:
            await self.restart()

    async def reset(self) -> None:
        """Restart with an empty database, and without memory of the API's rate limit."""
        await self.stop()
        self.database.empty()
        await self.start()

    async def citizen(
        self, language: str | None = "fr", first_name: str = "Aïssatou", last_name: str = "Bah"
    ) -> Citizen:
        """A citizen who is new to the bot."""
        phone = await new_phone(self.services.telegram, first_name, language or "", last_name)
        return Citizen(phone, self.wait_until_idle, self.services)

    async def inject_api_fault(
        self, kind: str, method: str | None = None, path: str | None = None, **fault: Any
    ) -> None:
        """Add a fault to the stand-in for moncreneau."""
        match = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        await self.services.inject_faults(moncreneau=[{"kind": kind, "match": match} | fault])


@asynccontextmanager
async def stopped_bot(
    folder: Path, clock: Clock | None = None, database_url: str = "", **sandbox: Any
) -> AsyncIterator[RunningBot]:
    """Both stand-ins, and a bot that is not started. `sandbox` are arguments of `MoncreneauSandbox`."""
    clock = clock or Clock()
    api = MoncreneauSandbox(
        **{"departments": default_departments(), "credits": CREDITS, "rate_limit": PLENTY, "clock": clock, **sandbox}
    )
    chats = telegram(TelegramSandbox(limits=None))
    with database_of_this_run(folder, database_url) as database:
        async with (
            serving(moncreneau(api)) as moncreneau_url,
            serving(chats) as telegram_url,
            httpx.AsyncClient(base_url=telegram_url, timeout=60) as telegram_client,
            httpx.AsyncClient(base_url=moncreneau_url, timeout=60) as moncreneau_client,
        ):
            services = Services(telegram_client, moncreneau_client)
            given = {name.lower(): value for name, value in services.settings.items()}
            given["database_url"] = database.url
            settings = read_settings(_env_file=None, admin_ids=frozenset({ADMIN_ID}), **given)
            bot = RunningBot(services, settings, clock, chats.state.world, folder, database)
            try:
                yield bot
            finally:
                await bot.stop()


@asynccontextmanager
async def running_bot(
    folder: Path, clock: Clock | None = None, database_url: str = "", **sandbox: Any
) -> AsyncIterator[RunningBot]:
    """Both stand-ins and the bot, started, on the database of this run or at `database_url`."""
    async with stopped_bot(folder, clock, database_url, **sandbox) as bot:
        await bot.start()
        yield bot
