"""One chat cannot book all places, and nobody is turned away for appointments that the office cancelled."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.booking_caps import BookingCaps, CapCheck
from bot.app.ports import WriteOutcome
from bot.app.records import BookingCounts
from bot.core.model import Appointment, AppointmentStatus, Failure, FailureCode
from tests.app.fakes import ScriptedError

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
ME, HELPER = 7, 8
CAPS = BookingCaps(open=2, per_day=3, trusted={HELPER: 10})
NOBODYS = BookingCounts(0, 0, 0)


class Office:
    """What is stored, and what the API would say."""

    def __init__(self, counts: BookingCounts, *appointments: Appointment) -> None:
        self.counts = counts
        self.appointments = appointments
        self.error: ScriptedError | None = None
        self.reads = 0

    async def count(self, _chat_id: int, _now: datetime) -> BookingCounts:
        return self.counts

    async def read(self) -> tuple[Appointment, ...]:
        self.reads += 1
        if self.error:
            raise self.error
        return self.appointments

    async def refusal(self, caps: BookingCaps = CAPS, chat_id: int = ME) -> Failure | None:
        return await CapCheck(caps, self.count).refusal(chat_id, NOW, self.read)


COMING = tuple(Appointment(number, 5, NOW + timedelta(days=number), "x") for number in (1, 2))


@pytest.mark.parametrize("counts", [NOBODYS, BookingCounts(1, 0, 2), BookingCounts(0, 1, 1)])
async def test_who_has_few_may_book_and_costs_no_request(counts: BookingCounts) -> None:
    office = Office(counts, *COMING)
    assert await office.refusal() is None
    assert office.reads == 0


@pytest.mark.parametrize("counts", [BookingCounts(2, 0, 0), BookingCounts(1, 1, 0)])
async def test_who_has_too_many_coming_ones_is_told_after_one_look(counts: BookingCounts) -> None:
    office = Office(counts, *COMING)
    assert await office.refusal() == Failure(FailureCode.TOO_MANY_OPEN)
    assert office.reads == 1


async def test_what_the_office_cancelled_or_what_is_over_counts_no_more() -> None:
    cancelled = replace(COMING[0], status=AppointmentStatus.CANCELLED)
    over = replace(COMING[1], at=NOW - timedelta(hours=1))
    assert await Office(BookingCounts(2, 0, 0), cancelled, over).refusal() is None
    assert await Office(BookingCounts(2, 1, 0), cancelled, COMING[1]).refusal() == Failure(FailureCode.TOO_MANY_OPEN)


async def test_where_the_list_cannot_be_read_what_is_stored_counts() -> None:
    office = Office(BookingCounts(2, 0, 0))
    office.error = ScriptedError(WriteOutcome.UNKNOWN)
    assert await office.refusal() == Failure(FailureCode.TOO_MANY_OPEN)


@pytest.mark.parametrize("counts", [BookingCounts(0, 0, 3), BookingCounts(0, 1, 2)])
async def test_who_booked_too_much_today_hears_from_when_on_it_works_again(counts: BookingCounts) -> None:
    office = Office(counts)
    midnight = datetime(2026, 3, 3)  # noqa: DTZ001 — office time
    assert await office.refusal() == Failure(FailureCode.TOO_MANY_TODAY, midnight, another_day=True)
    assert office.reads == 0


async def test_helpers_have_a_limit_of_their_own_and_zero_is_none() -> None:
    busy = Office(BookingCounts(9, 0, 9), *COMING)
    assert await busy.refusal(chat_id=HELPER) is None
    busy.counts = BookingCounts(9, 0, 10)
    assert await busy.refusal(chat_id=HELPER) is not None
    assert await busy.refusal(BookingCaps()) is None
    assert await busy.refusal(BookingCaps(1, 1, {ME: 0})) is None
    assert await busy.refusal(BookingCaps(open=0, per_day=100)) is None
