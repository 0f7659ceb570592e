"""A database is looked at and left as it was."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.app.records import Change, SetAside, StoredUpdate
from bot.storage import migrate
from bot.storage.diagnostics import MARK, examine, remembered
from bot.storage.store import Store
from tests.storage.databases import Database, file_in


def url(folder: Path) -> str:
    return file_in(folder).url


@pytest.fixture
async def prepared(database: Database) -> Database:
    store = await Store(database.url).open()
    await store.receive((StoredUpdate(7, 1, "{}"),))
    await store.commit(Change(failed=(SetAside(7, "KeyError"),)))
    await store.close()
    return database


async def test_one_that_is_up_to_date_can_be_written_and_is_not_changed(prepared: Database) -> None:
    found = await examine(prepared.url, 5)
    assert (found.revision, found.known, found.set_aside) == (migrate.newest(), True, 1)
    assert [each.error for each in found.newest_set_aside] == ["KeyError"]
    assert MARK not in {name for (name,) in prepared.rows("SELECT name FROM facts")}


async def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = await examine(url(tmp_path), 5)
    assert (found.revision, found.known) == (None, False)
    assert not (tmp_path / "bot.db").exists()


async def test_where_none_could_be_made_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="its folder cannot be written"):
        await examine(url(tmp_path / "nowhere"), 5)


async def test_an_empty_one_and_one_in_memory_have_no_revision(database: Database) -> None:
    database.says("DROP TABLE IF EXISTS nowhere")  # SQLite's file is there from now on
    for address in (database.url, "sqlite+aiosqlite://"):
        assert (await examine(address, 5)).revision is None
        assert await remembered(address, "anything") is None


async def test_a_revision_that_nobody_knows_is_told_without_touching_anything(prepared: Database) -> None:
    prepared.says("UPDATE alembic_version SET version_num = '9999'")
    found = await examine(prepared.url, 5)
    assert (found.revision, found.newest, found.known) == ("9999", migrate.newest(), False)


async def test_one_that_somebody_else_holds_cannot_be_written(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.engines.PRAGMAS", ("PRAGMA busy_timeout=10",))
    monkeypatch.setattr("bot.storage.postgresql.SESSION", {"lock_timeout": "10ms"})
    with prepared.held("facts"), pytest.raises(OperationalError, match="lock"):
        await examine(prepared.url, 5)


def test_the_revisions_that_are_known_end_with_the_newest() -> None:
    assert max(migrate.revisions()) == migrate.newest()
    assert "0001" in migrate.revisions()
