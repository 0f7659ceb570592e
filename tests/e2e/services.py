"""Both stand-ins on loopback: their faults and what they recorded, through their control endpoints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot.sandbox.moncreneau import DEMO_KEY, Department, MoncreneauSandbox, Organization, Worker
from bot.sandbox.moncreneau import create_app as moncreneau
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram
from bot.sandbox.telegram.config import TOKEN
from tests.e2e.bot_process import BotProcess
from tests.storage.databases import database_of_this_run

CREDITS = 1_000_000
PLENTY = 10_000_000
"""Requests an hour: these tests are not about the rate limit."""
CITY = Organization(1, "Ville de Conakry")
OFFICES = (
    Department(5, "Passeports", CITY, capacity=1),
    Department(8, "Casier judiciaire", CITY, slot_duration=20, capacity=1),
    Department(
        10, "Cartes d’identité", CITY, shows_admins=True, workers=(Worker(42, "Mme Diallo"), Worker(43, "M. Bah"))
    ),
)
Json = dict[str, Any]


@dataclass(slots=True)
class Services:
    """Both stand-ins, as a test sees and controls them."""

    telegram: httpx.AsyncClient
    moncreneau: httpx.AsyncClient

    @property
    def settings(self) -> dict[str, str]:
        """The bot's settings for these services. Rate limits of Telegram are off: these tests are not about them."""
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": str(self.telegram.base_url).rstrip("/"),
            "MONCRENEAU_API_KEY": DEMO_KEY,
            "MONCRENEAU_API_URL": f"{str(self.moncreneau.base_url).rstrip('/')}/api/v1",
            "TELEGRAM_RATE": "0",
            "TELEGRAM_CHAT_RATE": "0",
            "MAX_OPEN": "0",
            "MAX_BOOKINGS_PER_DAY": "0",
            "MAX_MOVES": "0",
        }

    async def ledger(self) -> Json:
        """Everything that the API ever did."""
        answer: Json = (await self.moncreneau.get("/__sandbox/ledger")).json()
        return answer

    async def appointments(self, chat_id: int) -> list[Json]:
        """The appointments of one citizen, of every status."""
        every = (await self.ledger())["appointments"]
        return [each for each in every if each["externalUserId"] == f"telegram:{chat_id}"]

    async def calls(self) -> dict[str, dict[str, int]]:
        """How many calls Telegram had, by method and status."""
        answer: Json = (await self.telegram.get("/__sandbox/calls")).json()
        methods: dict[str, dict[str, int]] = answer["methods"]
        return methods

    async def pending(self) -> int:
        """How many updates Telegram still holds for the bot."""
        answer: Json = (await self.telegram.get("/__sandbox/updates")).json()
        return int(answer["pending"])

    async def pending_updates(self) -> list[Json]:
        """The oldest hundred of them."""
        updates: list[Json] = (await self.telegram.get("/__sandbox/updates")).json()["updates"]
        return updates

    async def inject_updates(self, *updates: Json) -> None:
        """Let Telegram deliver these, valid or not."""
        (await self.telegram.post("/__sandbox/updates", json=list(updates))).raise_for_status()

    async def inject_faults(self, *, telegram: list[Json] | None = None, moncreneau: list[Json] | None = None) -> None:
        """Add faults."""
        if telegram:
            (await self.telegram.post("/__sandbox/faults", json=telegram)).raise_for_status()
        if moncreneau:
            (await self.moncreneau.post("/__sandbox/faults", json=moncreneau)).raise_for_status()

    async def clear_faults(self) -> int:
        """Remove all faults; returns how often they were applied."""
        applied = 0
        for client, key in ((self.telegram, "hits"), (self.moncreneau, "fired")):
            faults = (await client.get("/__sandbox/faults")).json()
            faults = faults["faults"] if isinstance(faults, dict) else faults
            applied += sum(each[key] for each in faults)
            (await client.delete("/__sandbox/faults")).raise_for_status()
        return applied


@asynccontextmanager
async def separate_bot(
    folder: Path, seed: int = 0, database_url: str = "", **sandbox: Any
) -> AsyncIterator[tuple[Services, BotProcess]]:
    """Both stand-ins, and a bot in a process of its own, not started. If it runs at the end, it is killed."""
    api = MoncreneauSandbox(
        **{"departments": OFFICES, "credits": CREDITS, "rate_limit": PLENTY, "seed": seed, **sandbox}
    )
    chats = TelegramSandbox(limits=None, people=(), seed=seed)
    limits = httpx.Limits(max_connections=64)
    with database_of_this_run(folder, database_url) as database:
        async with (
            serving(moncreneau(api)) as moncreneau_url,
            serving(telegram(chats)) as telegram_url,
            httpx.AsyncClient(base_url=telegram_url, timeout=60, limits=limits) as telegram_client,
            httpx.AsyncClient(base_url=moncreneau_url, timeout=60, limits=limits) as moncreneau_client,
        ):
            services = Services(telegram_client, moncreneau_client)
            process = BotProcess(folder, services.settings, database)
            try:
                yield services, process
            finally:
                await process.kill()
