"""The way to read. While the database cannot be used (locked, its disk away) who reads waits until it can.

So everything goes on by itself. The log hears of it once, and once when it is over. Knows nothing of what is read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.app.reachability import Weather
from bot.storage import engines

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class Reader:
    """Reads through `engine`; all who read share it, and its line in the log. `closing`: nobody waits any more."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.closing = False
        self._weather = Weather("the database (reading)", patience=1)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work`, which only reads, until it can be done; returns its result. Raises what is no passing trouble."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._engine.connect() as connection:
                    found = await work(connection)
            except Exception as error:
                if not engines.is_passing(error) or self.closing:
                    raise
                self._weather.bad(engines.cause(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._weather.good()
                return found
