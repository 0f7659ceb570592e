"""The whole play: applicants side by side, faults on, the bot killed again and again, and the reckoning at the end."""

import asyncio
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.applicant import Applicant, Habits
from tests.e2e.fault_injection import Killer, Kills, faults_of_moncreneau, faults_of_telegram
from tests.e2e.ledger_check import Reckoning, count_duplicates, reckon
from tests.e2e.phone import new_phone
from tests.e2e.services import CREDITS, OFFICES, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.e2e.words import Words
from tests.storage.databases import Database, file_in

SEED = "CRASH_SEED"
USUAL = Habits()


def seed_of_this_run() -> int:
    """The seed from the environment, else a new one."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    applicants: int
    bookings: int
    kills: int
    seconds: float
    """Before which all must be over."""
    weight: float = 0.03
    """How likely each fault is."""
    long_lives: int = 4
    """Of so many lives, one is long."""
    every_point: bool = False
    """Kill at every named place once, however long it takes to get there."""


@dataclass(slots=True)
class Report:
    """What came of it."""

    seed: int
    kills: Kills
    struck: int
    resent: int
    reckoning: Reckoning
    unanswered: list[str]
    seconds: float
    killed: float
    """Seconds after which the last kill was over."""
    log: str

    def table(self) -> str:
        """The ledger of the run, for people."""
        found = self.reckoning
        rows = {
            "seed": self.seed,
            "seconds": round(self.seconds),
            "bookings confirmed and ticket seen": found.bookings,
            "cancelled and told": found.cancellings,
            "given up in time": found.given_up,
            "presses sent twice": self.resent,
            "kills": self.kills.total,
            "  over after (s)": round(self.killed),
            "  at random": self.kills.at_random,
            **{f"  at: {point}": times for point, times in sorted(self.kills.named.items())},
            "faults injected": self.struck,
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "otherwise wrong": len(found.wrong),
            "left without an answer": len(self.unanswered),
            "duplicate tickets and notices": found.duplicates,
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())

    @property
    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        return [*self.reckoning.faults, *self.unanswered]


async def play(folder: Path, seed: int, scale: Scale, database: Database | None = None) -> Report:
    """Play it once, on SQLite where no database is given."""
    database = database or file_in(folder)
    began = time.monotonic()
    chance = _dice(seed)
    async with separate_bot(folder, seed, database.url) as (services, process):
        dice = _dice(chance.random())
        killer = Killer(process, dice, long_ones=scale.long_lives, every_point=scale.every_point)
        applicants = [await new_applicant(services, number, chance.random()) for number in range(scale.applicants)]
        weight = scale.weight
        await services.inject_faults(telegram=faults_of_telegram(weight), moncreneau=faults_of_moncreneau(weight))

        def booked_enough() -> bool:
            return sum(wish.ticket is not None for each in applicants for wish in each.wishes) >= scale.bookings

        def killed_enough() -> bool:
            return killer.kills.total >= scale.kills

        async def life(applicant: Applicant) -> None:
            await asyncio.sleep(chance.uniform(0, 2))  # people do not come all at once
            while not (booked_enough() and killed_enough()):
                await applicant.live()
            applicant.doing = ""

        over: list[float] = []
        killing = asyncio.create_task(killer.work(killed_enough))
        killing.add_done_callback(lambda _: over.append(time.monotonic() - began))
        lives = [asyncio.create_task(life(each)) for each in applicants]
        try:
            _, late = await asyncio.wait({killing, *lives}, timeout=scale.seconds, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (killing, *lives):
                task.cancel()
            results = await asyncio.gather(killing, *lives, return_exceptions=True)
        broken = [repr(each) for each in results if isinstance(each, Exception)]
        unanswered = [f"telegram:{each.phone.chat_id} {each.doing}" for each in applicants if late and each.doing]
        struck = await services.clear_faults()
        # What was given up may still be looked for.
        await eventually("every attempt has its outcome", lambda: not _open_attempts(database), within=120)
        await eventually("every word is out", lambda: not _unsent(database), within=60)
        for each in applicants:
            await each.look_back()
        reckoning = reckon(applicants, await services.ledger(), CREDITS)
        reckoning.duplicates = await count_duplicates(applicants)
        reckoning.wrong += broken
        if process.running and await process.stop() != 0:
            reckoning.wrong.append("the bot did not stop with 0")
        resent = sum(each.resent for each in applicants)
        return Report(
            seed, killer.kills, struck, resent, reckoning, unanswered, time.monotonic() - began, over[0], process.log
        )


def _open_attempts(database: Database) -> int:
    (found,) = database.rows("SELECT count(*) FROM attempts WHERE settled_at IS NULL")
    return int(found[0])


def _unsent(database: Database) -> int:
    (found,) = database.rows("SELECT count(*) FROM outbox")
    return int(found[0])


async def new_applicant(services: Services, number: int, seed: float, habits: Habits = USUAL) -> Applicant:
    """Somebody whom the bot never met; every other one speaks English."""
    language = ("fr", "en")[number % 2]
    phone = await new_phone(services.telegram, f"Citoyen {number}", language)
    return Applicant(phone, Words(language), tuple(office.name for office in OFFICES), _dice(seed), habits)


def _dice(seed: float) -> random.Random:
    return random.Random(seed)  # noqa: S311 — the same play again is the point
