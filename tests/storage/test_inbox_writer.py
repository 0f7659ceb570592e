"""A process that does not lead stores what it receives, once, and the leader hears of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from functools import partial

import psycopg
import pytest

from bot.app.ports import StoreUnavailableError
from bot.app.records import Change, StoredUpdate, StoredWebhook
from bot.storage import inbox_writer
from bot.storage.inbox_writer import InboxWriter, listen
from bot.storage.store import Store
from bot.storage.webhooks import SqlWebhookRepository
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database
from tests.storage.values import update

END_LISTENER = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN%' OR query = 'SELECT 1'"""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with postgresql_database(cluster) as here:
        yield here


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    opened = await Store(database.url).open()
    yield opened
    await opened.close()


@pytest.fixture
async def writer(database: Database, store: Store) -> AsyncIterator[InboxWriter]:
    del store  # it makes the tables
    opened = InboxWriter(database.url)
    yield opened
    await opened.close()


async def test_two_processes_store_an_update_once(store: Store, writer: InboxWriter) -> None:
    await writer.receive((update(1), update(2)))
    assert await store.receive((update(2), update(3))) == (update(3),)
    await writer.receive((update(3), update(1)))
    assert await store.open_updates() == (update(1), update(2), update(3))


async def test_an_update_that_is_done_stays_done(store: Store, writer: InboxWriter) -> None:
    await store.receive((update(1),))
    await store.commit(Change(done=(1,)))
    await writer.receive((update(1),))
    assert await store.open_updates() == ()


async def test_webhooks_are_stored_once_and_unreadable_ones_are_done(store: Store, writer: InboxWriter) -> None:
    repository = SqlWebhookRepository(store)
    first = StoredWebhook("evt_1", "{}", 100.0)
    await writer.add(first)
    await repository.add(first)
    await writer.add(StoredWebhook("evt_2", "?", 101.0), "unreadable")
    assert await repository.due(200.0, 10) == (first,)
    assert await repository.last_received() == 101.0


class Heard:
    """Counts how often the leader was told."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1

    def more_than(self, times: int) -> bool:
        return self.times > times


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(listen(database.url, heard))
    try:
        await eventually("it listens", lambda: heard.times, pause=0.005)
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_leader_hears_of_what_is_stored(
    database: Database, writer: InboxWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_writer, "TICK", 0.01)
    async with listening(database) as heard:
        for number in range(1, 4):
            await writer.receive((update(number),))
            await eventually("it hears", partial(heard.more_than, number), pause=0.001)


async def test_a_listener_that_lost_its_session_listens_again(
    database: Database, writer: InboxWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_writer, "FIRST_PAUSE", 0.01)
    async with listening(database) as heard:
        with closing(psycopg.connect(database.place, autocommit=True)) as outside:
            assert outside.execute(END_LISTENER).fetchall()
        await eventually("it looks again", lambda: heard.times > 1, pause=0.005)
        before = heard.times
        await writer.receive((update(1),))
        await eventually("it hears", lambda: heard.times > before, pause=0.005)


async def test_while_the_database_is_away_nothing_counts_as_stored(
    cluster: Cluster, store: Store, writer: InboxWriter, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.receive((update(1),))
    with cluster.stopped():
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                await writer.receive((update(2),))
    await writer.receive((update(2),))
    assert await store.open_updates() == (update(1), update(2))
    lines = [each.message for each in caplog.records if "the database (receiving)" in each.message]
    assert len(lines) == 2, "one when it begins, one when it ends"


async def test_a_value_that_no_database_stores_is_no_outage(writer: InboxWriter) -> None:
    with pytest.raises(Exception, match="out of range"):
        await writer.receive((StoredUpdate(2**70, 1, ""),))
