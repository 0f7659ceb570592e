"""A service with a longest span is read in pieces, and one that refuses for other reasons is not asked for ever."""

from datetime import date, datetime, time, timedelta

import pytest

from bot.moncreneau.date_ranges import DateRangeReader
from bot.moncreneau.errors import InvalidRequest, TimedOut
from bot.moncreneau.schemas import FreeSlot

FIRST = date(2026, 3, 2)


class Office:
    """Has one free slot a day, and reads at most so many days at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[int] = []
        self.date_ranges = DateRangeReader(self.fetch)

    async def fetch(self, _department_id: int, first: date, last: date) -> tuple[FreeSlot, ...]:
        days = (last - first).days + 1
        self.asked.append(days)
        if days > self.most:
            raise InvalidRequest
        return tuple(FreeSlot(datetime.combine(first + timedelta(days=n), time(9))) for n in range(days))

    async def days(self, days: int) -> list[int]:
        """How many days after the first the slots are."""
        slots = await self.date_ranges.read(5, FIRST, FIRST + timedelta(days=days - 1))
        return [(slot.at.date() - FIRST).days for slot in slots]


async def test_a_service_that_takes_any_span_is_asked_once() -> None:
    office = Office(most=1000)
    assert await office.days(61) == list(range(61))
    assert office.asked == [61]


@pytest.mark.parametrize(
    ("most", "found", "asked"),
    [(31, 61, [61, 31, 30]), (30, 61, [61, 31, 30, 30, 1]), (10, 28, [61, 31, 30, 14, 7, 7, 7, 7])],
)
async def test_one_that_refuses_a_long_span_is_asked_in_pieces(most: int, found: int, asked: list[int]) -> None:
    office = Office(most)
    assert await office.days(61) == list(range(found))
    assert office.asked == asked
    before = len(asked)
    await office.days(61)
    assert max(office.asked[before:]) <= most, "it is remembered"


async def test_one_that_comes_to_take_less_is_followed() -> None:
    office = Office(most=31)
    await office.days(61)
    office.most = 7
    assert await office.days(14) == list(range(14))


async def test_a_refusal_for_another_reason_is_passed_on_and_not_tried_in_pieces_every_time() -> None:
    office = Office(most=0)
    for _ in range(3):
        with pytest.raises(InvalidRequest):
            await office.days(61)
    assert office.asked == [61, 31, 30, 14, 7, 61, 61]
    office.most = 31
    with pytest.raises(InvalidRequest):
        await office.days(61)
    assert await office.days(20) == list(range(20))
    assert await office.days(61) == list(range(61)), "what works shows that it was not in vain"


async def test_an_outage_is_no_refusal() -> None:
    async def down(_department_id: int, _first: date, _last: date) -> tuple[FreeSlot, ...]:
        raise TimedOut

    with pytest.raises(TimedOut):
        await DateRangeReader(down).read(5, FIRST, FIRST)
