"""What was just booked is told from memory while that does no harm."""

from datetime import UTC, datetime, timedelta

from bot.core.model import Appointment, Status
from bot.moncreneau.appointments import Made
from tests.moncreneau.support import StillClock

OWNER = "telegram:77"
AT = datetime(2026, 1, 21, 10, 10)  # noqa: DTZ001 — office time is naive


def appointment(number: int = 1, at: datetime = AT, status: Status = Status.SCHEDULED) -> Appointment:
    return Appointment(number, 5, at, "Jean Dupont", status)


def test_an_appointment_is_told_for_a_quarter_of_an_hour_and_until_it_begins(clock: StillClock) -> None:
    made = Made(lambda: clock.unix, UTC)
    made.add(appointment(), OWNER)
    made.add(appointment(2, AT + timedelta(days=1)), OWNER)
    assert [told.id for number in (1, 2) if (told := made.told(OWNER, number))] == [1, 2]
    clock.pass_(601)
    assert [told.id for number in (1, 2) if (told := made.told(OWNER, number))] == [2]
    clock.pass_(300)
    assert made.told(OWNER, 2) is None


def test_neither_a_stranger_s_nor_one_that_was_cancelled_nor_one_of_an_odd_status_is_told(clock: StillClock) -> None:
    made = Made(lambda: clock.unix, UTC)
    made.add(appointment(1), OWNER)
    made.add(appointment(2, status=Status.PENDING_PAYMENT), OWNER)
    assert made.told("telegram:78", 1) is None
    assert made.told(OWNER, 2) is None
    assert made.told(OWNER, 3) is None
    made.forget(1)
    made.forget(1)
    assert made.told(OWNER, 1) is None


def test_memory_is_bounded_and_the_oldest_goes_first(clock: StillClock) -> None:
    made = Made(lambda: clock.unix, UTC)
    for number in range(2001):
        made.add(appointment(number), OWNER)
    assert made.told(OWNER, 0) is None
    assert made.told(OWNER, 1)
