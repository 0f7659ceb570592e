"""One hold per citizen, for three minutes after their last action."""

from datetime import datetime

from bot.moncreneau.holds import LASTS, SlotHolds
from tests.moncreneau.support import StillClock

TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time
ELEVEN = TEN.replace(hour=11)
DESK = (5, None)


def test_another_choice_replaces_the_hold(clock: StillClock) -> None:
    holds = SlotHolds(lambda: clock.unix)
    holds.hold("a", DESK, TEN)
    holds.hold("b", DESK, TEN)
    assert holds.held(DESK) == {TEN: 2}
    holds.hold("a", DESK, ELEVEN)
    assert holds.held(DESK) == {TEN: 1, ELEVEN: 1}
    holds.hold("a", (8, None), ELEVEN)
    assert holds.held(DESK) == {TEN: 1}
    holds.release("b")
    holds.release("b")
    assert not holds.held(DESK)


def test_holds_are_per_department_and_member_of_staff(clock: StillClock) -> None:
    holds = SlotHolds(lambda: clock.unix)
    holds.hold("a", (5, 42), TEN)
    assert holds.held((5, 42)) == {TEN: 1}
    assert not holds.held((5, 43))
    assert not holds.held(DESK)


def test_a_hold_ends_three_minutes_after_the_last_action(clock: StillClock) -> None:
    holds = SlotHolds(lambda: clock.unix)
    holds.hold("a", DESK, TEN)
    clock.pass_(LASTS)
    holds.hold("b", DESK, ELEVEN)
    assert holds.held(DESK) == {TEN: 1, ELEVEN: 1}
    clock.pass_(1)
    assert holds.held(DESK) == {ELEVEN: 1}
    holds.hold("b", DESK, ELEVEN)
    clock.pass_(LASTS)
    assert holds.held(DESK) == {ELEVEN: 1}


def test_a_confirmed_slot_is_held_until_its_booking_ends(clock: StillClock) -> None:
    holds = SlotHolds(lambda: clock.unix)
    holds.hold("a", DESK, TEN, confirmed=True)
    clock.pass_(3600)
    assert holds.held(DESK) == {TEN: 1}
    holds.release("a")
    assert not holds.held(DESK)
