"""One transaction after another, in one thread, whole or not at all."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.storage.writer import Writer
from tests.storage.values import rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
async def writer(database: Path) -> AsyncIterator[Writer]:
    here = Writer(f"sqlite+aiosqlite:///{database}")
    await here.transact(lambda connection: connection.execute(text("CREATE TABLE t (x INTEGER PRIMARY KEY)")))
    yield here
    await here.close(grace=5)


def put(number: int) -> Callable[[Connection], int]:
    """Work that writes a number, and tells in which thread."""

    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": number})
        return threading.get_ident()

    return work


async def test_the_result_comes_when_others_can_read_what_was_written(writer: Writer, database: Path) -> None:
    await writer.transact(put(1))
    assert rows(database, "SELECT x FROM t") == [(1,)]


async def test_one_thread_writes_and_it_is_not_the_loop_s(writer: Writer) -> None:
    threads = await asyncio.gather(*(writer.transact(put(number)) for number in range(20)))
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_work_that_fails_leaves_nothing(writer: Writer, database: Path) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t VALUES (7)"))
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await writer.transact(work)
    assert rows(database, "SELECT x FROM t") == []


async def test_what_is_being_written_is_written_to_its_end_before_the_database_is_let_go(
    writer: Writer, database: Path
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
    assert rows(database, "SELECT x FROM t") == [(9,)]


async def test_closing_twice_is_closing(writer: Writer) -> None:
    await writer.close(grace=5)
    await writer.close(grace=5)
