"""A run with a busy office: citizens book, move and cancel, the office changes what it likes, webhooks are doubled,
shuffled, late and lost, the bot is killed, and the clock jumps. Then chats and ledger are compared.
"""

import asyncio
import contextlib
import random
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import CALLED
from tests.e2e.fault_injection import Kills, ProcessKiller, faults_of_moncreneau
from tests.e2e.log_check import find_private, names_in
from tests.e2e.office_check import ChatCheck, Evidence, OfficeCheck, OfficeLog
from tests.e2e.phone import new_phone
from tests.e2e.restless_citizen import RestlessCitizen
from tests.e2e.services import OFFICES, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.e2e.words import Words
from tests.storage.databases import Database, sqlite_database

Json = dict[str, Any]
SECRET = "whsec_office_run"
HOUR = 3600.0
NOTICE = timedelta(hours=24)
"""How long before an appointment the office changes it at the latest."""
LIFETIMES, DEEPEST = (1.0, 8.0), 40
"""Of the bot: seconds until a kill, and how often a failpoint is reached before it."""
MENDED = 150.0
"""Seconds within which everything must be told at the end."""
LEFT = (
    "SELECT 1 FROM attempts WHERE settled_at IS NULL LIMIT 1",
    "SELECT 1 FROM outbox LIMIT 1",
    "SELECT 1 FROM hooks WHERE done_at IS NULL LIMIT 1",
)
"""What is left to do; nothing at rest."""
WEBHOOK_FAULTS = (
    {"kind": "duplicate", "count": 2, "probability": 0.3},
    {"kind": "shuffle", "count": 4, "probability": 0.3},
    {"kind": "delay", "seconds": 3, "probability": 0.2},
    {"kind": "wrong_secret", "probability": 0.05},
)
LOST_WEBHOOKS = {"kind": "drop", "probability": 0.05}


@dataclass(frozen=True, slots=True)
class OfficeScale:
    """The size of a run: it ends when there are as many kills and moves, or after `seconds`."""

    citizens: int
    kills: int
    moves: int = 0
    seconds: float = 1200
    office_pause: float = 0.5
    """Seconds between two actions of the office, on average."""
    jump: tuple[float, float] = (2 * HOUR, 10 * HOUR)
    """The clock jumps so far after every second kill."""
    weight: float = 0.01
    """How likely each fault of the API is."""
    lost: bool = True
    """Whether some webhooks are lost."""


@dataclass(slots=True)
class OfficeReport:
    """The result of a run."""

    check: OfficeCheck
    kills: Kills
    office: Counter[str]
    webhooks: Counter[str]
    appointments: int
    days: float
    seconds: float
    record: Json
    """Ledger, chats, deliveries and kills, to find a cause with."""
    log: str
    differences: list[str]
    private: list[str] = field(default_factory=list)
    """Names and chat ids in the log."""

    @property
    def faults(self) -> list[str]:
        """Everything that went wrong."""
        return [*self.differences, *self.private]


class OfficeRun:
    """One run."""

    def __init__(
        self, services: Services, process: BotProcess, database: Database, seed: int, scale: OfficeScale
    ) -> None:
        self._services = services
        self._process = process
        self._database = database
        self._scale = scale
        self._rng = _random(seed)
        self._ahead = 0.0
        self._began = time.monotonic()
        self._kill_times: list[float] = []
        self._office = OfficeLog()
        self._citizens: list[RestlessCitizen] = []
        self._moves = 0
        self._start = datetime.now(UTC)

    async def run(self) -> OfficeReport:
        """Run, wait until all is told, and compare."""
        scale, dice = self._scale, _random(self._rng.random())
        killer = ProcessKiller(self._process, dice, LIFETIMES, deepest=DEEPEST, after_kill=self._after_kill)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self._process.settings |= {"HTTP_PORT": str(port), "MONCRENEAU_WEBHOOK_SECRET": SECRET, "MAX_MOVES": "0"}
        await self._post(
            "webhooks", {"url": f"http://127.0.0.1:{port}/hooks/moncreneau", "secret": SECRET, "timeFactor": 0.01}
        )
        await self._post("webhooks/faults", [*WEBHOOK_FAULTS, *([LOST_WEBHOOKS] if scale.lost else [])])
        await self._jump((_next_monday() - datetime.now(UTC)).total_seconds())
        self._start = self._now()
        self._citizens = [await self._citizen(number) for number in range(scale.citizens)]
        if scale.weight:
            await self._services.inject_faults(moncreneau=faults_of_moncreneau(scale.weight))

        def is_enough() -> bool:
            return (killer.kills.total >= scale.kills and self._moves >= scale.moves) or self._is_over()

        killing = asyncio.create_task(killer.run(is_enough))
        lives = [asyncio.create_task(each.live(is_enough)) for each in self._citizens]
        working = asyncio.create_task(self._work(is_enough))
        try:
            await asyncio.gather(killing, working, *lives)
        finally:
            for task in (killing, working, *lives):
                task.cancel()
        await self._services.clear_faults()
        await self._services.moncreneau.delete("/__sandbox/webhooks/faults")
        faults = await self._rest()
        check, known = await self._check(), await self._services.ledger()
        ledger, names = known["appointments"], names_in(known)
        if self._process.running and await self._process.stop() != 0:
            faults.append("the bot did not stop with 0")
        return OfficeReport(
            check,
            killer.kills,
            self._office.changes,
            Counter(each["state"] for each in await self._deliveries()),
            len(ledger),
            (self._now() - self._start).total_seconds() / 24 / HOUR,
            time.monotonic() - self._began,
            {
                "ledger": ledger,
                "kills": self._kill_times,
                "deliveries": await self._deliveries(),
                "office": {number: [str(at) for at in times] for number, times in self._office.before.items()},
                "chats": {each.phone.chat_id: await each.phone.transcript() for each in self._citizens},
            },
            self._process.log,
            [*faults, *check.faults],
            find_private(self._process.log, (each.phone.chat_id for each in self._citizens), [*names, CALLED]),
        )

    def _is_over(self) -> bool:
        return time.monotonic() - self._began > self._scale.seconds

    async def _citizen(self, number: int) -> RestlessCitizen:
        language = ("fr", "en")[number % 2]
        phone = await new_phone(self._services.telegram, f"{CALLED} {number}", language)
        offices = tuple(office.name for office in OFFICES)
        return RestlessCitizen(phone, Words(language), offices, _random(self._rng.random()))

    # --- the clock ---------------------------------------------------------------------------------------------------

    async def _after_kill(self) -> None:
        self._kill_times.append(self._now().timestamp())
        if len(self._kill_times) % 2 == 0:
            await self._jump(self._rng.uniform(*self._scale.jump))

    async def _jump(self, seconds: float) -> None:
        """Move all three clocks; the bot's at its next start."""
        self._ahead += seconds
        self._process.settings["BOT_CLOCK_AHEAD"] = str(self._ahead)
        for service in (self._services.telegram, self._services.moncreneau):
            (await service.post("/__sandbox/clock", json={"advance": seconds})).raise_for_status()

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    # --- the office --------------------------------------------------------------------------------------------------

    async def _work(self, is_enough: Any) -> None:
        while not is_enough():
            await asyncio.sleep(self._rng.uniform(0, 2 * self._scale.office_pause))
            ledger = (await self._services.ledger())["appointments"]
            self._moves = _moves(ledger)
            now = self._now().replace(tzinfo=None)
            standing = [each for each in ledger if each["status"] == "SCHEDULED"]
            later = [each for each in standing if _at(each) > now + NOTICE]
            past = [each for each in standing if now - timedelta(hours=12) < _at(each) < now]
            dice = self._rng.random()
            if past and dice < 0.5:
                await self._act(self._rng.choice(past), self._rng.choice(("validate", "no-show")))
            elif later and dice < 0.7:
                await self._act(self._rng.choice(later), "cancel", reason="Grève")
            elif later and dice < 0.95:
                entry = self._rng.choice(later)
                if at := await self._free(entry["departmentId"], now):
                    self._office.before[entry["id"]].append(_at(entry))
                    await self._act(entry, "move", dateTime=at)
            else:
                await self._book(now)

    async def _free(self, department: int, now: datetime) -> str:
        answer = await self._services.moncreneau.get(f"/__sandbox/departments/{department}/slots")
        slots = [each for each in answer.json()["slots"] if datetime.fromisoformat(each) > now + NOTICE]
        return self._rng.choice(slots[:200]) if slots else ""

    async def _act(self, entry: Json, what: str, **how: Any) -> None:
        answer = await self._services.moncreneau.post(f"/__sandbox/appointments/{entry['id']}/{what}", json=how)
        # Cancelled by the citizen a moment ago.
        assert answer.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST}, answer.text
        self._office.changes[what] += answer.is_success
        if what == "move" and not answer.is_success:
            self._office.before[entry["id"]].pop()

    async def _book(self, now: datetime) -> None:
        citizen, office = self._rng.choice(self._citizens), OFFICES[0]
        at = await self._free(office.id, now)
        name = f"Invité {self._office.changes['book']}"
        body = {"chat": citizen.phone.chat_id, "departmentId": office.id, "dateTime": at, "name": name}
        if at and await citizen.phone.look(everything=True):  # a chat that the bot knows
            self._office.changes["book"] += (
                await self._services.moncreneau.post("/__sandbox/appointments", json=body)
            ).is_success

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _rest(self) -> list[str]:
        """Let a day pass without webhooks, so that all is read again, until nothing is left to tell."""
        faults: list[str] = []
        for what, look in (
            ("all is sent and settled", self._is_at_rest),
            ("all webhooks are delivered", self._is_delivered),
        ):
            try:
                await eventually(what, look, within=MENDED)
            except AssertionError as error:
                faults.append(str(error))
        await self._process.stop()
        self._kill_times.append(self._now().timestamp())
        await self._jump(25 * HOUR)
        await self._process.start()
        for each in self._citizens:
            await each.phone.say("/appointments")

        async def is_all_told() -> bool:
            return self._is_at_rest() and not (await self._check()).faults

        with contextlib.suppress(AssertionError):  # the last check says what is wrong
            await eventually("all is told", is_all_told, within=MENDED, pause=2)
        return faults

    def _is_at_rest(self) -> bool:
        open_attempts, unsent, hooks = map(self._database.rows, LEFT)
        return not (open_attempts or unsent or hooks)

    async def _is_delivered(self) -> bool:
        return all(each["state"] in {"delivered", "dropped"} for each in await self._deliveries())

    async def _deliveries(self) -> list[Json]:
        found: list[Json] = (await self._services.moncreneau.get("/__sandbox/webhooks")).json()["deliveries"]
        return found

    async def _check(self) -> OfficeCheck:
        found = OfficeCheck()
        ledger = (await self._services.ledger())["appointments"]
        lost = {each["appointmentId"] for each in await self._deliveries() if each["state"] == "dropped"}
        seen = Evidence(ledger, self._office, self._kill_times, lost, self._now().replace(tzinfo=None))
        for each in self._citizens:
            ChatCheck(found, each.phone.chat_id, each.words, await each.phone.transcript(), seen).run()
        return found

    async def _post(self, what: str, body: Any) -> None:
        (await self._services.moncreneau.post(f"/__sandbox/{what}", json=body)).raise_for_status()


async def run_with_office(
    folder: Path, seed: int, scale: OfficeScale, database: Database | None = None
) -> OfficeReport:
    """Run once, on SQLite unless a database is given."""
    database = database or sqlite_database(folder)
    async with separate_bot(folder, seed, database.url) as (services, process):
        return await OfficeRun(services, process, database, seed, scale).run()


def _at(entry: Json) -> datetime:
    return datetime.fromisoformat(entry["dateTime"])


def _moves(ledger: list[Json]) -> int:
    """How many appointments were replaced by a later one of the same name."""
    return len(ledger) - len({(each["externalUserId"], each["name"]) for each in ledger})


def _next_monday() -> datetime:
    """Monday of next week, before the offices open."""
    now = datetime.now(UTC)
    return (now + timedelta(days=7 - now.weekday())).replace(hour=7, minute=30, second=0)


def _random(seed: float) -> random.Random:
    return random.Random(seed)  # noqa: S311 — the same run again is the point
