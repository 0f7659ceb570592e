"""Other repositories' reads. While the database cannot be used (locked, its disk away) they wait until it can.

So what works in the background goes on by itself. The log hears of it once, and once when it is over. Knows nothing of
what is read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.weather import Weather
from bot.storage import dialect
from bot.storage.store import Store

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class Reader:
    """The way to read the store's database; those who share a reader share its line in the log."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        self._weather = Weather("the database (reading)", patience=1)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work`, which only reads, until it can be done; returns its result. Raises what is no passing trouble."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._engine.connect() as connection:
                    found = await work(connection)
            except Exception as error:
                if not dialect.is_passing(error):
                    raise
                self._weather.bad(dialect.cause(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._weather.good()
                return found
