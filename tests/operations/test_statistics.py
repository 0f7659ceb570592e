"""`/stats` is answered with the words and the file, in the admin's language."""

from datetime import date, datetime, timedelta

from bot.app.records import DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.core.rating import DepartmentRatings, RatingCount, Score
from bot.core.statistics import Count, Counted
from bot.operations.statistics import FILE, StatisticsHandler
from bot.views.message import Message

TODAY, MONDAY = date(2026, 3, 4), date(2026, 3, 2)
COUNTS = (Count(MONDAY, 5, Counted.BOOKED, 12),)


class Counts:
    def __init__(self) -> None:
        self.asked: list[date | None] = []

    async def counts(self, since: date | None = None) -> tuple[Count, ...]:
        self.asked.append(since)
        return COUNTS

    async def ratings(self, since: date) -> tuple[RatingCount, ...]:
        assert since == MONDAY - timedelta(days=84)
        last = MONDAY - timedelta(days=7)
        few = (RatingCount(6, last, Score.GOOD, 4), RatingCount(6, MONDAY, Score.GOOD, 1))
        return (RatingCount(5, last, Score.GOOD, 5), *few)


async def locale_of(_chat_id: int) -> str:
    return "en"


def draw(counts: tuple[Count, ...], ratings: tuple[DepartmentRatings, ...], today: date, locale: str) -> Message:
    return Message(f"{len(counts)} {[each.department_id for each in ratings]} {today} {locale}")


def caption(locale: str) -> Message:
    return Message(f"file {locale}")


async def test_an_admin_who_asks_gets_the_words_and_the_file() -> None:
    counts = Counts()
    handler = StatisticsHandler(counts, draw, caption, locale_of, DeliveryIds())
    at = datetime.combine(TODAY, datetime.min.time())
    assert await handler.handle(7, FromCitizen(Commanded(at=at, name="status"), 900)) is None
    change = await handler.handle(7, FromCitizen(Commanded(at=at, name="stats"), 900))
    assert change
    words, file = change.queued
    assert (words.kind, words.message.text) == (Kind.SEND, "1 [5] 2026-03-04 en")
    assert (file.kind, file.document) == (Kind.DOCUMENT, FILE)
    assert counts.asked == [MONDAY - timedelta(days=7)]
