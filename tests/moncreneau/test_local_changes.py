"""What our own bookings teach about an office: how many citizens a slot takes, and which slots are full."""

from datetime import datetime, timedelta

import pytest

from bot.moncreneau.local_changes import LocalChanges
from bot.moncreneau.schemas import FreeSlot

TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time is naive
ANYBODY = (5, None)
FIRST, LAST = TEN.replace(hour=0), TEN.replace(hour=23)


class Office:
    """An office that takes so many citizens a slot and tells only "free", and the notes that we take of it."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.changes = LocalChanges()
        self.now = 100.0
        self.began = 100.0
        self.booked: dict[datetime, int] = {}

    def book(self, at: datetime) -> None:
        self.now += 1
        self.booked[at] = self.booked.get(at, 0) + 1
        self.changes.at(ANYBODY, at).booked.append(self.now)

    def read(self) -> None:
        self.now += 1
        self.began = self.now
        times = (TEN + timedelta(minutes=n) for n in range(30))
        free = [FreeSlot(at) for at in times if self.booked.get(at, 0) < self.capacity]
        self.changes.learn(5, FIRST, LAST, free, self.began)

    def offers(self, at: datetime) -> bool:
        return self.changes.offered(ANYBODY, FreeSlot(at), self.began)

    def surely_full(self, at: datetime, left: int | None = None) -> bool:
        return self.changes.known_taken(ANYBODY, at, FreeSlot(at, left), self.began, self.now)


def minute(number: int) -> datetime:
    return TEN + timedelta(minutes=number)


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_how_many_a_slot_takes_is_learnt_from_what_is_offered_after_our_bookings(capacity: int) -> None:
    office = Office(capacity)
    for _ in range(capacity):
        office.book(TEN)
        assert not office.offers(TEN), "as long as it is not known, it is hidden until it is read again"
        office.read()
    for number in range(1, 6):
        for booking in range(capacity):
            assert office.offers(minute(number)) or booking == 0
            office.book(minute(number))
        assert not office.offers(minute(number))


def test_where_places_are_not_counted_the_booking_itself_decides() -> None:
    office = Office(1)
    for number in range(9):
        office.book(minute(number))
        office.read()
    office.book(minute(9))
    assert not office.surely_full(minute(9))


def test_where_places_are_counted_the_last_one_of_ours_makes_it_full() -> None:
    office = Office(1)
    office.book(TEN)
    assert not office.surely_full(TEN, left=2)
    assert office.surely_full(TEN, left=1)


def test_a_booking_that_may_have_been_made_hides_the_slot_but_proves_nothing() -> None:
    office = Office(1)
    for number in range(6):
        office.book(minute(number))
    office.read()
    office.changes.at(ANYBODY, minute(9)).unsure = office.now
    assert not office.offers(minute(9))
    assert not office.surely_full(minute(9)), "its own citizen may have to ask again"


def test_a_cancelled_booking_is_taken_off_whether_it_was_read_since_or_not() -> None:
    office = Office(1)
    office.book(TEN)
    office.changes.freed(5, TEN, office.now)
    assert office.offers(TEN)
    office.book(TEN)
    office.read()
    office.changes.freed(5, TEN, office.now)
    assert office.changes.at(ANYBODY, TEN).seen == 0


def test_a_reading_that_lacks_a_slot_proves_nothing_where_no_booking_of_ours_took_its_last_place() -> None:
    office = Office(1)
    assert not office.changes.known_taken(ANYBODY, TEN, None, office.now, office.now), "a stranger's may be free again"
    office.book(TEN)
    office.read()
    assert office.changes.known_taken(ANYBODY, TEN, None, office.began, office.now + 30)
    assert not office.changes.known_taken(ANYBODY, TEN, None, office.began, office.now + 61), (
        "it may be given back by now"
    )
    office.changes.freed(5, TEN, office.now)
    assert not office.changes.known_taken(ANYBODY, TEN, None, office.began, office.now)


def test_what_one_member_of_staff_took_hides_nothing_of_another() -> None:
    changes = LocalChanges()
    changes.at((5, 42), TEN).booked.append(200.0)
    changes.at((5, 42), minute(1)).taken = 200.0
    for at in (TEN, minute(1)):
        assert not changes.offered((5, 42), FreeSlot(at), 100.0)
        assert changes.offered((5, 43), FreeSlot(at), 100.0)
        assert changes.offered(ANYBODY, FreeSlot(at), 100.0)
    assert changes.noted(5, TEN, 100.0), "whoever it was with, it was ours"


def test_what_was_noted_since_is_told_slot_by_slot_as_far_as_it_can_be() -> None:
    office = Office(1)
    before = office.changes.changes[ANYBODY]
    assert office.changes.since(ANYBODY, before) == ()
    office.book(TEN)
    office.book(minute(1))
    assert office.changes.since(ANYBODY, before) == (TEN, minute(1))
    assert office.changes.since(ANYBODY, before + 1) == (minute(1),)
    assert office.changes.since((8, None), 0) == ()
    for n in range(64):
        office.book(minute(n))
    assert office.changes.since(ANYBODY, before) is None, "too much to tell"
    office.read()
    assert office.changes.since(ANYBODY, before + 66) is None, "a reading may change what is known of every slot"
