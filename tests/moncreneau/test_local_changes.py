"""Own bookings and refusals of slots count until a later reading includes them."""

from datetime import date, datetime

from bot.moncreneau.local_changes import LocalChanges, SlotChange
from tests.moncreneau.support import StillClock

TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time
ELEVEN = TEN.replace(hour=11)
FIRST, LAST = date(2026, 1, 22), date(2026, 1, 23)
DESK = (5, None)


def test_changes_before_a_reading_are_dropped(clock: StillClock) -> None:
    changes = LocalChanges(lambda: clock.unix)
    changes.booked(DESK, TEN)
    changes.refused(DESK, ELEVEN)
    before = clock.unix
    changes.was_read(5, FIRST, LAST, before)
    assert changes.of(DESK) == {TEN: SlotChange([before]), ELEVEN: SlotChange(refused=before)}, "it began with them"
    changes.was_read(5, FIRST, LAST, before + 1)
    assert changes.of(DESK) == {}


def test_a_reading_of_other_days_or_departments_drops_no_change(clock: StillClock) -> None:
    changes = LocalChanges(lambda: clock.unix)
    changes.booked(DESK, TEN)
    changes.was_read(5, LAST, LAST, clock.unix + 1)
    changes.was_read(8, FIRST, LAST, clock.unix + 1)
    assert TEN in changes.of(DESK)


def test_bookings_of_a_department_include_all_members_of_staff(clock: StillClock) -> None:
    changes = LocalChanges(lambda: clock.unix)
    changes.booked((5, 42), TEN)
    changes.refused(DESK, ELEVEN)
    changes.booked((8, None), ELEVEN)
    assert changes.booked_since(5, clock.unix) == {TEN}
    assert changes.booked_since(5, clock.unix + 1) == set()


def test_a_place_that_was_perhaps_booked_counts_once_and_not_for_its_citizen(clock: StillClock) -> None:
    changes = LocalChanges(lambda: clock.unix)
    for _ in range(3):
        changes.perhaps_booked(DESK, TEN, "telegram:7")
    began = clock.unix
    assert changes.of(DESK)[TEN].places(began) == 1
    assert changes.of(DESK)[TEN].places(began, but="telegram:7") == 0
    assert changes.booked_since(5, began) == {TEN}
    changes.booked(DESK, TEN, "telegram:7")
    assert changes.of(DESK) == {TEN: SlotChange([began])}, "now it is certain"
    changes.perhaps_booked(DESK, TEN, "telegram:8")
    changes.was_read(5, FIRST, LAST, began)
    assert changes.of(DESK)[TEN].places(began) == 2
    changes.was_read(5, FIRST, LAST, began + 1)
    assert changes.of(DESK) == {}
