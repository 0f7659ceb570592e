"""The world around the bot: both stand-ins on loopback, their misbehaviour, and what they saw.

Everything is said to them over HTTP, as anybody could.
"""

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

CREDITS = 1_000_000
PLENTY = 10_000_000
"""Requests an hour: the budget is not what these tests are about."""
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
class Town:
    """Both services, seen from behind the counter."""

    telegram: httpx.AsyncClient
    moncreneau: httpx.AsyncClient

    @property
    def settings(self) -> dict[str, str]:
        """What the bot must know to find its way here. Pacing is off: these tests are about something else."""
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": str(self.telegram.base_url).rstrip("/"),
            "MONCRENEAU_API_KEY": DEMO_KEY,
            "MONCRENEAU_API_URL": f"{str(self.moncreneau.base_url).rstrip('/')}/api/v1",
            "TELEGRAM_RATE": "0",
            "TELEGRAM_CHAT_RATE": "0",
        }

    async def ledger(self) -> Json:
        """Everything that the office ever did."""
        answer: Json = (await self.moncreneau.get("/__sandbox/ledger")).json()
        return answer

    async def appointments(self, chat_id: int) -> list[Json]:
        """What the office has for one citizen, of every status."""
        every = (await self.ledger())["appointments"]
        return [each for each in every if each["externalUserId"] == f"telegram:{chat_id}"]

    async def calls(self) -> dict[str, dict[str, int]]:
        """The calls at Telegram: method, then status, then how many."""
        answer: Json = (await self.telegram.get("/__sandbox/calls")).json()
        methods: dict[str, dict[str, int]] = answer["methods"]
        return methods

    async def pending(self) -> int:
        """How many updates Telegram still keeps for the bot."""
        answer: Json = (await self.telegram.get("/__sandbox/updates")).json()
        return int(answer["pending"])

    async def inject(self, *updates: Json) -> None:
        """Let Telegram deliver these, sense or nonsense."""
        (await self.telegram.post("/__sandbox/updates", json=list(updates))).raise_for_status()

    async def misbehave(self, *, telegram: list[Json] | None = None, moncreneau: list[Json] | None = None) -> None:
        """Add faults."""
        if telegram:
            (await self.telegram.post("/__sandbox/faults", json=telegram)).raise_for_status()
        if moncreneau:
            (await self.moncreneau.post("/__sandbox/faults", json=moncreneau)).raise_for_status()

    async def behave(self) -> int:
        """End all faults; returns how often they struck."""
        struck = 0
        for client, key in ((self.telegram, "hits"), (self.moncreneau, "fired")):
            faults = (await client.get("/__sandbox/faults")).json()
            faults = faults["faults"] if isinstance(faults, dict) else faults
            struck += sum(each[key] for each in faults)
            (await client.delete("/__sandbox/faults")).raise_for_status()
        return struck


@asynccontextmanager
async def town(
    folder: Path, seed: int = 0, database_url: str = "", **office: Any
) -> AsyncIterator[tuple[Town, BotProcess]]:
    """Both services and a bot that is not started; a bot that still runs at the end is killed."""
    api = MoncreneauSandbox(
        **{"departments": OFFICES, "credits": CREDITS, "rate_limit": PLENTY, "seed": seed, **office}
    )
    chats = TelegramSandbox(limits=None, people=(), seed=seed)
    limits = httpx.Limits(max_connections=64)
    async with (
        serving(moncreneau(api)) as moncreneau_url,
        serving(telegram(chats)) as telegram_url,
        httpx.AsyncClient(base_url=telegram_url, timeout=60, limits=limits) as telegram_client,
        httpx.AsyncClient(base_url=moncreneau_url, timeout=60, limits=limits) as moncreneau_client,
    ):
        here = Town(telegram_client, moncreneau_client)
        bot = BotProcess(folder, here.settings | ({"DATABASE_URL": database_url} if database_url else {}))
        try:
            yield here, bot
        finally:
            await bot.kill()
