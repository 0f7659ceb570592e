"""The crash test of two processes on one PostgreSQL database: `make soak ARGS="--replicas --bookings 30 --faults 12"`.

They are killed, stopped and frozen in turn while citizens book; then what citizens got is compared with the
appointments at the API. Ends with 1 if a booking is lost or doubled, if anybody was told something wrong, or if
somebody got no answer.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import new_patient_citizen, seed_of_this_run
from tests.e2e.fault_injection import faults_of_moncreneau, faults_of_telegram
from tests.e2e.ledger_check import check_ledger
from tests.e2e.patient_citizen import PatientCitizen
from tests.e2e.services import CREDITS, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import serving_cluster
from tests.storage.databases import Database, postgresql_database

WEIGHT = 0.01
FROZEN = (2.0, 5.0, 14.0, 20.0)
"""Seconds for which a process stands still: within its trust, beyond it, beyond its lease."""


async def break_one(process: BotProcess, dice: random.Random) -> str:
    """Do something to one of the processes, and let it run again; returns what it was."""
    how = dice.choice(["kill", "stop", "freeze", "freeze"])
    if how == "kill":
        await process.kill()
    elif how == "stop":
        await process.stop()
    else:
        seconds = dice.choice(FROZEN)
        process.freeze()
        await asyncio.sleep(seconds)
        process.thaw()
        how = f"freeze {seconds:.0f} s"
        await process.ended(3)  # if another one leads; else it goes on
    if not process.running:
        await process.start(ready=False)
        await eventually("it is up", lambda: process.is_standby() or process.is_ready_or_dead(), within=90)
    return how


def _open_work(database: Database) -> int:
    """Attempts and messages without an outcome."""
    (attempts,) = database.rows("SELECT count(*) FROM attempts WHERE settled_at IS NULL")
    (messages,) = database.rows("SELECT count(*) FROM outbox")
    return int(attempts[0]) + int(messages[0])


class Run:
    """Citizens who book, and what is done to the processes meanwhile."""

    def __init__(self, options: argparse.Namespace, services: Services, processes: Sequence[BotProcess]) -> None:
        self._options = options
        self._services = services
        self._processes = processes
        self._dice = random.Random(options.seed)  # noqa: S311 — the same run again is the point
        self.citizens: list[PatientCitizen] = []
        self.faults = Counter[str]()

    def _is_enough(self) -> bool:
        booked = sum(booking.ticket is not None for each in self.citizens for booking in each.bookings)
        return booked >= int(self._options.bookings) and self.faults.total() >= int(self._options.faults)

    async def _break_all(self) -> None:
        while not self._is_enough():
            await asyncio.sleep(self._dice.uniform(1, 6))
            self.faults[await break_one(self._dice.choice(self._processes), self._dice)] += 1

    async def _life(self, citizen: PatientCitizen) -> None:
        while not self._is_enough():
            await citizen.book_one()
        citizen.doing = ""

    async def go(self) -> list[str]:
        """Run until enough was booked and broken; returns who was left without an answer, and what failed."""
        for each in self._processes:
            await each.start(ready=False)
        await eventually("one leads", lambda: any(each.is_ready_or_dead() for each in self._processes))
        for number in range(self._options.citizens):
            self.citizens.append(await new_patient_citizen(self._services, number, self._dice.random()))
        await self._services.inject_faults(telegram=faults_of_telegram(WEIGHT), moncreneau=faults_of_moncreneau(WEIGHT))
        works = [self._break_all(), *(self._life(each) for each in self.citizens)]
        tasks = [asyncio.create_task(each) for each in works]
        _, late = await asyncio.wait(tasks, timeout=self._options.seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await self._services.clear_faults()
        unanswered = [f"telegram:{each.phone.chat_id} {each.doing}" for each in self.citizens if late and each.doing]
        return [*unanswered, *(repr(each) for each in results if isinstance(each, Exception))]


async def measure(folder: Path, database: Database, options: argparse.Namespace) -> int:
    """One run; prints its counts, and returns the exit code."""
    began = time.monotonic()
    (folder / "other").mkdir()
    async with separate_bot(folder, options.seed, database.url) as (services, first):
        processes = (first, BotProcess(folder / "other", first.settings, database))
        run = Run(options, services, processes)
        try:
            wrong = await run.go()
            await eventually("all work has its outcome", lambda: not _open_work(database), within=120)
            for citizen in run.citizens:
                await citizen.look_back()
            found = check_ledger(run.citizens, await services.ledger(), CREDITS)
        finally:
            for each in processes:
                if each.running:
                    each.thaw()
                    await each.kill()
    ((epoch, takeovers),) = database.rows("SELECT epoch, takeovers FROM lease")
    print(
        f"soak with two processes, seed {options.seed}, {time.monotonic() - began:.0f} s: {found.bookings} bookings, "
        f"{dict(run.faults)}, {epoch} leaders of which {takeovers} ended without resigning; "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}, wrong {len(found.wrong)}"
    )
    print("\n".join([*found.faults, *wrong]))
    return int(bool(found.faults or wrong))


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, and run once on a server of its own."""
    parser = argparse.ArgumentParser(prog="bench.soak --replicas")
    parser.add_argument("--bookings", type=int, default=100, help="at least (default: %(default)s)")
    parser.add_argument("--faults", type=int, default=40, help="at least (default: %(default)s)")
    parser.add_argument("--citizens", type=int, default=8, help="side by side (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1200, help="time limit (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_cluster() as cluster,
        postgresql_database(cluster) as database,
    ):
        return asyncio.run(measure(Path(folder), database, options))


if __name__ == "__main__":
    sys.exit(main())
