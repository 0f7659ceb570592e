"""The contract of the storage holds on both databases: who asks for `database` is run once on each."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage.store import Store
from tests.storage.databases import Database, file_in, on


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield file_in(tmp_path)
        return
    with on(request.getfixturevalue("cluster")) as here:
        yield here


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """An open one."""
    opened = await Store(database.url).open()
    yield opened
    await opened.close()
