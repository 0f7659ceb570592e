"""Reads wait while the database cannot be reached, and log it once."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from bot.storage import engines
from bot.storage.reader import RetryingReader
from bot.storage.store import Store
from bot.storage.tables import chats
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database
from tests.storage.disks import SHORT_LOCK_PRAGMAS, locked

AGAIN = "the database (reading) answers again"


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(chats)) or 0


async def both_wait(store: Store, caplog: pytest.LogCaptureFixture) -> list[asyncio.Task[int]]:
    """Start two reads of a database that cannot be reached; returns once the failure is logged."""
    reads = [asyncio.create_task(store.reader.read(count)) for _ in range(2)]
    while not caplog.records:  # noqa: ASYNC110 — the log cannot be awaited
        await asyncio.sleep(0.005)
    assert not any(each.done() for each in reads)
    return reads


async def test_a_read_waits_for_a_locked_database_and_logs_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engines, "PRAGMAS", SHORT_LOCK_PRAGMAS)
    monkeypatch.setattr("bot.storage.reader.FIRST_PAUSE", 0.01)
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    with locked(tmp_path / "bot.db"):
        reads = await both_wait(store, caplog)
    assert await asyncio.gather(*reads) == [0, 0]
    await store.close()
    failure = "the database (reading) cannot be reached: database is locked; trying again"
    assert caplog.messages == [failure, AGAIN]


async def test_a_read_waits_for_a_server_that_is_down_and_logs_it_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.storage.reader.FIRST_PAUSE", 0.01)
    with postgresql_database(cluster) as database:
        store = await Store(database.url).open()
        assert await store.reader.read(count) == 0
        with cluster.stopped():
            reads = await both_wait(store, caplog)
        assert await asyncio.gather(*reads) == [0, 0]
        await store.close()
    failure, over = caplog.messages
    assert failure.startswith("the database (reading) cannot be reached: connection ")
    assert over == AGAIN


async def test_an_invalid_query_fails_at_once(store: Store) -> None:
    def wrong(connection: Connection) -> None:
        connection.execute(text("SELECT x FROM nowhere"))

    with pytest.raises(DBAPIError, match="nowhere"):
        await store.reader.read(wrong)


async def test_a_read_that_ends_after_the_close_leaves_no_connection_open(database: Database) -> None:
    reader = RetryingReader(database.url)
    begun, may_end, used = threading.Event(), threading.Event(), list[Any]()

    def work(connection: Connection) -> int:
        used.append(connection.connection.driver_connection)
        begun.set()
        may_end.wait(30)
        return connection.scalar(text("SELECT 7")) or 0

    reading = asyncio.create_task(reader.read(work))
    assert await asyncio.to_thread(begun.wait, 30)
    reader.close()
    may_end.set()
    assert await reading == 7
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        used[0].execute("SELECT 1")
