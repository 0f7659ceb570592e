"""Of several replicas on one PostgreSQL database one leads, and what it must not do once another may lead."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from signal import SIGQUIT

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.app.records import Change
from bot.core.health import Role
from bot.storage import lease as leases
from bot.storage import migrate
from bot.storage.lease import GONE_SECONDS, MARGIN, TTL, Lease, LeaseLostError, leadership
from bot.storage.process_lock import only_process
from bot.storage.store import Store, StoreClosedError, prepare
from bot.storage.writer import Writer
from tests.e2e.waiting import eventually
from tests.storage.cluster import BOT, Cluster
from tests.storage.databases import Database, postgresql_database
from tests.storage.faulty_proxy import faulty_proxy

EXPIRE = "UPDATE lease SET expires_at = 0"
MOVE_ON = "UPDATE lease SET epoch = epoch + 1, replica = 'another'"


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    with postgresql_database(cluster) as here:
        await prepare(here.url)
        yield here


@dataclass(slots=True)
class Replica:
    """A replica in the test's own process, with a clock that the test moves."""

    url: str
    name: str = "first"
    time: float = 1000.0
    lost: list[str] = field(default_factory=list)
    lease: Lease = field(init=False)

    def __post_init__(self) -> None:
        self.lease = Lease(self.url, self.name, self.lost.append, lambda: self.time)

    @property
    def role(self) -> Role | None:
        seen = self.lease.health()
        return None if seen is None else seen.role

    @property
    def standbys(self) -> int:
        seen = self.lease.health()
        return seen.standbys if seen else 0

    def leads(self) -> bool:
        return self.role is Role.LEADER

    @asynccontextmanager
    async def standing_by(self) -> AsyncIterator[None]:
        """It is started, and leads as soon as it can, until the block ends."""

        async def lead() -> None:
            async with self.lease.held():
                await asyncio.Event().wait()

        task = asyncio.create_task(lead())
        try:
            await eventually("it has looked", lambda: self.role is not None or task.done())
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})


def put(name: str) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO facts VALUES (:name, 'ours')"), {"name": name})

    return work


def facts(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM facts WHERE value = 'ours' ORDER BY name")]


async def test_one_leads_and_the_other_says_who(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    first, second = Replica(database.url), Replica(database.url, "second")
    async with first.lease.held(), second.standing_by():
        seen = second.lease.health()
        assert seen
        assert (seen.role, seen.leader, seen.epoch, seen.takeovers) == (Role.STANDBY, "first", 1, 0)
        assert first.leads()
    messages = [each for each in caplog.messages if each.startswith(("leader", "standby"))]
    assert messages[0] == "leader, epoch 1: first"
    assert messages[1].startswith("standby: first leads since ")
    assert len(messages) == 2


async def test_the_next_leads_at_once_when_the_leader_resigns(database: Database) -> None:
    async with Replica(database.url).lease.held():
        pass
    second = Replica(database.url, "second")
    async with second.lease.held():
        seen = second.lease.health()
        assert seen
        assert (seen.epoch, seen.leader, seen.takeovers) == (2, "second", 0)


HOLD = """import asyncio, sys
from bot.storage.lease import Lease
async def hold():
    async with Lease(sys.argv[1], "first", print).held():
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())"""


async def test_the_next_leads_when_the_leader_was_killed_before_its_lease_expires(database: Database) -> None:
    second = Replica(database.url, "second")
    with subprocess.Popen([sys.executable, "-c", HOLD, database.url], stdout=subprocess.PIPE) as first:  # noqa: ASYNC220, S603
        assert first.stdout
        assert first.stdout.readline() == b"held\n"
        async with second.standing_by():
            # The second has just come: it saw no renewal, nor will it.
            os.kill(first.pid, signal.SIGKILL)
            database.execute("UPDATE lease SET expires_at = expires_at + 3600, renewed_at = 0 WHERE epoch = 1")
            await eventually("the second leads", second.leads)
            seen = second.lease.health()
            assert seen
            assert (seen.epoch, seen.takeovers) == (2, 1)


async def test_a_process_that_starts_after_a_kill_leads_when_the_old_one_stays_away(database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, database.url], stdout=subprocess.PIPE) as first:  # noqa: ASYNC220, S603
        assert first.stdout
        assert first.stdout.readline() == b"held\n"
        os.kill(first.pid, signal.SIGKILL)
    sessions = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '% first'"
    await eventually("the session of the first has ended", lambda: not database.rows(sessions))
    database.execute("UPDATE lease SET expires_at = expires_at + 3600")
    second = Replica(database.url, "second")
    async with second.standing_by():
        await eventually("it has noticed", lambda: second.lease._gone is not None)
        assert not second.leads()
        second.time += GONE_SECONDS
        await eventually("the second leads", second.leads)


async def test_after_a_restart_of_the_server_an_absent_leader_has_until_its_lease_ends(
    database: Database, cluster: Cluster
) -> None:
    first, second = Replica(database.url), Replica(database.url, "second")
    async with first.lease.held():
        pass
    database.execute("UPDATE lease SET is_released = false, expires_at = expires_at + 3600")
    with cluster.stopped():
        pass
    async with second.standing_by():
        await eventually("it has noticed", lambda: second.lease._gone is not None)
        second.time += GONE_SECONDS
        looked = second.lease._seen
        await eventually("it has looked again", lambda: second.lease._seen is not looked)
        assert not second.leads()
        database.execute(EXPIRE)
        await eventually("the second leads", second.leads)


@pytest.fixture
def never_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaders behave as if frozen: they do not renew their lease."""
    monkeypatch.setattr(leases, "RENEW_SECONDS", 3600.0)


@pytest.mark.usefixtures("never_renewed")
async def test_a_leader_frozen_in_a_transaction_neither_delays_the_next_nor_commits_when_it_thaws(
    database: Database,
) -> None:
    first, second = Replica(database.url), Replica(database.url, "second")
    frozen, thaw = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        put("half a turn")(connection)
        frozen.set()
        assert thaw.wait(30)
        put("the rest of it")(connection)

    async with first.lease.held(), second.standing_by():
        writer = Writer(first.lease.url, first.lease.fence)
        writing = asyncio.ensure_future(writer.transact(work))
        assert await asyncio.to_thread(frozen.wait, 30)
        assert not second.leads()
        database.execute(EXPIRE)
        await eventually("the second leads", second.leads)
        thaw.set()
        with pytest.raises(SQLAlchemyError):
            await writing
        with pytest.raises(LeaseLostError):
            await writer.transact(put("a new turn"))
        await writer.close()
        await eventually("the first is told", lambda: first.lost)
        assert facts(database) == []
        assert not first.lease.may_send()


@pytest.mark.usefixtures("never_renewed")
async def test_the_leader_stops_to_send_before_its_lease_ends(database: Database) -> None:
    first = Replica(database.url)
    async with first.lease.held():
        assert first.lease.may_send()
        first.time += TTL - MARGIN - 0.1
        assert first.lease.may_send()
        first.time += 0.1
        assert not first.lease.may_send()
        assert await first.lease._renew()
        assert first.lease.may_send()


async def test_the_time_of_a_suspended_machine_counts() -> None:
    assert leases.boot_time() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=60)
    assert leases.boot_time() >= time.monotonic() - 1


@pytest.mark.usefixtures("never_renewed")
async def test_a_second_leader_stores_nothing_of_its_first_batch(database: Database) -> None:
    first = Replica(database.url)
    async with first.lease.held():
        store = await Store(first.lease.url, fence=first.lease.fence).open()
        await store.commit(Change(saved_values=(("before", "ours"),)))
        database.execute(MOVE_ON)
        changes = [asyncio.ensure_future(store.commit(Change(saved_values=((name, "ours"),)))) for name in "ab"]
        await eventually("it is told", lambda: first.lost)
        assert first.lost == [f"epoch 1 is over{leases.AT_END}"]
        assert not first.lease.may_send()
        await store.close()
        assert [type(each.exception()) for each in changes] == [StoreClosedError, StoreClosedError]
        assert facts(database) == ["before"]


async def test_a_renewal_of_a_lost_lease_ends_it_and_resigning_leaves_the_other_alone(database: Database) -> None:
    first = Replica(database.url)
    async with first.lease.held():
        database.execute(MOVE_ON)
        await eventually("it is told", lambda: first.lost)
        assert not first.lease.may_send()
    assert database.rows("SELECT epoch, replica, is_released FROM lease") == [(2, "another", False)]


@pytest.mark.usefixtures("never_renewed")
async def test_a_long_transaction_does_not_hold_up_the_renewal(database: Database) -> None:
    first = Replica(database.url)
    begun, end = threading.Event(), threading.Event()

    def work(_connection: Connection) -> None:
        begun.set()
        assert end.wait(30)

    async with first.lease.held():
        writer = Writer(first.lease.url, first.lease.fence)
        writing = asyncio.ensure_future(writer.transact(work))
        assert await asyncio.to_thread(begun.wait, 30)
        assert await first.lease._renew()
        end.set()
        await writing
        await writer.close()


async def test_a_leader_that_waits_for_the_transactions_of_others_renews_its_lease(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    renewed = "SELECT renewed_at FROM lease"
    first = Replica(database.url)
    async with first.lease.held():
        with database.connected() as other:
            other.execute("BEGIN")
            other.execute("LOCK TABLE broadcasts IN ROW EXCLUSIVE MODE")
            opening = asyncio.ensure_future(Store(first.lease.url, fence=first.lease.fence).open())
            await eventually("it waits", lambda: database.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
            before = database.rows(renewed)
            await eventually("it renews", lambda: database.rows(renewed) > before)
            assert not opening.done()
            other.execute("ROLLBACK")
        await (await opening).close()


async def test_after_a_restart_of_the_server_the_leader_goes_on(database: Database, cluster: Cluster) -> None:
    first, second = Replica(database.url), Replica(database.url, "second")
    async with first.lease.held(), second.standing_by():
        with cluster.stopped(SIGQUIT):
            pass
        (renewed,) = database.rows("SELECT renewed_at FROM lease")
        await eventually("a renewal", lambda: database.rows("SELECT renewed_at FROM lease") != [renewed])
        assert (first.role, second.role) == (Role.LEADER, Role.STANDBY)
        assert database.rows("SELECT epoch, replica FROM lease") == [(1, "first")]
    assert not first.lost


async def test_a_leader_that_was_cut_off_learns_that_another_leads_when_it_is_back(
    database: Database, cluster: Cluster
) -> None:
    second = Replica(database.url, "second")
    with faulty_proxy(cluster.folder) as proxy:
        first = Replica(f"postgresql://{BOT}:x@127.0.0.1:{proxy.port}/{database.name}")
        async with first.lease.held(), second.standing_by():
            with proxy.held():
                await eventually("the second leads", lambda: database.execute(EXPIRE) or second.leads())
                assert not first.lost
                first.time += TTL - MARGIN
                assert not first.lease.may_send()
            await eventually("the first is told", lambda: first.lost)
            assert not first.lease.may_send()
    assert database.rows("SELECT epoch, replica FROM lease") == [(2, "second")]


@pytest.mark.usefixtures("never_renewed")
async def test_a_leader_takes_its_lock_back_from_a_session_that_the_server_has_not_missed(database: Database) -> None:
    first, second = Replica(database.url), Replica(database.url, "second")
    async with first.lease.held(), second.standing_by():
        lost_session, first.lease._session = first.lease._session, None
        assert not await first.lease._renew()
        await eventually("it has the lock again", first.lease._renew)
        assert not second.leads()
        assert lost_session
        with contextlib.suppress(SQLAlchemyError):
            await lost_session.close()


async def test_a_process_of_an_earlier_release_is_waited_for(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    second = Replica(database.url, "second")
    async with AsyncExitStack() as standby:
        async with only_process(database.url):
            await standby.enter_async_context(second.standing_by())
            await eventually("it says so", lambda: "standby: another process works on the database" in caplog.messages)
            assert not second.leads()
        await eventually("it leads", second.leads)


async def test_a_standby_waits_for_a_server_that_is_away(database: Database, cluster: Cluster) -> None:
    second = Replica(database.url, "second")
    async with AsyncExitStack() as standby:
        async with only_process(database.url):
            await standby.enter_async_context(second.standing_by())
            with cluster.stopped():
                second.time += leases.UNSEEN
                seen = second.lease.health()
                assert seen
                assert not seen.database
        await eventually("it leads", second.leads)


async def test_an_onlooker_sees_who_leads_since_when_and_whether_clocks_differ(database: Database) -> None:
    assert await leadership(database.url) is None
    first, second = Replica(database.url), Replica(database.url, "second")
    async with first.lease.held(), second.standing_by():
        await eventually("it counts the standby", lambda: first.standbys == 1)
        found = await leadership(database.url)
        assert found
        assert (found.leader, found.epoch, found.is_over, found.standbys) == ("first", 1, False, 1)
        assert abs(found.clock_gap) < 1
        assert abs(found.leaders_clock_gap) < 1
    over = await leadership(database.url)
    assert over
    assert over.is_over


async def test_the_sessions_of_a_replica_carry_its_name_whatever_the_address_says(database: Database) -> None:
    first = Replica(f"{database.url}&application_name=booking")
    async with first.lease.held():
        store = await Store(first.lease.url, fence=first.lease.fence).open()
        await store.chat(1)
        names = database.rows(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'bot'"
        )
        await store.close()
    assert names == [("moncreneau-bot first",)]


NEWER_TABLES = f"UPDATE facts SET value = '9999 9999' WHERE name = '{migrate.SERVES}'"  # noqa: S608 — our own name
"""As a migration of a later release leaves it that takes away what this release reads."""


async def test_a_leader_whose_tables_were_changed_by_a_newer_release_stores_nothing_more(database: Database) -> None:
    replica = Replica(database.url)
    async with replica.lease.held():
        writer = Writer(replica.lease.url, replica.lease.fence)
        try:
            await writer.transact(put("before"))
            database.execute(NEWER_TABLES)
            with pytest.raises(LeaseLostError):
                await writer.transact(put("after"))
        finally:
            await writer.close()
        await eventually("it stands down", lambda: replica.lost)
        assert not replica.lease.may_send()
    assert {"before", "after"} & set(facts(database)) == {"before"}


async def test_a_leader_that_has_nothing_to_store_stands_down_too(database: Database) -> None:
    replica = Replica(database.url)
    async with replica.lease.held():
        database.execute(NEWER_TABLES)
        await eventually("it stands down at the next renewal", lambda: replica.lost)
        assert not replica.lease.may_send()


async def test_a_standby_that_the_tables_do_not_serve_never_leads(database: Database) -> None:
    second = Replica(database.url, "second")
    async with Replica(database.url).lease.held():
        async with second.standing_by():
            database.execute(NEWER_TABLES)
            await eventually("it gives up", lambda: second.lost)
        assert not second.leads()
