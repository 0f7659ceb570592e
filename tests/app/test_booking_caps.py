"""One chat cannot book all places, and appointments that the office cancelled do not count."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.booking_caps import BookingCaps, CapCheck
from bot.app.ports import WriteOutcome
from bot.app.records import BookingCounts
from bot.core.health import ChatLimit
from bot.core.model import Appointment, AppointmentStatus, Failure, FailureCode
from tests.app.fakes import ScriptedError

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
ME, HELPER = 7, 8
CAPS = BookingCaps(open=2, per_day=3, trusted={HELPER: 10})
NOBODYS = BookingCounts(0, 0, 0)


class CapsSetup:
    """The counts that are stored, and the appointments that the API would list."""

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


async def is_blocked(chat_id: int) -> bool:
    return chat_id == HELPER


async def test_a_blocked_chat_books_nothing_further_whatever_its_caps_and_still_moves() -> None:
    reached = Counter[ChatLimit]()
    setup = CapsSetup(NOBODYS)
    for caps in (CAPS, BookingCaps()):
        check = CapCheck(caps, setup.count, reached=reached, is_blocked=is_blocked)
        assert await check.refusal(HELPER, NOW, setup.read) == Failure(FailureCode.BOOKING_BLOCKED)
        assert await check.refusal(ME, NOW, setup.read) is None
        assert await check.move_refusal(HELPER, 50) is None
    assert reached == {ChatLimit.BLOCKED: 2}


COMING = tuple(Appointment(number, 5, NOW + timedelta(days=number), "x") for number in (1, 2))


@pytest.mark.parametrize("counts", [NOBODYS, BookingCounts(1, 0, 2), BookingCounts(0, 1, 1)])
async def test_a_chat_below_its_caps_may_book_without_a_request(counts: BookingCounts) -> None:
    setup = CapsSetup(counts, *COMING)
    assert await setup.refusal() is None
    assert setup.reads == 0


@pytest.mark.parametrize("counts", [BookingCounts(2, 0, 0), BookingCounts(1, 1, 0)])
async def test_a_chat_with_too_many_coming_appointments_is_told_after_one_request(counts: BookingCounts) -> None:
    setup = CapsSetup(counts, *COMING)
    assert await setup.refusal() == Failure(FailureCode.TOO_MANY_OPEN)
    assert setup.reads == 1


async def test_cancelled_and_past_appointments_do_not_count() -> None:
    cancelled = replace(COMING[0], status=AppointmentStatus.CANCELLED)
    over = replace(COMING[1], at=NOW - timedelta(hours=1))
    assert await CapsSetup(BookingCounts(2, 0, 0), cancelled, over).refusal() is None
    assert await CapsSetup(BookingCounts(2, 1, 0), cancelled, COMING[1]).refusal() == Failure(FailureCode.TOO_MANY_OPEN)


async def test_stored_appointments_count_if_the_list_cannot_be_read() -> None:
    setup = CapsSetup(BookingCounts(2, 0, 0))
    setup.error = ScriptedError(WriteOutcome.UNKNOWN)
    assert await setup.refusal() == Failure(FailureCode.TOO_MANY_OPEN)


@pytest.mark.parametrize("counts", [BookingCounts(0, 0, 3), BookingCounts(0, 1, 2)])
async def test_a_chat_at_its_daily_cap_is_told_when_it_works_again(counts: BookingCounts) -> None:
    setup = CapsSetup(counts)
    midnight = datetime(2026, 3, 3)  # noqa: DTZ001 — office time
    assert await setup.refusal() == Failure(FailureCode.TOO_MANY_TODAY, midnight, another_day=True)
    assert setup.reads == 0


async def test_trusted_chats_have_their_own_cap_and_zero_is_no_cap() -> None:
    busy = CapsSetup(BookingCounts(9, 0, 9), *COMING)
    assert await busy.refusal(chat_id=HELPER) is None
    busy.counts = BookingCounts(9, 0, 10)
    assert await busy.refusal(chat_id=HELPER) is not None
    assert await busy.refusal(BookingCaps()) is None
    assert await busy.refusal(BookingCaps(1, 1, {ME: 0})) is None
    assert await busy.refusal(BookingCaps(open=0, per_day=100)) is None


@pytest.mark.parametrize(("moved", "chat_id", "is_refused"), [(1, ME, False), (2, ME, True), (9, HELPER, False)])
async def test_an_appointment_that_was_moved_too_often_is_not_moved_again(
    moved: int, chat_id: int, *, is_refused: bool
) -> None:
    async def count_moves(_chat_id: int, _appointment_id: int) -> int:
        return moved

    async def count(_chat_id: int, _now: datetime) -> BookingCounts:
        return BookingCounts(9, 9, 9)

    caps = CapCheck(BookingCaps(open=1, trusted={HELPER: 10}, moves=2), count, count_moves)
    refusal = await caps.move_refusal(chat_id, 50)
    assert refusal == (Failure(FailureCode.TOO_MANY_MOVES) if is_refused else None)


async def test_without_a_cap_moves_are_not_counted() -> None:
    async def count(_chat_id: int, _now: datetime) -> BookingCounts:
        return BookingCounts(0, 0, 0)

    assert await CapCheck(BookingCaps(), count).move_refusal(ME, 50) is None
    assert await CapCheck(BookingCaps(moves=2), count).move_refusal(ME, 50) is None, "nobody has moved it"


async def test_whether_a_place_could_be_taken_is_known_without_a_request_and_counts_nothing() -> None:
    reached = Counter[ChatLimit]()
    stored = CapsSetup(NOBODYS)

    async def moves(_chat_id: int, appointment_id: int) -> int:
        return 2 if appointment_id == 50 else 0

    check = CapCheck(replace(CAPS, moves=2), stored.count, moves, reached, is_blocked)
    assert not await check.can_take(ME, 50, NOW)
    assert await check.can_take(HELPER, 50, NOW), "trusted"
    assert await check.can_take(ME, 51, NOW)
    assert await check.can_take(ME, None, NOW)
    assert not await check.can_take(HELPER, None, NOW), "blocked"
    for counts in (BookingCounts(2, 0, 0), BookingCounts(1, 1, 0), BookingCounts(0, 0, 3), BookingCounts(0, 1, 2)):
        stored.counts = counts
        assert not await check.can_take(ME, None, NOW)
    assert await CapCheck(BookingCaps(), stored.count).can_take(ME, None, NOW), "no caps"
    assert (reached, stored.reads) == ({}, 0)
