"""Other repositories' way into the store's one writer: what they write is committed together with what citizens do."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.app.records import Change
from bot.storage.store import Store

T = TypeVar("T")


async def write(store: Store, work: Callable[[Connection], T]) -> T:
    """Do `work` within the store's next transaction, in its thread; returns its result when that is on the disk."""
    results: list[T] = []

    def run(connection: Connection) -> None:
        results[:] = [work(connection)]

    await store.commit(Change(works=(run,)))
    return results[0]


async def execute(store: Store, statement: Any, values: Any = None) -> None:
    """Write one statement."""
    await write(store, lambda connection: connection.execute(statement, values))
