"""The writer runs transactions one after another, whole or not at all, and never blocks the event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.storage.tables import saved_values
from bot.storage.writer import Writer
from tests.storage.databases import Database, sqlite_database


async def opened(database: Database) -> Writer:
    here = Writer(database.url)

    def create(connection: Connection) -> None:
        saved_values.create(connection)
        connection.execute(text("CREATE TABLE t (x INTEGER PRIMARY KEY)"))

    await here.transact(create)
    return here


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    here = await opened(database)
    yield here
    await here.close(grace=5)


def put(number: int) -> Callable[[Connection], int]:
    """Work that writes a number and returns the id of its thread."""

    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": number})
        return threading.get_ident()

    return work


async def test_the_result_comes_after_the_commit(writer: Writer, database: Database) -> None:
    await writer.transact(put(1))
    assert database.rows("SELECT x FROM t") == [(1,)]


async def test_all_work_runs_in_one_thread_beside_the_event_loop(writer: Writer) -> None:
    threads = await asyncio.gather(*(writer.transact(put(number)) for number in range(20)))
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_transactions_run_one_after_another(writer: Writer, database: Database) -> None:
    await asyncio.gather(*(writer.transact(put(number)) for number in range(40)))
    assert database.rows("SELECT x FROM t ORDER BY x") == [(number,) for number in range(40)]


async def test_failed_work_stores_nothing_and_the_next_succeeds(writer: Writer, database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (7)"))
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await writer.transact(work)
    await writer.transact(put(8))
    assert database.rows("SELECT x FROM t") == [(8,)]


async def test_waiting_for_a_lock_does_not_block_the_event_loop(writer: Writer, database: Database) -> None:
    with database.locked("t"):
        writing = asyncio.ensure_future(writer.transact(put(3)))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not writing.done()
    await writing
    assert database.rows("SELECT x FROM t") == [(3,)]


async def test_after_a_cancelled_transaction_the_next_succeeds(tmp_path: Path) -> None:
    database = sqlite_database(tmp_path)
    writer = await opened(database)
    with database.locked():
        writing = asyncio.ensure_future(writer.transact(put(4)))
        await asyncio.sleep(0)  # until it waits for the thread
        writing.cancel()
        await asyncio.wait({writing})
    await writer.transact(put(5))
    assert (5,) in database.rows("SELECT x FROM t")
    await writer.close(grace=5)


async def test_closing_waits_for_the_transaction_under_way(writer: Writer, database: Database) -> None:
    begun, free = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (9)"))
        begun.set()
        assert free.wait(10)

    writing = asyncio.ensure_future(writer.transact(work))
    assert await asyncio.to_thread(begun.wait, 10)
    await writer.close(grace=0)
    free.set()
    await writing
    assert database.rows("SELECT x FROM t") == [(9,)]


async def test_close_can_be_called_twice(writer: Writer) -> None:
    await writer.close(grace=5)
    await writer.close(grace=5)
