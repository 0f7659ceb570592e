"""Writes of other repositories run in the store's transactions."""

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from bot.storage.store import Store, execute, write
from bot.storage.tables import drafts
from tests.storage.databases import Database


async def test_a_write_returns_its_result_after_the_commit(store: Store, database: Database) -> None:
    def work(connection: Connection) -> str | None:
        connection.execute(insert(drafts), {"chat_id": 1, "body": "one"})
        body: str | None = connection.scalar(select(drafts.c.body))
        return body

    assert await write(store, work) == "one"
    assert database.rows("SELECT body FROM drafts") == [("one",)]


async def test_an_invalid_write_fails_alone(store: Store, database: Database) -> None:
    await execute(store, insert(drafts), {"chat_id": 1, "body": "one"})
    with pytest.raises(IntegrityError):
        await execute(store, insert(drafts), {"chat_id": 1, "body": "twice"})
    await execute(store, insert(drafts), {"chat_id": 2, "body": "two"})
    assert database.rows("SELECT body FROM drafts ORDER BY chat_id") == [("one",), ("two",)]
