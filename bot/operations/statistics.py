"""Answers `/stats`: the figures in words, and the same as a file. Knows no texts and no SQL."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Protocol

from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.core.rating import DepartmentRatings, RatingCount, by_department
from bot.core.statistics import Count, week_of
from bot.operations.statistics_views import RATED, WEEK
from bot.views.message import Message

COMMAND = "stats"
FILE = "statistics.csv"


class StatisticsRepository(Protocol):
    """The stored counts."""

    async def counts(self, since: date | None = None) -> tuple[Count, ...]:
        """All counts from this day on."""

    async def ratings(self, since: date) -> tuple[RatingCount, ...]:
        """The ratings of the weeks from this one on, which begins with `since`."""


class StatisticsHandler:
    """See `AdminHandler`. `draw` is given the counts, the ratings, today, and the language; `caption` the language."""

    def __init__(
        self,
        repository: StatisticsRepository,
        draw: Callable[[tuple[Count, ...], tuple[DepartmentRatings, ...], date, str], Message],
        caption: Callable[[str], Message],
        locale_of: Callable[[int], Awaitable[str]],
        ids: DeliveryIds,
    ) -> None:
        self._repository = repository
        self._draw = draw
        self._caption = caption
        self._locale_of = locale_of
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        if not isinstance(event, Commanded) or event.name != COMMAND:
            return None
        today, locale = event.at.date(), await self._locale_of(chat_id)
        counts = await self._repository.counts(week_of(today) - WEEK)
        rated = await self._repository.ratings(week_of(today) - RATED)
        # Whole weeks only: whoever asks twice in a week would see single answers come.
        ratings = by_department(each for each in rated if each.week < week_of(today))
        words = Delivery(self._ids.next(), chat_id, Kind.SEND, self._draw(counts, ratings, today, locale))
        file = Delivery(
            self._ids.next(), chat_id, Kind.DOCUMENT, self._caption(locale), urgency=Urgency.NOTICE, document=FILE
        )
        return Change(queued=(words, file))
