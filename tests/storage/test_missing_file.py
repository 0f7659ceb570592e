"""The database file is deleted or replaced while the bot runs: no change counts as stored that would be lost."""

import asyncio
from pathlib import Path

import pytest

from bot.app.records import Change, StoredUpdate
from bot.storage.engines import DatabaseFile, engine_for
from bot.storage.store import Store


async def test_no_change_counts_as_stored_while_the_database_file_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "bot.db"
    store = await Store(f"sqlite+aiosqlite:///{file}").open()
    away = file.rename(tmp_path / "away.db")
    receiving = asyncio.ensure_future(store.receive((StoredUpdate(1, 7, "{}"),)))
    for _ in range(1000):
        if not store.writable:
            break
        await asyncio.sleep(0.01)
    assert not receiving.done()
    assert "is gone or another file" in caplog.text
    away.rename(file)
    assert [each.update_id for each in await asyncio.wait_for(receiving, 30)] == [1]
    await store.commit(Change(done=(1,)))
    await store.close()


async def test_a_replaced_database_file_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    engine = engine_for(f"sqlite+aiosqlite:///{file}")
    file.touch()
    database = DatabaseFile(engine)
    database.check()
    file.rename(tmp_path / "kept.db")
    file.touch()
    with pytest.raises(FileNotFoundError, match="put it back"):
        database.check()
    await engine.dispose()
