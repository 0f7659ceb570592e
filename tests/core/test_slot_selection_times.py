"""Days and times: only free ones are shown, and questions with one possible answer are skipped."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.core import callback_data
from bot.core.effects import LoadDepartments, LoadSlots, Show
from bot.core.events import SlotMoved, SlotsLoaded
from bot.core.model import (
    Day,
    Draft,
    Slot,
)
from bot.core.slot_selection import NEAREST, awaited
from bot.core.states import (
    ChoosingDay,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Notice,
    State,
    Submitting,
    TypingName,
)
from tests.core.examples import (
    ATTEMPT,
    BAH,
    DAYS,
    DRAFT,
    FULL,
    HALF_PAST_TWO,
    HOSPITAL,
    MESSAGE,
    MONDAY,
    NINE,
    NOW,
    PASSPORTS,
    SCREEN,
    SLOTS,
    SUNDAY,
    TEN_ON_MONDAY,
    TIMED,
    given,
    happened,
    known,
    press,
    pressed,
    typed,
)


def slots_come(state: State, *slots: Slot, department: int = 1) -> State:
    return happened(given(state), SlotsLoaded(at=NOW, department_id=department, slots=slots))[0].state


# --- days ------------------------------------------------------------------------------------------------------------


def test_only_days_with_free_slots_are_shown_with_how_many_they_have() -> None:
    assert slots_come(LoadingDays(DRAFT), *SLOTS) == ChoosingDay(DRAFT, DAYS, NINE)


def test_slots_that_have_passed_are_left_out() -> None:
    past = Slot(NOW - timedelta(minutes=5))
    assert slots_come(LoadingDays(DRAFT), past, Slot(NOW), *SLOTS) == ChoosingDay(DRAFT, DAYS, NINE)


def test_no_free_day_has_a_screen_of_its_own() -> None:
    assert slots_come(LoadingDays(DRAFT)) == ChoosingDay(DRAFT, (), None)


def test_a_single_day_is_not_asked_for() -> None:
    assert slots_come(LoadingDays(DRAFT), *SLOTS[:2]) == ChoosingTime(
        DRAFT, SUNDAY, (NINE, HALF_PAST_TWO), is_first=True
    )


def test_a_single_slot_is_not_asked_for() -> None:
    assert slots_come(LoadingDays(DRAFT), Slot(HALF_PAST_TWO)) == TypingName(TIMED)


def test_coming_back_shows_a_single_day() -> None:
    assert slots_come(LoadingDays(DRAFT, back=True), Slot(NINE)) == ChoosingDay(DRAFT, (Day(SUNDAY, 1),), NINE)


def test_slots_of_another_department_are_ignored() -> None:
    assert slots_come(LoadingDays(DRAFT), *SLOTS, department=2) == LoadingDays(DRAFT)


def test_the_earliest_slot_is_one_tap() -> None:
    session = given(ChoosingDay(DRAFT, DAYS, NINE))
    chosen, _ = happened(session, replace(press(session, callback_data.EARLIEST), profile="Fanta Bah"))
    assert chosen.state == TypingName(replace(DRAFT, at=NINE), ("Fanta Bah",))


def test_the_name_that_was_booked_first_stands_in_the_summary_at_once() -> None:
    session = given(ChoosingDay(DRAFT, DAYS, NINE), names=known("Bah Sow"))
    chosen, _ = happened(session, replace(press(session, callback_data.EARLIEST), profile="Fanta Bah"))
    assert chosen.state == ConfirmingBooking(Draft(PASSPORTS, at=NINE, name="Bah Sow"), ("Bah Sow", "Fanta Bah"))


def test_a_pressed_day_asks_for_its_times() -> None:
    session, effects = pressed(given(ChoosingDay(DRAFT, DAYS, NINE)), "day:20260126")
    assert session.state == LoadingTimes(DRAFT, MONDAY)
    assert effects == (LoadSlots(1),)


def test_the_days_have_pages() -> None:
    assert pressed(given(ChoosingDay(DRAFT, DAYS, NINE)), "p:2")[0].state == ChoosingDay(DRAFT, DAYS, NINE, page=2)


def test_if_nothing_is_free_the_citizen_can_look_again() -> None:
    assert pressed(given(ChoosingDay(DRAFT, (), None)), callback_data.RETRY)[0].state == LoadingDays(DRAFT, back=True)


def test_back_from_the_days_is_the_departments() -> None:
    days = given(ChoosingDay(DRAFT, DAYS, NINE))
    assert pressed(days, callback_data.BACK)[0].state == LoadingDepartments(back=True)


def test_from_a_full_department_the_others_of_its_organisation_are_a_tap_away() -> None:
    full = given(ChoosingDay(DRAFT, (), None))
    assert pressed(full, callback_data.CHANGE_DEPARTMENT)[0].state == LoadingDepartments(back=True, organization_of=1)


def test_back_from_the_days_is_the_staff_where_one_is_asked_for() -> None:
    state = ChoosingDay(Draft(HOSPITAL, BAH), DAYS, NINE)
    assert pressed(given(state), callback_data.BACK)[0].state == ChoosingWorker(Draft(HOSPITAL, BAH))


# --- times -----------------------------------------------------------------------------------------------------------


def test_the_times_of_the_day_are_shown() -> None:
    shown = slots_come(LoadingTimes(DRAFT, SUNDAY), *SLOTS)
    assert shown == ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))


def test_a_single_time_is_not_asked_for() -> None:
    assert slots_come(LoadingTimes(DRAFT, MONDAY), *SLOTS) == TypingName(replace(DRAFT, at=TEN_ON_MONDAY))


def test_coming_back_shows_a_single_time_and_the_half_of_the_day_that_was_chosen() -> None:
    shown = slots_come(LoadingTimes(TIMED, SUNDAY, back=True), *SLOTS)
    assert shown == ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO), afternoon=True)
    alone = slots_come(LoadingTimes(FULL, MONDAY, back=True), *SLOTS)
    assert alone == ChoosingTime(replace(FULL, at=None), MONDAY, (TEN_ON_MONDAY,))


# --- typed days and hours --------------------------------------------------------------------------------------------

DAY_LIST = ChoosingDay(DRAFT, DAYS, NINE)
TIME_LIST = ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
NEAREST_LIST = ChoosingNearest(FULL, (NINE, TEN_ON_MONDAY))


@pytest.mark.parametrize(
    ("state", "text", "loading"),
    [
        (DAY_LIST, "25/1", LoadingTimes(DRAFT, SUNDAY)),
        (DAY_LIST, "dimanche 9h", LoadingTimes(DRAFT, SUNDAY, hour=time(9))),
        (TIME_LIST, "14h30", LoadingTimes(DRAFT, SUNDAY, hour=time(14, 30))),
        (TIME_LIST, "9", LoadingTimes(DRAFT, SUNDAY, hour=time(9))),
        (TIME_LIST, "lundi", LoadingTimes(DRAFT, MONDAY)),
        (NEAREST_LIST, "10h", LoadingTimes(replace(FULL, at=None), SUNDAY, hour=time(10))),
        (NEAREST_LIST, "26/1 10h", LoadingTimes(replace(FULL, at=None), MONDAY, hour=time(10))),
    ],
)
def test_a_typed_day_or_hour_is_looked_for(state: State, text: str, loading: State) -> None:
    session, effects = typed(given(state), text)
    assert session.state == loading
    assert effects == (LoadSlots(1),)


@pytest.mark.parametrize(
    ("state", "text", "notice"),
    [
        (DAY_LIST, "27/1", Notice.DAY_NOT_FREE),
        (DAY_LIST, "10h", Notice.WHEN_UNKNOWN),
        (DAY_LIST, "passeport", Notice.WHEN_UNKNOWN),
        (TIME_LIST, "plus tard", Notice.WHEN_UNKNOWN),
        (ChoosingNearest(DRAFT, (NINE,)), "10h", Notice.WHEN_UNKNOWN),
    ],
)
def test_a_typed_time_that_cannot_be_offered_says_why(state: State, text: str, notice: Notice) -> None:
    session, effects = typed(given(state), text)
    assert effects == (Show(state, SCREEN, None, notice),)
    assert session.state == state


def test_a_typed_hour_that_is_free_is_chosen() -> None:
    assert slots_come(LoadingTimes(DRAFT, SUNDAY, hour=time(14, 30)), *SLOTS) == TypingName(TIMED)


def test_a_typed_hour_that_is_not_free_shows_those_that_are() -> None:
    loading = given(LoadingTimes(DRAFT, MONDAY, hour=time(9)))
    session, effects = happened(loading, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
    assert session.state == ChoosingTime(DRAFT, MONDAY, (TEN_ON_MONDAY,))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE, Notice.TIME_NOT_FREE),)


def test_a_day_without_a_morning_begins_in_the_afternoon() -> None:
    later = Slot(HALF_PAST_TWO + timedelta(hours=1))
    shown = slots_come(LoadingTimes(DRAFT, SUNDAY), SLOTS[1], later)
    assert shown == ChoosingTime(DRAFT, SUNDAY, (HALF_PAST_TWO, later.at), afternoon=True)


def test_a_day_that_filled_up_meanwhile_leads_back_to_the_days() -> None:
    session, effects = happened(
        given(LoadingTimes(DRAFT, SUNDAY)), SlotsLoaded(at=NOW, department_id=1, slots=SLOTS[2:])
    )
    assert session.state == LoadingDays(DRAFT, back=True, notice=Notice.DAY_FULL)
    assert effects == (LoadSlots(1),)
    session, effects = happened(session, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS[2:]))
    assert effects == (Show(session.state, session.screen, MESSAGE, Notice.DAY_FULL),)


def test_a_pressed_time_asks_for_the_name() -> None:
    state = ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
    assert pressed(given(state), "t:20260125T1430")[0].state == TypingName(TIMED)


def test_a_name_that_was_given_is_not_asked_for_again() -> None:
    state = ChoosingNearest(FULL, (NINE, TEN_ON_MONDAY))
    assert pressed(given(state), "t:20260125T0900")[0].state == ConfirmingBooking(
        replace(FULL, at=NINE), ("Aïssatou Bah",)
    )


def test_the_other_half_of_the_day_is_a_tap_away() -> None:
    state = ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
    afternoon = pressed(given(state), callback_data.AFTERNOON)[0]
    assert afternoon.state == replace(state, afternoon=True)
    assert pressed(afternoon, callback_data.MORNING)[0].state == state


@pytest.mark.parametrize("action", [callback_data.BACK, callback_data.OTHER_TIME])
@pytest.mark.parametrize("state", [ChoosingTime(DRAFT, SUNDAY, (NINE,)), ChoosingNearest(DRAFT, (NINE,))])
def test_back_from_the_times_is_the_days(state: State, action: str) -> None:
    assert pressed(given(state), action)[0].state == LoadingDays(DRAFT, back=True)


# --- a slot that is gone ---------------------------------------------------------------------------------------------


def test_a_slot_that_is_gone_shows_the_nearest_free_ones_in_order() -> None:
    many = tuple(Slot(HALF_PAST_TWO + timedelta(minutes=30 * n)) for n in range(-5, 9))
    shown = slots_come(LoadingNearest(FULL), *many)
    assert isinstance(shown, ChoosingNearest)
    assert len(shown.times) == NEAREST
    assert HALF_PAST_TWO not in shown.times
    assert shown.times == tuple(HALF_PAST_TWO + timedelta(minutes=30 * n) for n in (-3, -2, -1, 1, 2, 3))
    assert shown.draft == FULL


def test_when_no_time_was_chosen_the_nearest_are_the_first() -> None:
    assert slots_come(LoadingNearest(DRAFT), *SLOTS) == ChoosingNearest(DRAFT, tuple(slot.at for slot in SLOTS))


def test_if_no_other_time_is_free_the_screen_says_so() -> None:
    session, effects = happened(
        given(LoadingNearest(FULL)), SlotsLoaded(at=NOW, department_id=1, slots=(Slot(HALF_PAST_TWO),))
    )
    assert session.state == ChoosingDay(FULL, (), None)
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE, Notice.SLOT_GONE),)


# --- slots that others are choosing ----------------------------------------------------------------------------------

HELD = tuple(replace(slot, perhaps=True) for slot in SLOTS)


def notice_after(state: State, *slots: Slot) -> Notice | None:
    (shown,) = happened(given(state), SlotsLoaded(at=NOW, department_id=1, slots=slots))[1]
    assert isinstance(shown, Show)
    return shown.notice


def test_the_earliest_slot_is_one_that_nobody_is_choosing() -> None:
    days = slots_come(LoadingDays(DRAFT), HELD[0], HELD[1], SLOTS[2])
    assert days == ChoosingDay(DRAFT, (Day(SUNDAY, 2, perhaps=True), Day(MONDAY, 1)), TEN_ON_MONDAY)
    assert notice_after(LoadingDays(DRAFT), HELD[0], SLOTS[2]) is None


def test_slots_held_by_others_may_be_pressed_if_no_others_are_left() -> None:
    assert slots_come(LoadingDays(DRAFT), *HELD) == ChoosingDay(
        DRAFT, tuple(replace(day, perhaps=True) for day in DAYS), NINE
    )
    assert slots_come(LoadingTimes(DRAFT, SUNDAY), *HELD) == ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
    assert slots_come(LoadingNearest(FULL), *HELD) == ChoosingNearest(FULL, (NINE, TEN_ON_MONDAY))
    for state in (LoadingDays(DRAFT), LoadingTimes(DRAFT, SUNDAY), LoadingNearest(FULL)):
        assert notice_after(state, *HELD) is Notice.PERHAPS


def test_the_nearest_times_are_those_that_nobody_is_choosing() -> None:
    assert slots_come(LoadingNearest(FULL), HELD[0], *SLOTS[1:]) == ChoosingNearest(FULL, (TEN_ON_MONDAY,))


@pytest.mark.parametrize("state", [TypingName(TIMED), ConfirmingBooking(FULL)])
def test_a_slot_that_went_to_somebody_else_is_replaced_and_the_time_that_was_asked_is_kept(
    state: TypingName | ConfirmingBooking,
) -> None:
    after, _ = happened(given(state), SlotMoved(at=NOW, slot=NINE))
    assert after.state == replace(state, draft=replace(state.draft, at=NINE, asked=HALF_PAST_TWO))
    again, _ = happened(after, SlotMoved(at=NOW, slot=TEN_ON_MONDAY))
    assert again.state == replace(state, draft=replace(state.draft, at=TEN_ON_MONDAY, asked=HALF_PAST_TWO))


def test_another_choice_of_a_time_is_what_was_asked() -> None:
    moved = ChoosingTime(replace(FULL, asked=NINE), SUNDAY, (NINE, HALF_PAST_TWO))
    after, _ = pressed(given(moved), callback_data.timed(callback_data.TIME, NINE))
    assert after.state == ConfirmingBooking(replace(FULL, at=NINE), ("Aïssatou Bah",))


@pytest.mark.parametrize("state", [TypingName(TIMED), ConfirmingBooking(FULL)])
def test_if_no_other_slot_is_left_the_nearest_ones_are_loaded(state: TypingName | ConfirmingBooking) -> None:
    after, effects = happened(given(state), SlotMoved(at=NOW, slot=None))
    assert (after.state, effects) == (LoadingNearest(state.draft), (LoadSlots(1),))


def test_a_confirmed_booking_keeps_its_slot() -> None:
    submitting = Submitting(ATTEMPT)
    assert happened(given(submitting), SlotMoved(at=NOW, slot=NINE))[0].state == submitting


def test_a_state_that_waits_for_nothing_asks_for_nothing() -> None:
    assert awaited(Idle()) == ()
    assert awaited(LoadingDepartments()) == (LoadDepartments(),)
    assert awaited(LoadingNearest(FULL)) == (LoadSlots(1),)


@pytest.mark.parametrize(
    "when", [datetime.fromisoformat("2026-01-25T14:31"), datetime.fromisoformat("2027-01-25T14:30")]
)
def test_a_time_that_is_not_on_the_screen_is_not_chosen(when: datetime) -> None:
    state = ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
    assert pressed(given(state), callback_data.timed(callback_data.TIME, when))[0].state == state
