"""An office changes appointments at random while the bot is killed and webhooks come doubled and shuffled.

In the end what every citizen was last told of each appointment is what the ledger has, and nobody was told more often
than something changed, except where a kill made the outbox repeat itself.
"""

import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import SEED, seed_of_this_run
from tests.e2e.log_check import find_private
from tests.e2e.phone import Phone, Shown, new_phone
from tests.e2e.services import Services, separate_bot
from tests.e2e.waiting import eventually

CHATS, ACTIONS, KILLS = 8, 40, 10
PATIENCE, SETTLING = 8.0, 15
"""Seconds to wait for all webhooks, and how often the bot is started again a minute ahead."""
pytestmark = pytest.mark.timeout(300)
SECRET = "whsec_crash"
Json = dict[str, Any]


@dataclass(slots=True)
class Run:
    """The services, the bot, its citizens, and what was done to each appointment."""

    services: Services
    bot: BotProcess
    settings: dict[str, str]
    rng: Random
    phones: list[Phone] = field(default_factory=list)
    changes: dict[int, int] = field(default_factory=dict)
    kills: int = 0

    async def control(self, path: str, body: Json | list[Json]) -> Json:
        answer = await self.services.moncreneau.post(f"/__sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        found: Json = answer.json() if answer.content else {}
        return found

    async def start(self) -> None:
        await self.bot.start(crash_at="", ready=True, **self.settings)

    async def kill(self) -> None:
        await self.bot.kill()
        self.kills += 1
        await self.start()

    async def make(self, phone: Phone) -> None:
        """The office books for a citizen."""
        slots = (await self.services.moncreneau.get("/__sandbox/departments/8/slots")).json()["slots"]
        body = {
            "chat": phone.chat_id,
            "departmentId": 8,
            "dateTime": self.rng.choice(slots[20:]),
            "name": "Aïssatou Bah",
        }
        self.changes[(await self.control("appointments", body))["id"]] = 0

    async def change(self) -> None:
        """The office moves or cancels an appointment that stands."""
        standing = [each for each in (await self.services.ledger())["appointments"] if each["status"] == "SCHEDULED"]
        chosen = self.rng.choice(standing)
        if len(standing) > CHATS // 2 and self.rng.random() < 0.25:
            await self.control(f"appointments/{chosen['id']}/cancel", {"reason": "Grève"})
        else:
            at = datetime.fromisoformat(chosen["dateTime"]) + timedelta(days=1, minutes=self.rng.randrange(1, 59))
            await self.control(f"appointments/{chosen['id']}/move", {"dateTime": at.isoformat(timespec="seconds")})
        self.changes[chosen["id"]] += 1

    async def faults(self) -> None:
        kinds: tuple[Json, ...] = (
            {"kind": "duplicate", "count": 3},
            {"kind": "reorder", "count": 3},
            {"kind": "delay", "seconds": 0.3},
        )
        await self.control("webhooks/faults", [self.rng.choice(kinds)])

    async def is_settled(self) -> bool:
        """Whether every webhook was delivered and processed, and every message sent."""
        told = (await self.services.moncreneau.get("/__sandbox/webhooks")).json()["deliveries"]
        if any(each["state"] not in {"delivered", "dropped"} for each in told):
            return False
        return not self.open_hooks() and not self.bot.database.rows("SELECT 1 FROM outbox")

    def open_hooks(self) -> list[Any]:
        """The webhooks that were received and not processed."""
        return self.bot.database.rows("SELECT 1 FROM hooks WHERE done_at IS NULL")

    async def settle(self) -> None:
        """Wait until all is processed. The lookups that rest for a minute are done at once by a clock that is ahead.

        While only the office is late nothing is started again: its pauses could fall on each of these starts.
        """
        for minutes in range(1, SETTLING + 1):
            try:
                await eventually("all webhooks are processed", self.is_settled, within=PATIENCE)
            except AssertionError:
                if minutes == SETTLING:
                    raise
                if not self.open_hooks():
                    continue
                await self.bot.stop()
                self.settings["BOT_CLOCK_AHEAD"] = str(61 * minutes)
                await self.start()

    async def differences(self) -> list[str]:
        """Every difference between the ledger and what the phones show."""
        shown = {phone.chat_id: await phone.look(everything=True) for phone in self.phones}
        found: list[str] = []
        stale: list[Shown] = []
        for each in (await self.services.ledger())["appointments"]:
            chat_id = int(each["externalUserId"].removeprefix("telegram:"))
            told = sorted((one for one in shown[chat_id] if str(each["id"]) in one.text), key=lambda one: one.number)
            number, at = each["id"], datetime.fromisoformat(each["dateTime"])
            pictures, texts = ([one for one in told if one.has_picture is is_it] for is_it in (True, False))
            is_cancelled = each["status"] == "CANCELLED"
            words = "annulé" if is_cancelled else f"{at:%H:%M}"
            if not texts and is_cancelled:
                continue  # made and cancelled while the bot was away, so that there is nothing to tell
            if not texts or words not in texts[-1].text:
                found.append(f"{number} is {each['status']} at {at}, last told: {texts[-1:]}")
            stale += [one for one in texts if is_cancelled and words not in one.text]
            if len(texts) > 1 + self.changes[number] + self.kills:
                found.append(f"{number} changed {self.changes[number]} times and was told {len(texts)} times")
            if len(pictures) > 1 + self.kills:
                found.append(f"{number} has {len(pictures)} pictures")
        if len(stale) > self.kills:  # a copy that a kill kept from being noted cannot be edited
            found.append(f"messages that do not say that it is cancelled: {stale}")
        return found


async def test_what_citizens_were_last_told_is_what_the_ledger_has(tmp_path: Path) -> None:
    seed = seed_of_this_run()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"HTTP_PORT": str(port), "MONCRENEAU_WEBHOOK_SECRET": SECRET}
    sandbox: Json = {
        "webhook_url": f"http://127.0.0.1:{port}/hooks/moncreneau",
        "webhook_secret": SECRET,
        "webhook_time_factor": 0.01,
    }
    async with separate_bot(tmp_path, **sandbox) as (services, bot):
        run = Run(services, bot, settings, Random(seed))  # noqa: S311 — what happens, not a secret
        await run.start()
        for _ in range(CHATS):
            phone = await new_phone(services.telegram, "Aïssatou", "fr", "Bah")
            run.phones.append(phone)
            await phone.say("/start")
            await eventually("the menu", phone.look)
        for each in run.phones:
            await run.make(each)
        kills = set(run.rng.sample(range(ACTIONS), KILLS))
        for number in range(ACTIONS):
            if run.rng.random() < 0.5:
                await run.faults()
            await run.change()
            if number in kills:
                await run.kill()
        await services.moncreneau.delete("/__sandbox/webhooks/faults")
        await run.settle()
        assert run.kills == KILLS
        found = await run.differences()
        found += find_private(bot.log, (each.chat_id for each in run.phones), ["Aïssatou Bah"])
        assert not found, "\n".join([f"{SEED}={seed}", *found, bot.log[-3000:]])
