"""Other repositories' way into the store's one writer: what they write is committed together with what citizens do."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.records import Change
from bot.storage.store import Store

T = TypeVar("T")


async def write(store: Store, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Do `work` within the store's next transaction; returns its result when that is on the disk."""
    results: list[T] = []

    async def run(connection: AsyncConnection) -> None:
        results[:] = [await work(connection)]

    await store.commit(Change(works=(run,)))
    return results[0]


async def execute(store: Store, statement: Any, values: Any = None) -> None:
    """Write one statement."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(statement, values)

    await write(store, work)
