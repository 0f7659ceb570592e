"""Fixtures: a test that asks for `database` or `store` runs once on SQLite and once on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage.store import Store
from tests.storage.databases import Database, postgresql_database, sqlite_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield sqlite_database(tmp_path)
        return
    with postgresql_database(request.getfixturevalue("cluster")) as here:
        yield here


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """An open store on `database`."""
    opened = await Store(database.url).open()
    yield opened
    await opened.close()
