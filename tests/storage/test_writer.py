"""One transaction after another, whole or not at all; what waits does so in a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.storage.tables import facts
from bot.storage.writer import Writer
from tests.storage.databases import Database, file_in

Way = Callable[[Writer, Callable[[Connection], Any]], Awaitable[Any]]


async def opened(database: Database) -> Writer:
    here = Writer(database.url)

    def create(connection: Connection) -> None:
        facts.create(connection)
        connection.execute(text("CREATE TABLE t (x INTEGER PRIMARY KEY)"))

    await here.transact(create)
    return here


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    here = await opened(database)
    yield here
    await here.close(grace=5)


def put(number: int) -> Callable[[Connection], int]:
    """Work that writes a number, and tells in which thread."""

    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": number})
        return threading.get_ident()

    return work


async def test_the_result_comes_when_others_can_read_what_was_written(writer: Writer, database: Database) -> None:
    await writer.transact(put(1))
    assert database.rows("SELECT x FROM t") == [(1,)]


async def test_long_work_is_done_in_one_thread_and_it_is_not_the_loop_s(writer: Writer) -> None:
    threads = await asyncio.gather(*(writer.transact(put(number)) for number in range(20)))
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_a_few_statements_are_run_in_the_loop_where_the_database_is_a_file(
    writer: Writer, database: Database
) -> None:
    assert (await writer.write(put(2)) == threading.get_ident()) is database.is_file
    assert database.rows("SELECT x FROM t") == [(2,)]


async def test_short_and_long_work_take_turns(writer: Writer, database: Database) -> None:
    await asyncio.gather(*((writer.write if number % 2 else writer.transact)(put(number)) for number in range(40)))
    assert database.rows("SELECT x FROM t ORDER BY x") == [(number,) for number in range(40)]


@pytest.mark.parametrize("way", [Writer.transact, Writer.write])
async def test_work_that_fails_leaves_nothing_and_the_next_goes_on(
    writer: Writer, database: Database, way: Way
) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (7)"))
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await way(writer, work)
    await way(writer, put(8))
    assert database.rows("SELECT x FROM t") == [(8,)]


async def test_a_lock_is_waited_for_in_the_thread_and_the_loop_goes_on(writer: Writer, database: Database) -> None:
    with database.held("t"):
        writing = asyncio.ensure_future(writer.write(put(3)))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not writing.done()
    await writing
    assert database.rows("SELECT x FROM t") == [(3,)]


async def test_who_is_cancelled_before_the_commit_leaves_nothing_to_those_who_follow(tmp_path: Path) -> None:
    database = file_in(tmp_path)
    writer = await opened(database)
    with database.held():
        writing = asyncio.ensure_future(writer.write(put(4)))
        await asyncio.sleep(0)  # until it waits for the thread
        writing.cancel()
        await asyncio.wait({writing})
    await writer.write(put(5))
    assert database.rows("SELECT x FROM t") == [(5,)]
    await writer.close(grace=5)


async def test_what_is_being_written_is_written_to_its_end_before_the_database_is_let_go(
    writer: Writer, database: Database
) -> None:
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


async def test_closing_twice_is_closing(writer: Writer) -> None:
    await writer.close(grace=5)
    await writer.close(grace=5)
