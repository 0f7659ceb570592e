"""A database file that is taken away under a running bot: nothing is said to be stored that would be gone."""

import asyncio
from pathlib import Path

import pytest

from bot.app.records import Change, StoredUpdate
from bot.storage.engines import DatabaseFile, engine_for
from bot.storage.store import Store


async def test_nothing_is_said_to_be_stored_while_the_file_is_gone(
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


async def test_another_file_in_its_place_is_not_the_database(tmp_path: Path) -> None:
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
