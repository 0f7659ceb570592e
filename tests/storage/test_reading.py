"""Reads wait while the database cannot be used, and say so once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import dialect
from bot.storage.store import Store
from bot.storage.tables import chats
from tests.storage.disks import HASTY, locked
from tests.storage.newsroom import newsroom


async def count(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.count()).select_from(chats)) or 0


async def test_a_read_waits_for_a_locked_database_and_the_log_hears_of_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dialect, "PRAGMAS", HASTY)
    monkeypatch.setattr("bot.storage.reading.FIRST_PAUSE", 0.01)
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    reader = store.reader
    with locked(tmp_path / "bot.db"):
        reads = [asyncio.create_task(reader.read(count)) for _ in range(2)]
        while not caplog.records:  # noqa: ASYNC110 — a log has no event
            await asyncio.sleep(0.005)
        assert not any(each.done() for each in reads)
    assert await asyncio.gather(*reads) == [0, 0]
    await store.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the database (reading) cannot be reached: database is locked; trying again until it answers",
        "the database (reading) answers again",
    ]


async def test_a_wrong_read_is_said_at_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as here:

        async def wrong(connection: AsyncConnection) -> None:
            await connection.execute(text("SELECT x FROM nowhere"))

        with pytest.raises(OperationalError, match="no such table"):
            await here.store.reader.read(wrong)
