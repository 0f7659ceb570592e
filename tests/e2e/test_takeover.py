"""Two processes on one PostgreSQL database: one leads, the other takes over when that one ends or freezes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import new_patient_citizen
from tests.e2e.ledger_check import check_ledger
from tests.e2e.patient_citizen import Habits, PatientCitizen
from tests.e2e.services import CREDITS, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database

CALM = Habits(doubles=0.0, cancels=0.0, moves=0.0, gives_up=0.0)
TOOK_OVER = "SELECT epoch, takeovers FROM lease"


@dataclass(slots=True)
class Pair:
    """A leader, its standby, and people whose bookings are confirmed and not answered yet."""

    services: Services
    database: Database
    leader: BotProcess
    standby: BotProcess
    people: list[PatientCitizen]

    async def all_are_served_once(self) -> None:
        """Wait until the standby leads and everybody has a ticket; each must have booked exactly once."""
        await eventually("the standby leads", self.standby.is_ready_or_dead)
        await eventually("all have tickets", lambda: all(each.bookings[-1].ticket for each in self.people), within=60)
        found = check_ledger(self.people, await self.services.ledger(), CREDITS)
        assert not found.faults
        assert found.bookings == len(self.people)


@asynccontextmanager
async def pair(folder: Path, cluster: Cluster, people: int = 4, frozen_at: str = "") -> AsyncIterator[Pair]:
    """Two processes; the API answers a booking only after two seconds, so that all of them are open.

    Or the leader is `frozen_at` a failpoint.
    """
    other = folder / "standby"
    other.mkdir()
    with postgresql_database(cluster) as database:
        async with separate_bot(folder, database_url=database.url) as (services, leader):
            standby = BotProcess(other, leader.settings, leader.database)
            await leader.start(crash_at=f"{frozen_at}:STOP" if frozen_at else "")
            await standby.start(ready=False)
            await eventually("it stands by", standby.is_standby)
            slow = {"kind": "delay", "when": "after", "seconds": 2.0, "match": {"method": "POST"}, "times": people}
            await services.inject_faults(moncreneau=[] if frozen_at else [slow])
            everybody = [await new_patient_citizen(services, number, number, CALM) for number in range(people)]
            lives = [asyncio.create_task(each.book_one()) for each in everybody]
            try:
                if frozen_at:
                    await eventually("the leader is frozen", lambda: leader.is_frozen)
                else:
                    await eventually(
                        "all have confirmed",
                        lambda: all(each.bookings and each.bookings[-1].confirmed for each in everybody),
                    )
                yield Pair(services, database, leader, standby, everybody)
            finally:
                for each in lives:
                    each.cancel()
                await asyncio.gather(*lives, return_exceptions=True)
                leader.thaw() if leader.running else None
                await leader.kill()
                await standby.kill()


async def test_after_a_kill_the_standby_resumes_all_bookings(tmp_path: Path, cluster: Cluster) -> None:
    async with pair(tmp_path, cluster) as here:
        await here.leader.kill()
        await here.all_are_served_once()
        assert here.database.rows(TOOK_OVER) == [(2, 1)]
        leaders = [each for each in here.standby.log_messages if each.startswith("leader, epoch")]
        assert len(leaders) == 1
        assert "ended without resigning" in leaders[0]


async def test_a_stopped_leader_resigns_and_the_standby_goes_on(tmp_path: Path, cluster: Cluster) -> None:
    async with pair(tmp_path, cluster) as here:
        assert await here.leader.stop() == 0
        await here.all_are_served_once()
        assert here.database.rows(TOOK_OVER) == [(2, 0)]


async def test_a_frozen_leader_is_replaced_and_ends_with_3_when_it_thaws(tmp_path: Path, cluster: Cluster) -> None:
    async with pair(tmp_path, cluster) as here:
        here.leader.freeze()
        await here.all_are_served_once()
        await eventually("all is sent", lambda: not here.database.rows("SELECT 1 FROM outbox"))
        calls = await here.services.calls()
        here.leader.thaw()
        assert await here.leader.ended(30) == 3
        assert "this one ends, and stands by after its next start" in here.leader.log
        assert (await here.services.calls())["sendMessage"] == calls["sendMessage"]
        assert here.database.rows(TOOK_OVER) == [(2, 1)]
        await here.leader.start(ready=False)
        await eventually("it stands by", here.leader.is_standby)
        assert await here.leader.stop() == 0


@pytest.mark.parametrize("point", ["turn taken:2", "after answer:1"])
async def test_a_leader_frozen_between_two_steps_changes_nothing_when_it_thaws(
    point: str, tmp_path: Path, cluster: Cluster
) -> None:
    async with pair(tmp_path, cluster, people=1, frozen_at=point) as here:
        here.database.execute("UPDATE lease SET expires_at = 0")  # rather than wait for it
        await here.all_are_served_once()
        here.leader.thaw()
        assert await here.leader.ended(30) == 3
        await here.all_are_served_once()
        assert here.database.rows(TOOK_OVER) == [(2, 1)]


async def test_a_leader_whose_lease_was_given_away_by_hand_ends_at_its_first_commit(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with pair(tmp_path, cluster) as here:
        here.database.execute("UPDATE lease SET epoch = epoch + 1, replica = 'nobody', expires_at = 0")
        assert await here.leader.ended(30) == 3
        await here.all_are_served_once()
