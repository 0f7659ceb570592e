"""The whole bot in the test's own process (`bot.bootstrap.running`), on both stand-ins over HTTP, with its citizens.

Nobody waits for a time here: after everything that a citizen does, the house is given until it has nothing left to do.
It is Monday morning at the offices, and as much later as a test says.
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
from tests.e2e.services import CREDITS, PLENTY, Town
from tests.e2e.waiting import eventually

MONDAY = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
"""When the tests take place: before the offices open."""
LOOKUPS = LookupDelays(lost=(0.2, 0.4, 0.6, 0.8), timed_out=(0.5, 1.0, 2.0, 4.0), resumed=(0.2, 2.0))
"""Shorter than in earnest: the stand-in does at once what it does."""
Json = dict[str, Any]


class Clock:
    """Begins at MONDAY and goes as clocks do; a test may put it forward, and back again."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return MONDAY + timedelta(seconds=time.monotonic() - self._began) + self._ahead

    @contextmanager
    def put_forward(self, **span: float) -> Iterator[None]:
        self._ahead = timedelta(**span)
        try:
            yield
        finally:
            self._ahead = timedelta()


@dataclass(slots=True)
class House:
    """Both services, one database, and the bot that lives on them, through as many lives as the test gives it."""

    town: Town
    settings: Settings
    clock: Clock
    world: World
    """The state of the stand-in for Telegram."""
    folder: Path
    parts: bootstrap.App | None = None
    _life: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, **changes: Any) -> None:
        """Begin a life, with other settings where the test says so."""
        settings = self.settings.model_copy(update=changes)
        self.parts = await self._life.enter_async_context(bootstrap.running(settings, self.clock, LOOKUPS))

    async def stop(self) -> None:
        """End the life in good order."""
        self.parts = None
        await self._life.aclose()

    async def restart(self) -> None:
        """One life after another."""
        await self.stop()
        await self.start()

    @property
    def open(self) -> bootstrap.App:
        """The parts of the present life."""
        assert self.parts, "the bot is not running"
        return self.parts

    def is_idle(self) -> bool:
        """Whether everything is heard, done, settled and said."""
        parts = self.open
        busy = parts.conversations.waiting or parts.attempt_worker.open or parts.outbox.waiting
        return not busy and not self.world.updates.pending()

    async def settles(self) -> None:
        """Wait until the bot has nothing left to do."""
        await eventually("the bot has nothing left to do", self.is_idle, pause=0.004)

    async def calms_down(self) -> None:
        """End what misbehaves; a bot that holds the API for down begins anew rather than wait for its next look."""
        await self.town.behave()
        if self.parts and not self.open.gateway.stats().reachable:
            await self.restart()

    async def forgets(self) -> None:
        """Begin anew with an empty database, and with no memory of the API's budget."""
        await self.stop()
        for each in self.folder.iterdir():
            each.unlink()
        await self.start()

    async def citizen(
        self, language: str | None = "fr", first_name: str = "Aïssatou", last_name: str = "Bah"
    ) -> Citizen:
        """Somebody whom the bot never met."""
        phone = await new_phone(self.town.telegram, first_name, language or "", last_name)
        return Citizen(phone, self.settles, self.town)

    async def office(self, kind: str, method: str | None = None, path: str | None = None, **fault: Any) -> None:
        """Let moncreneau misbehave from now on."""
        match = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        await self.town.misbehave(moncreneau=[{"kind": kind, "match": match} | fault])


@asynccontextmanager
async def standing(
    folder: Path, clock: Clock | None = None, database_url: str = "", **office: Any
) -> AsyncIterator[House]:
    """Both services, and a bot that is not started."""
    clock = clock or Clock()
    api = MoncreneauSandbox(
        **{"departments": default_departments(), "credits": CREDITS, "rate_limit": PLENTY, "clock": clock, **office}
    )
    chats = telegram(TelegramSandbox(limits=None))
    async with (
        serving(moncreneau(api)) as moncreneau_url,
        serving(chats) as telegram_url,
        httpx.AsyncClient(base_url=telegram_url, timeout=60) as telegram_client,
        httpx.AsyncClient(base_url=moncreneau_url, timeout=60) as moncreneau_client,
    ):
        town = Town(telegram_client, moncreneau_client)
        given = {name.lower(): value for name, value in town.settings.items()}
        given["database_url"] = database_url or f"sqlite+aiosqlite:///{folder / 'bot.db'}"
        settings = read_settings(_env_file=None, admin_ids=frozenset({ADMIN_ID}), **given)
        house = House(town, settings, clock, chats.state.world, folder)
        try:
            yield house
        finally:
            await house.stop()


@asynccontextmanager
async def inhabited(
    folder: Path, clock: Clock | None = None, database_url: str = "", **office: Any
) -> AsyncIterator[House]:
    """Both services and the bot at work, on a database in the folder or the one that is named."""
    async with standing(folder, clock, database_url, **office) as house:
        await house.start()
        yield house
