"""The diagnostics of a database find out its state without changing it."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.app.records import Change, SetAside, StoredUpdate
from bot.storage import migrate
from bot.storage.diagnostics import MARK, examine, saved_value
from bot.storage.store import Store
from tests.storage.databases import Database, sqlite_database


def url(folder: Path) -> str:
    return sqlite_database(folder).url


@pytest.fixture
async def prepared(database: Database) -> Database:
    store = await Store(database.url).open()
    await store.receive((StoredUpdate(7, 1, "{}"),))
    await store.commit(Change(failed=(SetAside(7, "KeyError"),)))
    await store.close()
    return database


async def test_an_up_to_date_database_is_checked_without_changing_it(prepared: Database) -> None:
    found = await examine(prepared.url, 5)
    assert (found.revision, found.known, found.set_aside) == (migrate.newest(), True, 1)
    assert [each.error for each in found.newest_set_aside] == ["KeyError"]
    assert MARK not in {name for (name,) in prepared.rows("SELECT name FROM facts")}


async def test_a_missing_database_is_not_created_by_the_check(tmp_path: Path) -> None:
    found = await examine(url(tmp_path), 5)
    assert (found.revision, found.known) == (None, False)
    assert not (tmp_path / "bot.db").exists()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="its folder cannot be written"):
        await examine(url(tmp_path / "nowhere"), 5)


async def test_an_empty_database_and_one_in_memory_have_no_revision(database: Database) -> None:
    database.execute("DROP TABLE IF EXISTS nowhere")  # creates the file of SQLite
    for address in (database.url, "sqlite+aiosqlite://"):
        assert (await examine(address, 5)).revision is None
        assert await saved_value(address, "anything") is None


async def test_an_unknown_revision_is_reported_without_changing_anything(prepared: Database) -> None:
    prepared.execute("UPDATE alembic_version SET version_num = '9999'")
    found = await examine(prepared.url, 5)
    assert (found.revision, found.newest, found.known) == ("9999", migrate.newest(), False)


async def test_a_locked_database_fails_the_check(prepared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.engines.PRAGMAS", ("PRAGMA busy_timeout=10",))
    monkeypatch.setattr("bot.storage.postgresql.SESSION", {"lock_timeout": "10ms"})
    with prepared.locked("facts"), pytest.raises(OperationalError, match="lock"):
        await examine(prepared.url, 5)


def test_the_known_revisions_end_with_the_newest() -> None:
    assert max(migrate.revisions()) == migrate.newest()
    assert "0001" in migrate.revisions()
