"""PostgreSQL restarts, is full or locked, or is lost during a commit: the store waits, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from signal import SIGINT, SIGQUIT, Signals

import pytest
from sqlalchemy.exc import DBAPIError

from bot.app.records import Change, StoredChat
from bot.storage import postgresql
from bot.storage.engines import is_passing
from bot.storage.store import Store
from tests.e2e.waiting import eventually
from tests.storage.broadcast_examples import broadcast_feature
from tests.storage.cluster import BOT, Cluster
from tests.storage.databases import Database, postgresql_database
from tests.storage.faulty_proxy import FaultyProxy, faulty_proxy
from tests.storage.values import delivery, turn, update

AGAIN = "the database can be written again"
END_OTHER_SESSIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with postgresql_database(cluster) as here:
        yield here


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with opened(database.url) as here:
        yield here


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[FaultyProxy]:
    with faulty_proxy(cluster.folder) as here:
        yield here


@pytest.fixture
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL waits for a lock for 50 ms instead of five seconds."""
    monkeypatch.setattr(postgresql, "SESSION", {**postgresql.SESSION, "lock_timeout": "50ms"})


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    here = await Store(url).open()
    try:
        yield here
    finally:
        await here.close(grace=1)


def ids(updates: tuple[object, ...]) -> list[int]:
    return [each.update_id for each in updates]  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", [SIGINT, SIGQUIT])
async def test_writes_wait_while_the_server_restarts(
    how: Signals, cluster: Cluster, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert ids(await store.receive((update(1),))) == [1]
    with cluster.stopped(how):
        receiving = asyncio.create_task(store.receive((update(2),)))
        committing = asyncio.create_task(store.commit(turn(1, 10, opened=4)))
        await eventually("the store says so", lambda: not store.writable)
        assert not receiving.done()
    assert ids(await receiving) == [2]
    await committing
    assert await store.chat(77) == StoredChat(77, "session after 1", "fr")
    assert ids(await store.open_updates()) == [2]
    assert [each.number for each in await store.open_attempts()] == [4]
    assert len([line for line in caplog.messages if line.startswith("the database cannot be written: ")]) == 1
    assert caplog.messages.count(AGAIN) == 1


async def test_reads_succeed_after_a_restart_between_them(
    cluster: Cluster, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.commit(turn(1))
    assert await store.chat(77)
    with cluster.stopped():
        pass
    assert await store.chat(77) == StoredChat(77, "session after 1", "fr")
    assert caplog.messages == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_whose_response_is_lost_takes_effect_once(
    when: str, proxy: FaultyProxy, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql://{BOT}:x@127.0.0.1:{proxy.port}/{database.name}"
    async with opened(url) as store:
        proxy.arm(when)
        assert ids(await store.receive((update(1), update(2)))) == [1, 2], "they are new, as nobody else saw them"
        assert proxy.cuts == 1
        assert await store.receive((update(1),)) == ()
    assert caplog.messages.count(AGAIN) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_broadcast_is_confirmed_once_when_the_response_to_its_commit_is_lost(
    when: str, proxy: FaultyProxy, database: Database
) -> None:
    url = f"postgresql://{BOT}:x@127.0.0.1:{proxy.port}/{database.name}"
    async with broadcast_feature(Database(url, database.place)) as db:
        proxy.arm(when)
        assert await db.confirm_broadcast()
        assert proxy.cuts == 1
        assert not await db.confirm_broadcast()
        assert database.rows("SELECT count(*) FROM deeds") == [(1,)]


@pytest.mark.usefixtures("short_lock_timeout")
async def test_writes_wait_for_a_foreign_lock_while_reads_go_on(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(database.url) as store:
        await store.commit(turn(1))
        with database.locked("inbox"):
            receiving = asyncio.create_task(store.receive((update(2),)))
            await eventually("the store says so", lambda: not store.writable)
            assert await store.chat(77) == StoredChat(77, "session after 1", "fr")
        assert ids(await receiving) == [2]
    assert caplog.messages[0] == (
        "the database cannot be written: canceling statement due to lock timeout; nothing is lost; trying again"
    )


async def test_reads_and_writes_wait_for_a_server_with_too_many_connections(
    cluster: Cluster, database: Database, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
    database.execute(END_OTHER_SESSIONS)
    receiving = asyncio.create_task(store.receive((update(1),)))
    reading = asyncio.create_task(store.chat(77))
    await eventually("it is told", lambda: any("too many connections" in line for line in caplog.messages))
    assert not receiving.done()
    assert not reading.done()
    cluster.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
    assert ids(await receiving) == [1]
    assert await reading is None


async def test_a_database_that_is_temporarily_read_only_can_be_used_afterwards(
    cluster: Cluster, database: Database
) -> None:
    cluster.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    reading_only = Store(database.url)
    with pytest.raises(DBAPIError, match="read-only") as refused:
        await reading_only.open()
    assert is_passing(refused.value)
    await reading_only.close()
    cluster.execute(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")
    async with opened(database.url) as store:
        assert ids(await store.receive((update(1),))) == [1]


async def test_an_invalid_change_fails_alone_and_the_log_quotes_no_values(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.receive((update(1), update(2), update(3)))
    wrong = Change(done=(2,), queued=(delivery(20),), chat=StoredChat(78, None, "fr"))  # type: ignore[arg-type]
    first, bad, last = await asyncio.gather(
        store.commit(turn(1, 10)), store.commit(wrong), store.commit(turn(3, 30)), return_exceptions=True
    )
    assert (first, last) == (None, None)
    assert isinstance(bad, Exception)
    assert ids(await store.open_updates()) == [2], "whole or not at all"
    assert [each.id async for each in store.open_deliveries()] == [10, 30]
    (line,) = caplog.messages
    assert line == (
        'a change could not be stored: null value in column "session" of relation "chats" violates not-null constraint'
    )
