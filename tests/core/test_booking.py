"""From the name to the ticket: one confirmation makes one appointment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.booking import CAPPED, SPENT
from bot.core.conversation import step
from bot.core.effects import Amend, Book, Effect, LoadDepartments, LoadSlots, Show, Tell, Withdraw
from bot.core.events import (
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    Typed,
)
from bot.core.known_names import default
from bot.core.model import (
    Draft,
    Failure,
    FailureCode,
    Worker,
)
from bot.core.screens import Menu, NoticeMessage, QrPicture, TicketShown
from bot.core.session import Session
from bot.core.states import (
    BookingAttempt,
    BookingRefusedState,
    ChoosingDay,
    ChoosingDepartment,
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
    TypingWorker,
)
from tests.core.examples import (
    APPOINTMENT,
    ATTEMPT,
    BUSY,
    COURT,
    DEPARTMENTS,
    DOWN,
    DRAFT,
    FULL,
    HALF_PAST_TWO,
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
    known,
    press,
    pressed,
    typed,
)

NAMES = ("Aïssatou Bah", "Fanta Bah")


# --- the name --------------------------------------------------------------------------------------------------------


def test_a_typed_name_leads_to_the_summary_in_a_new_message() -> None:
    session, effects = typed(given(TypingName(TIMED, NAMES)), " Aïssatou  Bah ")
    assert session.state == ConfirmingBooking(FULL, ("Aïssatou Bah",))
    assert effects == (Show(session.state, SCREEN + 1, None),)


def test_one_typed_word_is_accepted() -> None:
    assert typed(given(TypingName(TIMED)), "Fanta")[0].state == ConfirmingBooking(
        replace(FULL, name="Fanta"), ("Fanta",)
    )


def test_a_suggested_name_is_one_tap() -> None:
    assert pressed(given(TypingName(TIMED, NAMES)), "n:0")[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah",))


def edited(session: Session, text: str, message: int) -> tuple[Session, tuple[Effect, ...]]:
    return step(session, Typed(at=NOW, language="fr", text=text, message=message, edited=True))


def test_a_name_corrected_in_its_message_counts_until_it_is_confirmed() -> None:
    session, _ = step(given(TypingName(TIMED)), Typed(at=NOW, language="fr", text="Aisatou Bah", message=80))
    session, effects = edited(session, "Aïssatou Bah", 80)
    assert session.state == ConfirmingBooking(FULL, ("Aïssatou Bah",), typed_in=80)
    assert isinstance(effects[0], Show)
    confirmed, _ = pressed(session, callback_data.CONFIRM)
    assert edited(confirmed, "Somebody Else", 80)[1] == ()


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_any_other_message_that_is_edited_changes_nothing(state: State) -> None:
    session, effects = edited(given(state), "Somebody Else", 80)
    assert (session.state, effects) == (state, ())


def test_a_refused_name_is_corrected_by_editing_its_message() -> None:
    session, _ = step(given(TypingName(TIMED)), Typed(at=NOW, language="fr", text="Bah 2", message=80))
    assert session.state == TypingName(TIMED, typed_in=80)
    assert edited(session, "Aïssatou Bah", 80)[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah",), typed_in=80)
    session, _ = step(given(ConfirmingBooking(FULL, typed_in=79)), Typed(at=NOW, language="fr", text="2", message=80))
    assert edited(session, "Fanta Bah", 79)[1] == ()
    assert edited(session, "Fanta Bah", 80)[0].state.kind == "confirming"


def test_the_name_on_the_summary_is_corrected_by_editing_it_after_change_name_too() -> None:
    session, _ = pressed(given(ConfirmingBooking(FULL, NAMES, typed_in=80)), callback_data.CHANGE_NAME)
    corrected = replace(FULL, name="Fanta Bah")
    assert edited(session, "Fanta Bah", 80)[0].state == ConfirmingBooking(corrected, ("Fanta Bah",), typed_in=80)


def test_an_edit_to_an_invalid_name_says_what_is_wrong_with_it() -> None:
    session = given(ConfirmingBooking(FULL, typed_in=80))
    session, effects = edited(session, "Bah 2", 80)
    assert session.state == ConfirmingBooking(FULL, typed_in=80)
    assert effects == (Show(session.state, SCREEN, MESSAGE, Notice.NAME_DIGITS),)


@pytest.mark.parametrize("action", ["n:2", "n:", "n:x"])
def test_a_name_that_was_not_suggested_is_not_taken(action: str) -> None:
    assert pressed(given(TypingName(TIMED, NAMES)), action)[0].state == TypingName(TIMED, NAMES)


def test_an_invalid_name_is_refused_with_the_reason() -> None:
    session, effects = typed(given(TypingName(TIMED)), "Fatoumata Binta 2")
    assert session.state == TypingName(TIMED)
    assert effects == (Show(session.state, SCREEN, None, Notice.NAME_DIGITS),)


def test_on_the_summary_a_typed_name_replaces_the_old_one() -> None:
    assert typed(given(ConfirmingBooking(FULL, NAMES)), "Bah Sow")[0].state == ConfirmingBooking(
        replace(FULL, name="Bah Sow"), ("Bah Sow",)
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


def test_back_from_the_summary_is_the_times_of_the_chosen_day() -> None:
    state = pressed(given(ConfirmingBooking(FULL, NAMES)), callback_data.BACK)[0].state
    assert state == LoadingTimes(FULL, SUNDAY, back=True)


def test_the_name_is_changed_from_the_summary_and_back_returns_to_it() -> None:
    session, _ = pressed(given(ConfirmingBooking(FULL, NAMES)), callback_data.CHANGE_NAME)
    assert session.state == TypingName(FULL, NAMES)
    assert pressed(session, callback_data.BACK)[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah",))


def test_back_from_another_time_returns_to_the_summary() -> None:
    days = given(ChoosingDay(FULL, (), TIMED.at))
    assert pressed(days, callback_data.BACK)[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah",))


# --- the outcome -----------------------------------------------------------------------------------------------------


def test_a_booking_without_a_name_teaches_none() -> None:
    nameless = replace(ATTEMPT, draft=replace(ATTEMPT.draft, name=None))
    session, _ = happened(given(Submitting(nameless)), Booked(at=NOW, number=7, appointment=APPOINTMENT))
    assert session.names == ()


def test_the_ticket_comes_with_its_picture_and_the_name_is_remembered() -> None:
    session, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=APPOINTMENT))
    assert session.state == Idle()
    assert session.names == known("Aïssatou Bah", used=session.touched)
    assert session.message is None
    other = given(Submitting(ATTEMPT), names=known("Fanta Bah"))
    names = happened(other, Booked(at=NOW, number=7, appointment=APPOINTMENT))[0].names
    assert [each.name for each in names] == ["Fanta Bah", "Aïssatou Bah"]
    assert default(names) == "Fanta Bah", "the first one"
    assert effects == (Show(TicketShown(TICKET, fresh=True), SCREEN + 1, MESSAGE), Tell(QrPicture(TICKET)))


def test_without_a_link_there_is_a_ticket_without_a_picture() -> None:
    bare = replace(APPOINTMENT, qr_link=None)
    _, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=bare))
    assert effects == (Show(TicketShown(replace(TICKET, appointment=bare), fresh=True), SCREEN + 1, MESSAGE),)


def test_a_ticket_for_another_time_than_was_asked_for_says_so() -> None:
    moved = replace(APPOINTMENT, at=HALF_PAST_TWO + timedelta(minutes=30), qr_link=None)
    _, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=moved))
    ticket = TicketShown(replace(TICKET, appointment=moved), fresh=True, asked=HALF_PAST_TWO)
    assert effects == (Show(ticket, SCREEN + 1, MESSAGE),)
    same = replace(APPOINTMENT, at=HALF_PAST_TWO.replace(second=1), qr_link=None)
    _, effects = happened(given(Submitting(ATTEMPT)), Booked(at=NOW, number=7, appointment=same))
    assert effects == (Show(TicketShown(replace(TICKET, appointment=same), fresh=True), SCREEN + 1, MESSAGE),)


def test_a_late_ticket_is_a_message_of_its_own() -> None:
    late = given(Submitting(ATTEMPT, BUSY, delayed=True))
    _, effects = happened(late, Booked(at=NOW, number=7, appointment=APPOINTMENT))
    assert effects[:2] == (
        Amend(MESSAGE, NoticeMessage(Notice.IS_BOOKED)),
        Show(TicketShown(TICKET, fresh=True), SCREEN + 1, None),
    )


@pytest.mark.parametrize(
    ("outcome", "notice"),
    [
        (BookingRefused(at=NOW, number=7, failure=DOWN), Notice.IS_NOT_BOOKED),
        (BookingWithdrawn(at=NOW, number=7), Notice.IS_STOPPED),
    ],
)
def test_a_waiting_notice_becomes_what_came_of_it(outcome: Event, notice: Notice) -> None:
    _, effects = happened(given(Submitting(ATTEMPT, BUSY, delayed=True)), outcome)
    assert effects[0] == Amend(MESSAGE, NoticeMessage(notice))
    _, effects = happened(given(Submitting(ATTEMPT, BUSY, delayed=True), message=None), outcome)
    assert not isinstance(effects[0], Amend), "where it stands is not known"
    _, effects = happened(given(Submitting(ATTEMPT)), outcome)
    assert not isinstance(effects[0], Amend), "the outcome itself stands there"


def test_a_slot_taken_meanwhile_asks_for_the_nearest_and_keeps_the_name() -> None:
    taken = BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.SLOT_TAKEN))
    session, effects = happened(given(Submitting(ATTEMPT)), taken)
    assert session.state == LoadingNearest(FULL)
    assert effects == (LoadSlots(1),)


@pytest.mark.parametrize(
    "code", sorted(set(FailureCode) - {FailureCode.SLOT_TAKEN, FailureCode.BAD_NAME, FailureCode.DEPARTMENT_GONE})
)
def test_any_other_refusal_keeps_the_draft_and_says_why(code: FailureCode) -> None:
    session, effects = happened(given(Submitting(ATTEMPT)), BookingRefused(at=NOW, number=7, failure=Failure(code)))
    assert session.state == BookingRefusedState(FULL, Failure(code))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_a_refused_name_is_asked_for_again_and_is_not_offered() -> None:
    refused = BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.BAD_NAME))
    session, effects = happened(given(Submitting(ATTEMPT), names=known("Aïssatou Bah"), profile="Fanta Bah"), refused)
    assert session.state == TypingName(TIMED, ("Fanta Bah",))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE, Notice.NAME_REFUSED),)
    assert typed(session, "Fanta Sow")[0].state == ConfirmingBooking(
        replace(FULL, name="Fanta Sow"), ("Fanta Sow", "Aïssatou Bah")
    )


def test_a_department_that_is_gone_offers_the_others() -> None:
    gone = Failure(FailureCode.DEPARTMENT_GONE)
    session, effects = happened(given(Submitting(ATTEMPT)), BookingRefused(at=NOW, number=7, failure=gone))
    assert session.state == LoadingDepartments(back=True, notice=Notice.DEPARTMENT_GONE, without=1)
    assert effects == (LoadDepartments(),)
    for reading in READS[1:]:
        assert happened(given(reading), LoadFailed(at=NOW, failure=gone))[0].state == session.state


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


def test_a_booking_that_was_given_up_leads_to_the_menu_and_can_be_resumed() -> None:
    session, effects = happened(
        given(Submitting(ATTEMPT, delayed=True, withdrawn=True)), BookingWithdrawn(at=NOW, number=7)
    )
    assert session.state == Idle(given_up=FULL)
    assert effects[1] == Show(Menu(resumable=True), SCREEN + 1, None, Notice.GIVEN_UP)


def test_a_booking_that_was_made_all_the_same_has_its_ticket() -> None:
    withdrawn = given(Submitting(ATTEMPT, delayed=True, withdrawn=True))
    assert happened(withdrawn, Booked(at=NOW, number=7, appointment=APPOINTMENT))[0].state == Idle()


# --- after a refusal -------------------------------------------------------------------------------------------------


def test_trying_again_is_a_new_attempt() -> None:
    session, effects = pressed(given(BookingRefusedState(FULL, DOWN)), callback_data.RETRY)
    attempt = BookingAttempt(SCREEN + 1, FULL, NOW)
    assert session.state == Submitting(attempt)
    assert effects == (Book(attempt),)


def test_after_a_refusal_another_time_keeps_the_name() -> None:
    refused = given(BookingRefusedState(FULL, DOWN))
    assert pressed(refused, callback_data.OTHER_TIME)[0].state == LoadingDays(FULL, back=True)


def test_back_from_a_refusal_is_the_summary_or_the_days_where_the_time_is_lost() -> None:
    summary = ConfirmingBooking(FULL, ("Aïssatou Bah",))
    assert pressed(given(BookingRefusedState(FULL, DOWN)), callback_data.BACK)[0].state == summary
    taken = given(BookingRefusedState(FULL, Failure(FailureCode.SLOT_TAKEN)))
    assert pressed(taken, callback_data.BACK)[0].state == LoadingDays(replace(FULL, at=None), back=True)


@pytest.mark.parametrize("code", sorted(CAPPED))
def test_a_chat_at_its_cap_asks_again_for_the_days_or_goes_back_to_the_departments(code: FailureCode) -> None:
    capped = given(BookingRefusedState(DRAFT, Failure(code)))
    session, effects = pressed(capped, callback_data.RETRY)
    assert (session.state, effects) == (LoadingDays(DRAFT), (LoadSlots(1),))
    assert pressed(capped, callback_data.BACK)[0].state == LoadingDepartments(back=True)


@pytest.mark.parametrize("code", sorted(SPENT))
def test_a_slot_that_must_not_be_confirmed_again_is_forgotten(code: FailureCode) -> None:
    refused = given(BookingRefusedState(FULL, Failure(code)))
    assert pressed(refused, callback_data.RETRY)[0].state == refused.state
    assert pressed(refused, callback_data.OTHER_TIME)[0].state == LoadingDays(replace(FULL, at=None), back=True)


def test_after_a_refusal_the_name_can_be_changed_by_a_button_or_by_typing() -> None:
    refused = given(BookingRefusedState(FULL, Failure(FailureCode.BAD_REQUEST)))
    assert pressed(refused, callback_data.CHANGE_NAME)[0].state == TypingName(FULL, ("Aïssatou Bah",))
    assert typed(refused, "Fanta Bah")[0].state == ConfirmingBooking(replace(FULL, name="Fanta Bah"), ("Fanta Bah",))
    assert typed(refused, "Bah 2")[1] == (Show(refused.state, SCREEN, None, Notice.NAME_DIGITS),)
    _, effects = typed(given(BookingRefusedState(FULL, DOWN)), "Fanta Bah")
    assert effects == (Show(BookingRefusedState(FULL, DOWN), SCREEN, None, Notice.USE_BUTTONS),)


def test_a_wrong_staff_number_is_typed_again_and_everything_else_is_kept() -> None:
    draft = Draft(COURT, Worker(42, ""), TIMED.at, "Aïssatou Bah")
    session, _ = pressed(
        given(BookingRefusedState(draft, Failure(FailureCode.BAD_REQUEST))), callback_data.CHANGE_WORKER
    )
    assert session.state == TypingWorker(draft)
    assert typed(session, "43")[0].state == ConfirmingBooking(replace(draft, worker=Worker(43, "")), ("Aïssatou Bah",))
    assert pressed(given(BookingRefusedState(FULL, DOWN)), callback_data.CHANGE_WORKER)[0].state.kind == "refused"


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
    draft = replace(FULL, at=None) if isinstance(state, LoadingNearest) else FULL
    assert pressed(given(state), callback_data.BACK)[0].state == LoadingDays(draft, back=True)


def test_back_from_other_days_that_did_not_come_is_the_summary() -> None:
    failed = given(LoadingDays(FULL, back=True, failure=DOWN))
    assert pressed(failed, callback_data.BACK)[0].state == ConfirmingBooking(FULL, ("Aïssatou Bah",))


def test_text_in_the_menu_that_finds_nothing_leads_back_to_it() -> None:
    session, effects = typed(given(Idle()), "zzz")
    assert session.state == LoadingDepartments(query="zzz")
    assert effects == (LoadDepartments(),)
    session, effects = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 2, None, Notice.USE_BUTTONS),)


def test_a_search_that_fails_says_so_and_can_be_tried_again() -> None:
    session, _ = typed(given(Idle()), "passeport")
    session, _ = happened(session, LoadFailed(at=NOW, failure=DOWN))
    assert session.state == LoadingDepartments(query="passeport", failure=DOWN)
    session, effects = pressed(session, callback_data.RETRY)
    assert effects == (LoadDepartments(),)
    session, _ = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert session.state == ChoosingDepartment(DEPARTMENTS, query="passeport")


def test_a_word_typed_in_the_menu_shows_the_departments_that_match() -> None:
    session, _ = typed(given(Idle()), "passeport")
    session, _ = happened(session, DepartmentsLoaded(at=NOW, departments=DEPARTMENTS))
    assert session.state == ChoosingDepartment(DEPARTMENTS, query="passeport")


def test_the_shortest_way_from_a_day_to_the_ticket() -> None:
    session = given(ChoosingDay(Draft(PASSPORTS), (), TIMED.at), profile="Aïssatou Bah")
    for action in (callback_data.EARLIEST, "n:0", callback_data.CONFIRM):
        session, effects = happened(session, replace(press(session, action), profile="Aïssatou Bah"))
    assert effects == (Book(BookingAttempt(session.screen, FULL, NOW)),)


@pytest.mark.parametrize("code", [FailureCode.TOO_MANY_OPEN, FailureCode.TOO_MANY_TODAY])
def test_a_chat_at_its_cap_is_told_before_choosing_a_day(code: FailureCode) -> None:
    after, _ = happened(given(LoadingDays(DRAFT)), LoadFailed(at=NOW, failure=Failure(code)))
    assert after.state == BookingRefusedState(DRAFT, Failure(code))
