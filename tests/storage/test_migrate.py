"""Every start migrates the database; if it is up to date, that costs one query."""

import asyncio

import pytest
from sqlalchemy import Connection

from bot.app.records import Change, StoredChat
from bot.storage import migrate
from bot.storage.engines import engine_for
from bot.storage.store import Store
from tests.storage.databases import Database


def test_revisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(migrate.revisions())
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert migrate.newest() == numbers[-1]


async def test_an_empty_database_has_no_revision_and_an_opened_one_the_newest(database: Database) -> None:
    engine = engine_for(database.url)
    async with engine.connect() as connection:
        assert await connection.run_sync(migrate.current_revision) == (None, migrate.newest())
    await engine.dispose()
    store = await Store(database.url).open()
    await store.close()
    assert database.rows("SELECT version_num FROM alembic_version") == [(migrate.newest(),)]


async def test_alembic_does_not_run_on_an_up_to_date_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await Store(database.url).open()).close()

    def woken(_connection: Connection) -> None:
        raise AssertionError("Alembic was woken")

    monkeypatch.setattr(migrate, "_config", woken)
    await (await Store(database.url).open()).close()


async def test_of_several_simultaneous_starts_one_migrates_and_the_others_wait(database: Database) -> None:
    stores = [Store(database.url) for _ in range(4)]
    await asyncio.gather(*(each.open() for each in stores))
    for each in stores:
        assert await each.revision() == (migrate.newest(), migrate.newest())
        await each.close()
    assert database.rows("SELECT version_num FROM alembic_version") == [(migrate.newest(),)]


def make_newer(database: Database, serves: str | None) -> None:
    """As a newer release leaves the database: with an unknown revision, and what it says of its tables."""
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    if serves:
        database.execute("UPDATE facts SET value = ? WHERE name = ?", f"{serves} 9999", migrate.SERVES)


@pytest.mark.parametrize("serves", [None, "9999"])
async def test_a_database_of_a_newer_version_that_does_not_serve_this_one_is_refused_and_not_changed(
    serves: str | None, database: Database
) -> None:
    await (await Store(database.url).open()).close()
    make_newer(database, serves)
    store = Store(database.url)
    with pytest.raises(ValueError, match="its revision 9999 is newer than this version of the bot"):
        await store.open()
    await store.close()
    assert database.rows("SELECT version_num FROM alembic_version") == [("9999",)]


async def test_a_database_of_a_newer_version_that_serves_this_one_is_used_as_it_is(database: Database) -> None:
    await (await Store(database.url).open()).close()
    make_newer(database, migrate.newest())
    store = await Store(database.url).open()
    await store.commit(Change(chat=StoredChat(7, "a session", "fr")))
    await store.close()
    assert database.rows("SELECT version_num FROM alembic_version") == [("9999",)]
    assert database.rows("SELECT session FROM chats") == [("a session",)]


async def test_the_database_says_which_releases_its_tables_serve(database: Database) -> None:
    await (await Store(database.url).open()).close()
    query = "SELECT value FROM facts WHERE name = ?"
    assert database.execute(query, migrate.SERVES) == [(f"{migrate.SERVES_FROM} {migrate.newest()}",)]
    assert migrate.SERVES_FROM in migrate.revisions()
