"""What was just booked is told from memory while that does no harm."""

from datetime import UTC, datetime, timedelta

from bot.core.model import Appointment, AppointmentStatus
from bot.moncreneau.appointments import RecentBookings
from tests.moncreneau.support import StillClock

OWNER = "telegram:77"
AT = datetime(2026, 1, 21, 10, 10)  # noqa: DTZ001 — office time is naive


def appointment(
    number: int = 1, at: datetime = AT, status: AppointmentStatus = AppointmentStatus.SCHEDULED
) -> Appointment:
    return Appointment(number, 5, at, "Jean Dupont", status)


def test_an_appointment_is_told_for_a_quarter_of_an_hour_and_until_it_begins(clock: StillClock) -> None:
    recent = RecentBookings(lambda: clock.unix, UTC)
    recent.add(appointment(), OWNER)
    recent.add(appointment(2, AT + timedelta(days=1)), OWNER)
    assert [told.id for number in (1, 2) if (told := recent.told(OWNER, number))] == [1, 2]
    clock.pass_(601)
    assert [told.id for number in (1, 2) if (told := recent.told(OWNER, number))] == [2]
    clock.pass_(300)
    assert recent.told(OWNER, 2) is None


def test_neither_a_stranger_s_nor_one_that_was_cancelled_nor_one_of_an_odd_status_is_told(clock: StillClock) -> None:
    recent = RecentBookings(lambda: clock.unix, UTC)
    recent.add(appointment(1), OWNER)
    recent.add(appointment(2, status=AppointmentStatus.PENDING_PAYMENT), OWNER)
    assert recent.told("telegram:78", 1) is None
    assert recent.told(OWNER, 2) is None
    assert recent.told(OWNER, 3) is None
    recent.forget(1)
    recent.forget(1)
    assert recent.told(OWNER, 1) is None


def test_memory_is_bounded_and_the_oldest_goes_first(clock: StillClock) -> None:
    recent = RecentBookings(lambda: clock.unix, UTC)
    for number in range(2001):
        recent.add(appointment(number), OWNER)
    assert recent.told(OWNER, 0) is None
    assert recent.told(OWNER, 1)
