"""Rolling deployments: two releases take turns on one database while citizens book; then the ledger is checked.

A deployment is what an operator does: start a process of the other release, wait until it stands by, and stop the one
that leads.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.documents import ROOT
from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import new_patient_citizen
from tests.e2e.ledger_check import LedgerCheck, check_ledger, count_duplicates
from tests.e2e.patient_citizen import Habits, PatientCitizen
from tests.e2e.services import CREDITS, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import Database

OPEN = "SELECT update_id FROM inbox WHERE done_at IS NULL"
CALM = Habits(doubles=0.1, gives_up=0.0)
SAMPLE_SECONDS = 0.05
WITHIN = 60.0
"""Seconds for one step of a deployment; a busy machine may need several times the usual three."""


@dataclass(slots=True)
class DeploymentReport:
    """The result of a run. Ages are in seconds."""

    ledger_check: LedgerCheck
    deployments: int
    stops: list[float]
    """How long each stopped process took to end."""
    oldest: float
    """The greatest age that an update reached before it was done, from the moment when Telegram had it."""
    log: str
    faults: list[str] = field(default_factory=list)


class UpdateAges:
    """Watches how old updates become before they are done, wherever they wait: at Telegram or in the inbox."""

    def __init__(self, services: Services, database: Database) -> None:
        self._services = services
        self._database = database
        self._seen: dict[int, float] = {}
        self.oldest = 0.0

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            waiting = {each["update_id"] for each in await self._services.pending_updates()}
            waiting |= {number for (number,) in self._database.rows(OPEN)}
            now = time.monotonic()
            self._seen = {each: self._seen.get(each, now) for each in waiting}
            self.oldest = max(self.oldest, now - min(self._seen.values(), default=now))
            await asyncio.sleep(SAMPLE_SECONDS)


@dataclass(frozen=True, slots=True)
class DeploymentScale:
    """The size of a run."""

    deployments: int
    citizens: int
    seed: int


async def run_deployments(folder: Path, database: Database, before: Path, scale: DeploymentScale) -> DeploymentReport:
    """Deploy by turns the release at `before` and the present one, while citizens book, move and cancel."""
    rng = random.Random(scale.seed)  # noqa: S311 — the same again is the point
    async with separate_bot(folder, scale.seed, database.url) as (services, _):
        processes = _processes(folder, services, database, before)
        leader = next(processes)
        await leader.start()
        people = [await new_patient_citizen(services, number, rng.random(), CALM) for number in range(scale.citizens)]
        is_over = asyncio.Event()

        async def life(citizen: PatientCitizen) -> None:
            while not is_over.is_set():
                await citizen.book_one()
            citizen.doing = ""

        ages = UpdateAges(services, database)
        watching = asyncio.create_task(ages.watch())
        lives = [asyncio.create_task(life(each)) for each in people]
        started, stops, faults = [leader], [], list[str]()
        try:
            await eventually("they book", lambda: any(each.bookings and each.bookings[0].ticket for each in people))
            for _ in range(scale.deployments):
                standby = next(processes)
                started.append(standby)
                await standby.start(ready=False)
                await eventually("it stands by", standby.is_standby, within=WITHIN)
                began = time.monotonic()
                code = await leader.stop(WITHIN)
                stops.append(time.monotonic() - began)
                if code != 0:
                    faults.append(f"a stopped process ended with {code}")
                leader = standby
                await eventually("it leads", leader.is_ready_or_dead, within=WITHIN)
            is_over.set()
            _, late = await asyncio.wait(lives, timeout=WITHIN)
            faults += [f"telegram:{each.phone.chat_id} {each.doing}" for each in people if late and each.doing]
            await eventually("all is sent", lambda: not database.rows("SELECT 1 FROM outbox"), within=WITHIN)
        finally:
            for task in (watching, *lives):
                task.cancel()
            await asyncio.gather(watching, *lives, return_exceptions=True)
            for each in started:
                await each.kill()
        found = check_ledger(people, await services.ledger(), CREDITS)
        found.duplicates = await count_duplicates(people)
        log = "".join(each.log for each in started)
        if "Traceback" in log:
            faults.append("there is a traceback in the log")
        return DeploymentReport(found, len(stops), stops, ages.oldest, log, [*found.faults, *faults])


def _processes(folder: Path, services: Services, database: Database, before: Path) -> Iterator[BotProcess]:
    """New processes, each of the other release than the one before."""
    for number, code in enumerate(cycle((before, ROOT))):
        place = folder / f"replica-{number}"
        place.mkdir()
        yield BotProcess(place, services.settings | {"DATABASE_URL": database.url}, database, code)
