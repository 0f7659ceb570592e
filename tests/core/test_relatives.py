"""Booking for somebody else: which name is offered, asked for, corrected and remembered."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core import callback_data
from bot.core.appointment_book import BookEntry
from bot.core.conversation import step
from bot.core.effects import Book, LoadDepartments, LoadEntry, LoadSlots
from bot.core.events import (
    Booked,
    BookedTwice,
    BookingRefused,
    DepartmentsLoaded,
    EntryLoaded,
    LoadFailed,
    ReplacementBooked,
    SlotMoved,
    SlotsLoaded,
    Typed,
)
from bot.core.known_names import KnownName
from bot.core.model import Failure, FailureCode
from bot.core.session import Session, read_session, write_session
from bot.core.states import (
    BookingAttempt,
    BookingRefusedState,
    ChoosingDay,
    ChoosingTime,
    ConfirmingBooking,
    Idle,
    LoadingDays,
    LoadingDepartments,
    Moving,
    Notice,
    Submitting,
    TypingName,
)
from tests.core.examples import (
    APPOINTMENT,
    ATTEMPT,
    BAH,
    CAMARA,
    DAYS,
    DEPARTMENTS,
    FULL,
    HALF_PAST_TWO,
    HOSPITAL,
    MADE,
    MESSAGE,
    MONDAY,
    MOVE_ATTEMPT,
    MOVED,
    NINE,
    NOW,
    PASSPORTS,
    SLOTS,
    SUNDAY,
    TICKET,
    TIMED,
    commanded,
    given,
    happened,
    known,
    press,
    pressed,
    typed,
)

OWN = known("Aïssatou Bah")
FAMILY = (*OWN, KnownName("Fatou Camara", NOW - timedelta(hours=5), is_relative=True))
ENTRY = BookEntry(12345, 7, PASSPORTS.id, HALF_PAST_TWO, name="Aïssatou Bah")
MORE = callback_data.numbered(callback_data.ONE_MORE, 12345)


def booked(session: Session, number: int) -> Session:
    """The session once the API made its appointment."""
    return happened(session, Booked(at=NOW, number=number, appointment=APPOINTMENT))[0]


# --- the name on the summary -----------------------------------------------------------------------------------------


def test_a_known_citizen_is_asked_no_name() -> None:
    session, _ = pressed(given(ChoosingDay(replace(FULL, at=None, name=None), DAYS, NINE), names=FAMILY), "first")
    assert isinstance(session.state, ConfirmingBooking)
    assert session.state.draft.name == "Aïssatou Bah"
    assert session.state.suggestions == ("Aïssatou Bah", "Fatou Camara")


def test_a_relatives_name_is_offered_and_never_taken_by_itself() -> None:
    only_hers = given(ChoosingDay(replace(FULL, at=None, name=None), DAYS, NINE), names=FAMILY[1:])
    session, _ = pressed(only_hers, "first")
    assert session.state == TypingName(replace(FULL, at=NINE, name=None), ("Fatou Camara",))


def test_changing_the_name_opens_the_remembered_ones_and_the_way_to_another() -> None:
    summary = given(ConfirmingBooking(FULL, ("Aïssatou Bah", "Fatou Camara")), names=FAMILY)
    choice, _ = pressed(summary, callback_data.CHANGE_NAME)
    assert choice.state == TypingName(FULL, ("Aïssatou Bah", "Fatou Camara"))
    hers, _ = pressed(choice, "n:1")
    assert hers.state == ConfirmingBooking(
        replace(FULL, name="Fatou Camara", for_other=True), ("Fatou Camara", "Aïssatou Bah")
    )
    back, _ = pressed(hers, callback_data.CHANGE_NAME)
    mine, _ = pressed(back, "n:1")
    assert mine.state == ConfirmingBooking(FULL, ("Aïssatou Bah", "Fatou Camara"))


def test_a_new_name_for_somebody_else_is_typed_and_booked_as_a_relatives() -> None:
    choice = given(TypingName(FULL, ("Aïssatou Bah",)), names=OWN)
    asked, _ = pressed(choice, callback_data.FOR_OTHER)
    assert asked.state == TypingName(FULL, for_other=True)
    assert pressed(asked, callback_data.FOR_OTHER)[0].state == asked.state, "it is not asked twice"
    summary, _ = typed(asked, "Fatou Camara")
    assert isinstance(summary.state, ConfirmingBooking)
    assert summary.state.draft == replace(FULL, name="Fatou Camara", for_other=True)
    submitted, effects = pressed(summary, callback_data.CONFIRM)
    assert [type(each) for each in effects] == [Book]
    after = booked(submitted, submitted.screen)
    assert [(each.name, each.is_relative) for each in after.names] == [("Aïssatou Bah", False), ("Fatou Camara", True)]


def test_back_from_the_name_of_somebody_else_leads_to_the_names_and_keeps_the_present_one() -> None:
    asked = given(TypingName(FULL, for_other=True), names=FAMILY)
    choice, _ = pressed(asked, callback_data.BACK)
    assert choice.state == TypingName(FULL, ("Aïssatou Bah", "Fatou Camara"))
    assert pressed(choice, callback_data.BACK)[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah", "Fatou Camara"))


def test_somebody_whose_first_booking_is_for_a_relative_is_asked_for_their_own_name_later() -> None:
    asked, _ = pressed(given(TypingName(TIMED)), callback_data.FOR_OTHER)
    submitted, _ = pressed(typed(asked, "Fatou Camara")[0], callback_data.CONFIRM)
    after = booked(submitted, submitted.screen)
    session, _ = pressed(given(ChoosingDay(replace(TIMED, at=None), DAYS, NINE), names=after.names), "first")
    assert isinstance(session.state, TypingName)
    own, _ = typed(session, "Aïssatou Bah")
    again, _ = pressed(own, callback_data.CONFIRM)
    assert [each.is_relative for each in booked(again, again.screen).names] == [True, False]


def test_a_relatives_name_that_is_typed_again_is_still_a_relatives() -> None:
    session, _ = typed(given(TypingName(TIMED), names=FAMILY[1:]), "fatou  CAMARA")
    assert isinstance(session.state, ConfirmingBooking)
    assert session.state.draft.for_other


def test_a_correction_on_the_summary_is_of_the_same_person() -> None:
    hers = replace(FULL, name="Fatu Camara", for_other=True)
    session, _ = typed(given(ConfirmingBooking(hers)), "Fatou Camara")
    assert isinstance(session.state, ConfirmingBooking)
    assert session.state.draft == replace(hers, name="Fatou Camara")


def test_an_edited_message_corrects_the_name_of_the_same_person() -> None:
    hers = given(ConfirmingBooking(replace(FULL, name="Fatu Camara", for_other=True), typed_in=31))
    edited = Typed(at=NOW, language="fr", text="Fatou Camara", message=31, edited=True)
    session, _ = step(hers, edited)
    assert isinstance(session.state, ConfirmingBooking)
    assert (session.state.draft.name, session.state.draft.for_other) == ("Fatou Camara", True)
    assert step(session, replace(edited, message=30))[0].state == session.state


def test_a_refused_name_leaves_the_question_for_somebody_else_open() -> None:
    asked = given(TypingName(FULL, for_other=True))
    wrong, _ = typed(asked, "F4tou")
    assert isinstance(wrong.state, TypingName)
    assert wrong.state.for_other
    refused, _ = happened(
        given(Submitting(BookingAttempt(7, replace(FULL, for_other=True), NOW)), names=FAMILY),
        BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.BAD_NAME)),
    )
    assert refused.state == TypingName(replace(FULL, name=None, for_other=True), ("Fatou Camara",), for_other=True)


def test_a_second_press_on_an_old_screen_changes_no_name() -> None:
    choice = given(TypingName(FULL, ("Aïssatou Bah", "Fatou Camara")), names=FAMILY)
    hers, _ = pressed(choice, "n:1")
    again, _ = step(hers, press(choice, "n:0", screen=choice.screen))
    assert again.state == hers.state
    old, _ = step(hers, press(choice, callback_data.FOR_OTHER, screen=choice.screen, message=MESSAGE - 1))
    assert old.state == hers.state


@pytest.mark.parametrize("command", ["start", "stop"])
def test_leaving_in_the_middle_remembers_no_name_and_forgets_none(command: str) -> None:
    summary = given(ConfirmingBooking(replace(FULL, name="Ibrahima Sow", for_other=True)), names=FAMILY)
    session, _ = commanded(summary, command)
    assert (session.state, session.names) == (Idle(), FAMILY)


def test_a_refused_booking_remembers_no_name() -> None:
    refused = BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.OUT_OF_CREDITS))
    assert happened(given(Submitting(ATTEMPT)), refused)[0].names == ()


def test_a_move_keeps_the_appointments_own_name() -> None:
    hers = replace(TICKET, appointment=replace(TICKET.appointment, name="Fatou Camara"))
    draft = replace(MOVED, at=None, name="Fatou Camara", replaces=hers)
    session, _ = pressed(given(ChoosingTime(draft, MONDAY, (MADE.at,)), names=FAMILY), "t:20260126T1000")
    assert isinstance(session.state, ConfirmingBooking)
    assert session.state.draft.name == "Fatou Camara"
    assert typed(session, "Aïssatou Bah")[0].state == session.state
    attempt = replace(MOVE_ATTEMPT, draft=replace(MOVE_ATTEMPT.draft, name="Fatou Camara"))
    moved, _ = happened(given(Moving(attempt), names=FAMILY), ReplacementBooked(at=NOW, number=7, appointment=MADE))
    assert [each.name for each in moved.names] == ["Aïssatou Bah", "Fatou Camara"]
    assert moved.names[1].used > FAMILY[1].used


# --- the same name, department and day twice -------------------------------------------------------------------------


def asked_twice() -> Session:
    """The summary that says that there is an appointment of this name that day."""
    submitting = given(Submitting(ATTEMPT), names=FAMILY)
    return happened(submitting, BookedTwice(at=NOW, number=7, ticket=TICKET))[0]


def test_a_second_appointment_that_day_is_asked_about_once() -> None:
    session = asked_twice()
    draft = replace(FULL, twice_on=SUNDAY)
    assert session.state == ConfirmingBooking(draft, ("Aïssatou Bah", "Fatou Camara"), twice=TICKET)
    again, effects = pressed(session, callback_data.CONFIRM)
    assert effects == (Book(BookingAttempt(again.screen, draft, NOW)),)


def test_a_double_press_on_confirm_does_not_answer_the_question() -> None:
    summary = given(ConfirmingBooking(FULL))
    submitting, _ = pressed(summary, callback_data.CONFIRM)
    asked, _ = happened(submitting, BookedTwice(at=NOW, number=submitting.screen, ticket=TICKET))
    after, effects = step(asked, press(summary, callback_data.CONFIRM, screen=summary.screen))
    assert after.state == asked.state
    assert not any(isinstance(each, Book) for each in effects)


def test_another_name_or_another_slot_ends_the_question() -> None:
    session = asked_twice()
    other, _ = typed(session, "Fatou Camara")
    assert isinstance(other.state, ConfirmingBooking)
    assert (other.state.twice, other.state.draft.twice_on) == (None, None), "of another person it is asked again"
    moved, _ = happened(session, SlotMoved(at=NOW, slot=NINE))
    assert isinstance(moved.state, ConfirmingBooking)
    assert (moved.state.twice, moved.state.draft.at) == (None, NINE)


def test_a_question_of_another_attempt_changes_nothing() -> None:
    session = given(Submitting(ATTEMPT))
    assert happened(session, BookedTwice(at=NOW, number=8, ticket=TICKET)) == (session, ())
    assert happened(given(Idle()), BookedTwice(at=NOW, number=7, ticket=TICKET))[0].state == Idle()


# --- one more person -------------------------------------------------------------------------------------------------


def test_one_more_person_begins_with_the_times_of_the_same_day() -> None:
    idle = given(Idle(), names=FAMILY)
    session, effects = step(idle, press(idle, MORE, screen=None))
    assert effects == (LoadEntry(12345, one_more=True),)
    session, effects = happened(session, EntryLoaded(at=NOW, entry=ENTRY, one_more=True))
    assert session.state == LoadingDepartments(wanted=1, not_for="Aïssatou Bah", day=SUNDAY)
    assert effects == (LoadDepartments(),)
    session, effects = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert isinstance(session.state, LoadingDays)
    assert effects == (LoadSlots(1),)
    session, _ = happened(session, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
    assert isinstance(session.state, ChoosingTime)
    assert session.state.times == (NINE, HALF_PAST_TWO)
    session, _ = pressed(session, "t:20260125T0900")
    assert isinstance(session.state, TypingName)
    assert session.state.for_other
    assert session.state.suggestions == ("Fatou Camara",), "not the person who was just booked"
    session, _ = typed(session, "Ibrahima Sow")
    assert isinstance(session.state, ConfirmingBooking)
    assert (session.state.draft.name, session.state.draft.for_other) == ("Ibrahima Sow", True)


def test_the_citizen_may_be_the_one_more_person() -> None:
    draft = replace(FULL, at=None, name=None, not_for="Fatou Camara")
    session, _ = pressed(given(ChoosingTime(draft, SUNDAY, (NINE, HALF_PAST_TWO)), names=FAMILY), "t:20260125T0900")
    assert isinstance(session.state, TypingName)
    assert session.state.suggestions == ("Aïssatou Bah",)
    own, _ = pressed(session, "n:0")
    assert isinstance(own.state, ConfirmingBooking)
    assert not own.state.draft.for_other
    back, _ = pressed(session, callback_data.BACK)
    assert back.state.kind == "loading_times", "there is no name to return to"


def test_the_member_of_staff_is_kept_for_one_more_person() -> None:
    entry = replace(ENTRY, department_id=HOSPITAL.id, worker_id=CAMARA.id)
    session, _ = happened(given(Idle()), EntryLoaded(at=NOW, entry=entry, one_more=True))
    session, _ = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert isinstance(session.state, LoadingDays)
    assert session.state.draft.worker == CAMARA
    assert BAH != CAMARA


def test_if_that_day_is_full_the_days_are_shown() -> None:
    loading = given(LoadingDays(replace(FULL, at=None, name=None, not_for="Bob"), day=SUNDAY))
    session, effects = happened(loading, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS[2:]))
    assert isinstance(session.state, LoadingDays)
    assert (session.state.notice, session.state.day) == (Notice.DAY_FULL, None)
    assert effects == (LoadSlots(1),)


def test_a_chat_at_its_cap_is_told_before_it_chooses_a_time() -> None:
    loading = given(LoadingDays(replace(FULL, at=None, name=None, not_for="Bob"), day=SUNDAY))
    session, _ = happened(loading, LoadFailed(at=NOW, failure=Failure(FailureCode.TOO_MANY_OPEN)))
    assert isinstance(session.state, BookingRefusedState)


def test_one_more_person_besides_an_appointment_of_another_chat_is_an_ordinary_booking() -> None:
    session, effects = happened(given(Idle()), EntryLoaded(at=NOW, entry=None, one_more=True))
    assert (session.state, effects) == (LoadingDepartments(), (LoadDepartments(),))


def test_booking_again_for_a_relative_is_for_the_relative() -> None:
    entry = replace(ENTRY, name="Fatou Camara")
    session, _ = happened(given(Idle(), names=FAMILY), EntryLoaded(at=NOW, entry=entry))
    session, _ = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert isinstance(session.state, LoadingDays)
    assert (session.state.draft.name, session.state.draft.for_other) == ("Fatou Camara", True)


# --- stored names ----------------------------------------------------------------------------------------------------


def written(session: Session) -> dict[str, Any]:
    """The stored session as a mapping."""
    version, _, body = write_session(session).partition(":")
    assert version == "2"
    values: dict[str, Any] = json.loads(body)
    return values


def stored(values: dict[str, Any]) -> Session:
    """The session that these values are of."""
    session = read_session(f"2:{json.dumps(values)}")
    assert session
    return session


def test_names_are_read_back_as_they_were_written() -> None:
    for names in ((), OWN, FAMILY, FAMILY[1:]):
        session = given(Idle(), names=names)
        assert read_session(write_session(session)) == session


def test_the_one_name_of_the_release_before_becomes_the_default() -> None:
    old = {key: value for key, value in written(given(Idle())).items() if key != "names"}
    named = stored({**old, "name": "Aïssatou Bah", "named": "2026-01-02T10:00:00"})
    assert named.names == (KnownName("Aïssatou Bah", NOW.replace(day=2)),)
    undated = stored({**old, "name": "Aïssatou Bah", "named": None})
    assert undated.names == (KnownName("Aïssatou Bah", undated.touched),)
    assert stored({**old, "name": None, "named": None}).names == ()


def test_the_release_before_finds_the_default_as_its_one_name() -> None:
    values = written(given(Idle(), names=FAMILY))
    assert (values["name"], values["named"]) == ("Aïssatou Bah", OWN[0].used.isoformat())
    nobody = written(given(Idle(), names=FAMILY[1:]))
    assert (nobody["name"], nobody["named"]) == (None, None), "never a relative's"
