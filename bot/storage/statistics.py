"""The stored statistics of the office. They are written with what they count (`statements`)."""

from datetime import date

from sqlalchemy import select

from bot.core.rating import RatingCount
from bot.core.statistics import Count
from bot.storage import mappers
from bot.storage.store import Store
from bot.storage.tables import daily_counts, ratings


class SqlStatistics:
    """See `bot.operations.statistics.StatisticsRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def counts(self, since: date | None = None) -> tuple[Count, ...]:
        """See `StatisticsRepository`."""
        query = select(daily_counts)
        if since is not None:
            query = query.where(daily_counts.c.day >= since.isoformat())
        return tuple(map(mappers.read_count, await self._store.reader.rows(query)))

    async def ratings(self, since: date) -> tuple[RatingCount, ...]:
        """See `StatisticsRepository`."""
        query = select(ratings).where(ratings.c.week >= since.isoformat())
        return tuple(map(mappers.read_rating, await self._store.reader.rows(query)))
