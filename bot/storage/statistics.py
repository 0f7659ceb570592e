"""The stored statistics of the office. They are written with what they count (`statements`)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.statistics import Count
from bot.storage import mappers
from bot.storage.store import Store
from bot.storage.tables import daily_counts


class SqlStatistics:
    """See `bot.operations.statistics.StatisticsRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def counts(self, since: date | None = None) -> tuple[Count, ...]:
        """See `StatisticsRepository`."""
        query = select(daily_counts)
        if since is not None:
            query = query.where(daily_counts.c.day >= since.isoformat())

        async def look(connection: AsyncConnection) -> Sequence[Row[Any]]:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

        return tuple(map(mappers.read_count, await self._store.reader.read(look)))
