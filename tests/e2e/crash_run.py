"""A crash run: citizens book side by side under faults while the bot is killed; then the ledger is checked."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.bot_process import BotProcess
from tests.e2e.fault_injection import Kills, ProcessKiller, faults_of_moncreneau, faults_of_telegram
from tests.e2e.ledger_check import LedgerCheck, check_ledger, count_duplicates
from tests.e2e.log_check import find_private, names_in
from tests.e2e.patient_citizen import Habits, PatientCitizen
from tests.e2e.phone import new_phone
from tests.e2e.services import CREDITS, OFFICES, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.e2e.words import Words
from tests.storage.databases import Database, sqlite_database

SEED = "CRASH_SEED"
USUAL = Habits()
CALLED = "Citoyen"
"""The name on every phone, before its number."""


def seed_of_this_run() -> int:
    """The seed from the environment, else a new one."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a run."""

    citizens: int
    bookings: int
    kills: int
    seconds: float
    """The time limit."""
    moves: int = 0
    weight: float = 0.03
    """How likely each fault is."""
    long_lifetimes: int = 4
    """One in so many lifetimes of the process is long."""
    every_point: bool = False
    """Kill at every failpoint once, however long it takes to get there."""


class Disturber(Protocol):
    """Starts the bot, disturbs it, and stops it in the end. `kills` counts what it did."""

    @property
    def kills(self) -> Kills: ...

    @property
    def log(self) -> str: ...

    @property
    def faults(self) -> list[str]:
        """What it saw go wrong."""

    async def run(self, enough: Callable[[], bool]) -> None:
        """Disturb until it is enough, then leave the bot running."""

    async def stop(self) -> bool:
        """Stop the bot; whether it ended as it should."""


Disturbing = Callable[[Services, BotProcess, random.Random], AbstractAsyncContextManager[Disturber]]
"""Makes the disturber of a run, for the bot that is not started yet."""


@dataclass(slots=True)
class CrashReport:
    """The result of a run."""

    seed: int
    kills: Kills
    faults_applied: int
    resent: int
    ledger_check: LedgerCheck
    unanswered: list[str]
    seconds: float
    killed: float
    """Seconds until the last kill."""
    log: str
    private: list[str] = field(default_factory=list)
    """Names and chat ids in the log."""

    def table(self) -> str:
        """The counts of the run, one a line."""
        found = self.ledger_check
        rows = {
            "seed": self.seed,
            "seconds": round(self.seconds),
            "bookings confirmed and ticket seen": found.bookings,
            "moved and new ticket seen": found.moves,
            "cancelled and told": found.cancellings,
            "given up in time": found.given_up,
            "presses sent twice": self.resent,
            "kills": self.kills.total,
            "  over after (s)": round(self.killed),
            "  at random": self.kills.at_random,
            **{f"  at: {point}": times for point, times in sorted(self.kills.named.items())},
            "faults injected": self.faults_applied,
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "otherwise wrong": len(found.wrong),
            "left without an answer": len(self.unanswered),
            "private in the log": len(self.private),
            "duplicate tickets and notices": found.duplicates,
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())

    @property
    def faults(self) -> list[str]:
        """Everything that went wrong."""
        return [*self.ledger_check.faults, *self.unanswered, *self.private]


async def run_with_crashes(
    folder: Path,
    seed: int,
    scale: Scale,
    database: Database | None = None,
    disturbing: Disturbing | None = None,
    **sandbox: Any,
) -> CrashReport:
    """Run once, on SQLite unless a database is given, and with one process that is killed unless `disturbing`.

    `sandbox` are arguments of `MoncreneauSandbox`.
    """
    database = database or sqlite_database(folder)
    began = time.monotonic()
    rng = _random(seed)

    @asynccontextmanager
    async def kill_one(_services: Services, process: BotProcess, dice: random.Random) -> AsyncIterator[Disturber]:
        yield ProcessKiller(process, dice, long_lifetimes=scale.long_lifetimes, every_point=scale.every_point)

    async with (
        separate_bot(folder, seed, database.url, **sandbox) as (services, process),
        (disturbing or kill_one)(services, process, _random(rng.random())) as killer,
    ):
        citizens = [await new_patient_citizen(services, number, rng.random()) for number in range(scale.citizens)]
        weight = scale.weight
        await services.inject_faults(telegram=faults_of_telegram(weight), moncreneau=faults_of_moncreneau(weight))

        def booked_enough() -> bool:
            wanted = [booking for each in citizens for booking in each.bookings]
            booked = sum(booking.ticket is not None for booking in wanted)
            moved = sum(len(booking.replaced) for booking in wanted)
            return booked >= scale.bookings and moved >= scale.moves

        def killed_enough() -> bool:
            return killer.kills.total >= scale.kills

        async def life(citizen: PatientCitizen) -> None:
            await asyncio.sleep(rng.uniform(0, 2))  # people do not come all at once
            while not (booked_enough() and killed_enough()):
                await citizen.book_one()
            citizen.doing = ""

        over: list[float] = []
        killing = asyncio.create_task(killer.run(killed_enough))
        killing.add_done_callback(lambda _: over.append(time.monotonic() - began))
        lives = [asyncio.create_task(life(each)) for each in citizens]
        try:
            _, late = await asyncio.wait({killing, *lives}, timeout=scale.seconds, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (killing, *lives):
                task.cancel()
            results = await asyncio.gather(killing, *lives, return_exceptions=True)
        broken = [repr(each) for each in results if isinstance(each, Exception)]
        unanswered = [f"telegram:{each.phone.chat_id} {each.doing}" for each in citizens if late and each.doing]
        faults_applied = await services.clear_faults()
        # What was given up may still be looked for.
        await eventually("every attempt has its outcome", lambda: not _open_attempts(database), within=120)
        await eventually("every word is out", lambda: not _unsent(database), within=60)
        for each in citizens:
            await each.look_back()
        ledger = await services.ledger()
        ledger_check = check_ledger(citizens, ledger, CREDITS)
        counted, made = _counted_as_made(database), len(ledger["appointments"])
        if counted != made:
            ledger_check.wrong.append(f"the statistics count {counted} bookings and moves, the office has {made}")
        ledger_check.duplicates = await count_duplicates(citizens)
        ledger_check.wrong += broken
        if not await killer.stop():
            ledger_check.wrong.append("the bot did not stop with 0")
        ledger_check.wrong += killer.faults
        resent = sum(each.resent for each in citizens)
        return CrashReport(
            seed,
            killer.kills,
            faults_applied,
            resent,
            ledger_check,
            unanswered,
            time.monotonic() - began,
            over[0],
            killer.log,
            find_private(killer.log, (each.phone.chat_id for each in citizens), [*names_in(ledger), CALLED]),
        )


def _open_attempts(database: Database) -> int:
    (found,) = database.rows("SELECT count(*) FROM attempts WHERE settled_at IS NULL")
    return int(found[0])


def _counted_as_made(database: Database) -> int:
    """The appointments that bookings and moves made, by the statistics."""
    (found,) = database.rows("SELECT sum(count) FROM daily_counts WHERE what IN ('booked', 'moved')")
    return int(found[0])


def _unsent(database: Database) -> int:
    (found,) = database.rows("SELECT count(*) FROM outbox")
    return int(found[0])


async def new_patient_citizen(services: Services, number: int, seed: float, habits: Habits = USUAL) -> PatientCitizen:
    """A citizen who is new to the bot; every other one reads English."""
    language = ("fr", "en")[number % 2]
    phone = await new_phone(services.telegram, f"{CALLED} {number}", language)
    return PatientCitizen(phone, Words(language), tuple(office.name for office in OFFICES), _random(seed), habits)


def _random(seed: float) -> random.Random:
    return random.Random(seed)  # noqa: S311 — the same run again is the point
