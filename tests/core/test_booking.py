"""From the name to the ticket: one intention, one appointment."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.effects import Book, LoadDepartments, LoadSlots, Show, Tell, Withdraw
from bot.core.events import AttemptDelayed, Booked, BookingRefused, BookingWithdrawn, LoadFailed
from bot.core.model import (
    Draft,
    Failure,
    FailureCode,
)
from bot.core.screens import QrPicture, TicketShown
from bot.core.states import (
    BookingAttempt,
    BookingRefusedState,
    ChoosingDay,
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
    APPOINTMENT,
    ATTEMPT,
    BUSY,
    DOWN,
    DRAFT,
    FULL,
    MESSAGE,
    NOW,
    PASSPORTS,
    SCREEN,
    STATES,
    SUNDAY,
    TICKET,
    TIMED,
    given,
    happened,
    press,
    pressed,
    typed,
)

NAMES = ("Aïssatou Bah", "Aïssatou")


# --- the name --------------------------------------------------------------------------------------------------------


def test_a_typed_name_leads_to_the_summary_in_a_new_message() -> None:
    session, effects = typed(given(TypingName(TIMED, NAMES)), " Aïssatou  Bah ")
    assert session.state == ConfirmingBooking(FULL, NAMES)
    assert effects == (Show(session.state, SCREEN + 1, None),)


def test_a_suggested_name_is_one_tap() -> None:
    assert pressed(given(TypingName(TIMED, NAMES)), "n:0")[0].state == ConfirmingBooking(FULL, NAMES)


@pytest.mark.parametrize("action", ["n:2", "n:", "n:x"])
def test_a_name_that_was_not_suggested_is_not_taken(action: str) -> None:
    assert pressed(given(TypingName(TIMED, NAMES)), action)[0].state == TypingName(TIMED, NAMES)


def test_what_is_no_name_says_why() -> None:
    session, effects = typed(given(TypingName(TIMED)), "Fatoumata Binta 2")
    assert session.state == TypingName(TIMED)
    assert effects == (Show(session.state, SCREEN, None, Notice.NAME_DIGITS),)


def test_on_the_summary_a_typed_name_replaces_the_old_one() -> None:
    assert typed(given(ConfirmingBooking(FULL, NAMES)), "Bah Sow")[0].state == ConfirmingBooking(
        replace(FULL, name="Bah Sow"), NAMES
    )


def test_back_from_the_name_is_the_times_of_the_chosen_day() -> None:
    session, effects = pressed(given(TypingName(TIMED)), callback_data.BACK)
    assert session.state == LoadingTimes(TIMED, SUNDAY, back=True)
    assert effects == (LoadSlots(1),)


def test_back_from_the_name_is_the_days_where_no_day_was_chosen() -> None:
    assert pressed(given(TypingName(DRAFT)), callback_data.BACK)[0].state == LoadingDays(DRAFT, back=True)


# --- the summary -----------------------------------------------------------------------------------------------------


def test_confirming_books_once_and_the_state_says_what_is_pending() -> None:
    session, effects = pressed(given(ConfirmingBooking(FULL)), callback_data.CONFIRM)
    attempt = BookingAttempt(SCREEN + 1, FULL, NOW)
    assert session.state == Submitting(attempt)
    assert effects == (Book(attempt),)


def test_a_second_press_on_confirm_books_nothing() -> None:
    summary = given(ConfirmingBooking(FULL))
    once, _ = pressed(summary, callback_data.CONFIRM)
    twice, effects = happened(once, press(summary, callback_data.CONFIRM))
    assert twice.state == once.state
    assert effects == (Show(once.state, once.screen, MESSAGE),)


def test_another_time_keeps_the_name() -> None:
    assert pressed(given(ConfirmingBooking(FULL)), callback_data.OTHER_TIME)[0].state == LoadingDays(FULL, back=True)


def test_back_from_the_summary_is_the_name() -> None:
    assert pressed(given(ConfirmingBooking(FULL, NAMES)), callback_data.BACK)[0].state == TypingName(FULL, NAMES)


# --- the outcome -----------------------------------------------------------------------------------------------------


def test_the_ticket_comes_with_its_picture_and_the_name_is_remembered() -> None:
    session, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=APPOINTMENT))
    assert session.state == Idle()
    assert session.name == "Aïssatou Bah"
    assert session.message is None
    assert effects == (Show(TicketShown(TICKET, fresh=True), SCREEN + 1, MESSAGE), Tell(QrPicture(TICKET)))


def test_without_a_link_there_is_a_ticket_without_a_picture() -> None:
    bare = replace(APPOINTMENT, qr_link=None)
    _, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=bare))
    assert effects == (Show(TicketShown(replace(TICKET, appointment=bare), fresh=True), SCREEN + 1, MESSAGE),)


def test_a_late_ticket_is_a_message_of_its_own() -> None:
    late = given(Submitting(ATTEMPT, BUSY, delayed=True))
    _, effects = happened(late, Booked(at=NOW, number=7, appointment=APPOINTMENT))
    assert effects[0] == Show(TicketShown(TICKET, fresh=True), SCREEN + 1, None)


def test_a_slot_taken_meanwhile_asks_for_the_nearest_and_keeps_the_name() -> None:
    taken = BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.SLOT_TAKEN))
    session, effects = happened(given(Submitting(ATTEMPT)), taken)
    assert session.state == LoadingNearest(FULL)
    assert effects == (LoadSlots(1),)


@pytest.mark.parametrize("code", sorted(set(FailureCode) - {FailureCode.SLOT_TAKEN}))
def test_any_other_refusal_keeps_the_draft_and_says_why(code: FailureCode) -> None:
    session, effects = happened(given(Submitting(ATTEMPT)), BookingRefused(at=NOW, number=7, failure=Failure(code)))
    assert session.state == BookingRefusedState(FULL, Failure(code))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


@pytest.mark.parametrize(
    "result",
    [
        Booked(at=NOW, number=6, appointment=APPOINTMENT),
        BookingRefused(at=NOW, number=8, failure=DOWN),
        BookingWithdrawn(at=NOW, number=0),
        AttemptDelayed(at=NOW, number=6),
    ],
)
def test_the_result_of_another_attempt_settles_nothing(result: Booked) -> None:
    session = given(Submitting(ATTEMPT))
    assert happened(session, result) == (session, ())


def test_a_delay_is_told_once_a_cause() -> None:
    told, effects = happened(given(Submitting(ATTEMPT)), AttemptDelayed(at=NOW, number=7, failure=BUSY))
    assert told.state == Submitting(ATTEMPT, BUSY, delayed=True)
    assert effects == (Show(told.state, SCREEN + 1, MESSAGE),)
    assert happened(told, AttemptDelayed(at=NOW, number=7, failure=BUSY)) == (told, ())


# --- giving up -------------------------------------------------------------------------------------------------------


def test_a_pending_booking_can_be_given_up_once() -> None:
    session, effects = pressed(given(Submitting(ATTEMPT, delayed=True)), callback_data.GIVE_UP)
    assert session.state == Submitting(ATTEMPT, delayed=True, withdrawn=True)
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE), Withdraw(7))
    again, effects = pressed(session, callback_data.GIVE_UP)
    assert again.state == session.state
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_a_booking_that_was_withdrawn_is_back_at_its_summary() -> None:
    session, effects = happened(
        given(Submitting(ATTEMPT, delayed=True, withdrawn=True)), BookingWithdrawn(at=NOW, number=7)
    )
    assert session.state == ConfirmingBooking(FULL)
    assert effects == (Show(session.state, SCREEN + 1, None, Notice.GIVEN_UP),)


def test_a_booking_that_was_made_all_the_same_has_its_ticket() -> None:
    withdrawn = given(Submitting(ATTEMPT, delayed=True, withdrawn=True))
    assert happened(withdrawn, Booked(at=NOW, number=7, appointment=APPOINTMENT))[0].state == Idle()


# --- after a refusal -------------------------------------------------------------------------------------------------


def test_trying_again_is_a_new_attempt() -> None:
    session, effects = pressed(given(BookingRefusedState(FULL, DOWN)), callback_data.RETRY)
    attempt = BookingAttempt(SCREEN + 1, FULL, NOW)
    assert session.state == Submitting(attempt)
    assert effects == (Book(attempt),)


@pytest.mark.parametrize("action", [callback_data.OTHER_TIME, callback_data.BACK])
def test_after_a_refusal_another_time_keeps_the_name(action: str) -> None:
    assert pressed(given(BookingRefusedState(FULL, DOWN)), action)[0].state == LoadingDays(FULL, back=True)


def test_after_a_refusal_another_department_can_be_chosen() -> None:
    assert pressed(given(BookingRefusedState(FULL, DOWN)), callback_data.CHANGE_DEPARTMENT)[
        0
    ].state == LoadingDepartments(back=True)


# --- reads that fail -------------------------------------------------------------------------------------------------

Reading = LoadingDepartments | LoadingDays | LoadingTimes | LoadingNearest
READS: list[Reading] = [LoadingDepartments(), LoadingDays(FULL), LoadingTimes(FULL, SUNDAY), LoadingNearest(FULL)]


@pytest.mark.parametrize("state", READS)
def test_a_read_that_fails_says_so_where_the_list_would_stand(state: Reading) -> None:
    session, effects = happened(given(state), LoadFailed(at=NOW, failure=DOWN))
    assert session.state == replace(state, failure=DOWN)
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


@pytest.mark.parametrize("state", READS)
def test_a_failed_read_can_be_tried_again(state: Reading) -> None:
    session, effects = pressed(given(replace(state, failure=DOWN)), callback_data.RETRY)
    assert session.state == state
    assert effects == ((LoadDepartments(),) if isinstance(state, LoadingDepartments) else (LoadSlots(1),))


def test_back_from_the_days_that_did_not_come_is_the_departments() -> None:
    assert pressed(given(STATES["days failed"]), callback_data.BACK)[0].state == LoadingDepartments(back=True)


@pytest.mark.parametrize("state", READS[2:])
def test_back_from_times_that_did_not_come_is_the_days(state: State) -> None:
    assert pressed(given(state), callback_data.BACK)[0].state == LoadingDays(FULL, back=True)


def test_the_shortest_way_from_a_day_to_the_ticket() -> None:
    session = given(ChoosingDay(Draft(PASSPORTS), (), TIMED.at), profile="Aïssatou Bah")
    for action in (callback_data.EARLIEST, "n:0", callback_data.CONFIRM):
        session, effects = happened(session, replace(press(session, action), profile="Aïssatou Bah"))
    assert effects == (Book(BookingAttempt(session.screen, FULL, NOW)),)
