"""A database is looked at and left as it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.app.records import Change, SetAside, StoredUpdate
from bot.storage import migrate
from bot.storage.checkup import MARK, examine
from bot.storage.store import Store


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'bot.db'}"


async def prepared(folder: Path) -> Path:
    store = await Store(url(folder)).open()
    await store.receive((StoredUpdate(7, 1, "{}"),))
    await store.commit(Change(failed=(SetAside(7, "KeyError"),)))
    await store.close()
    return folder / "bot.db"


async def test_one_that_is_up_to_date_can_be_written_and_is_not_changed(tmp_path: Path) -> None:
    database = await prepared(tmp_path)
    found = await examine(url(tmp_path), 5)
    assert (found.revision, found.known, found.set_aside) == (migrate.newest(), True, 1)
    assert [each.error for each in found.poison] == ["KeyError"]
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM facts WHERE name = ?", (MARK,)).fetchone() == (0,)


async def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = await examine(url(tmp_path), 5)
    assert (found.revision, found.known) == (None, False)
    assert not (tmp_path / "bot.db").exists()


async def test_where_none_could_be_made_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="its folder cannot be written"):
        await examine(url(tmp_path / "nowhere"), 5)


async def test_an_empty_one_and_one_in_memory_have_no_revision(tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch()
    for address in (url(tmp_path), "sqlite+aiosqlite://"):
        assert (await examine(address, 5)).revision is None


async def test_a_revision_that_nobody_knows_is_told_without_touching_anything(tmp_path: Path) -> None:
    database = await prepared(tmp_path)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    found = await examine(url(tmp_path), 5)
    assert (found.revision, found.newest, found.known) == ("9999", migrate.newest(), False)


async def test_one_that_somebody_else_holds_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.dialect.PRAGMAS", ("PRAGMA busy_timeout=10",))
    database = await prepared(tmp_path)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            await examine(url(tmp_path), 5)


def test_the_revisions_that_are_known_end_with_the_newest() -> None:
    assert max(migrate.revisions()) == migrate.newest()
    assert "0001" in migrate.revisions()
