"""Moving an appointment: three taps, nothing lost before the new one stands, and the truth about both."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import (
    Amend,
    AmendTicket,
    LoadAppointments,
    LoadEntry,
    LoadSlots,
    LoadTicket,
    Move,
    Show,
    Tell,
    Withdraw,
)
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    BookingRefused,
    BookingWithdrawn,
    LoadFailed,
    Moved,
    OldNotCancelled,
    Pressed,
    ReplacementBooked,
    SlotMoved,
    SlotsLoaded,
    TicketLoaded,
)
from bot.core.model import AppointmentStatus, Department, Draft, Failure, FailureCode, Slot, Ticket, Worker
from bot.core.screens import BothStand, Cancelled, Menu, MoveDone, NoticeMessage, QrPicture, TicketShown
from bot.core.states import (
    AskingCancel,
    BookingRefusedState,
    CancelAttempt,
    Cancelling,
    ChoosingDay,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingDays,
    LoadingNearest,
    LoadingTimes,
    MoveAttempt,
    Moving,
    Notice,
    Purpose,
    TypingName,
    TypingWorker,
)
from tests.core.examples import (
    BAH,
    BUSY,
    COURT,
    DAYS,
    DOWN,
    FULL,
    HALF_PAST_TWO,
    HOSPITAL,
    MADE,
    MESSAGE,
    MOVE_ATTEMPT,
    MOVED,
    NEW_TICKET,
    NINE,
    NOW,
    OTHER,
    PASSPORTS,
    REPLACED,
    SCREEN,
    SLOTS,
    SUNDAY,
    TEN_ON_MONDAY,
    TICKET,
    cancelled,
    command,
    commanded,
    given,
    happened,
    known,
    press,
    pressed,
    typed,
)

START = Draft(PASSPORTS, name="Aïssatou Bah", replaces=TICKET)
"""The draft with which a move of TICKET begins."""
GONE = Ticket(cancelled(TICKET.appointment), PASSPORTS)
BEFORE = TICKET.appointment.at


def of(ticket: Ticket, **draft: object) -> Draft:
    return replace(Draft(ticket.department, name=ticket.appointment.name, replaces=ticket), **draft)  # type: ignore[arg-type]


def lasting(action: str) -> Pressed:
    return press(given(Idle()), action, screen=None)


# --- where it begins ----------------------------------------------------------------------------------------------


def test_the_button_of_a_ticket_looks_the_appointment_up_without_a_request() -> None:
    session, effects = step(given(Idle()), lasting("mv:12345"))
    assert effects == (LoadTicket(12345),)
    session, effects = happened(session, TicketLoaded(at=NOW, number=12345, ticket=TICKET))
    assert session.state == LoadingDays(START)
    assert effects == (LoadSlots(1),)


def test_booking_again_takes_three_taps_and_keeps_the_name() -> None:
    session, _ = happened(given(Idle(), names=known("Autre Nom")), TicketLoaded(at=NOW, number=12345, ticket=TICKET))
    session, _ = happened(session, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
    session, _ = pressed(session, callback_data.EARLIEST)
    assert session.state == ConfirmingBooking(replace(START, at=NINE), ("Aïssatou Bah", "Autre Nom"))
    session, effects = step(session, press(session, callback_data.CONFIRM))
    attempt = MoveAttempt(session.screen, replace(START, at=NINE), NOW)
    assert session.state == Moving(attempt)
    assert effects == (Move(attempt),)


def test_the_member_of_staff_is_kept() -> None:
    ticket = Ticket(replace(TICKET.appointment, department_id=4, worker_id=BAH.id), HOSPITAL)
    session, _ = happened(given(Idle()), TicketLoaded(at=NOW, number=12345, ticket=ticket))
    assert session.state == LoadingDays(of(ticket, worker=BAH))


def test_a_member_of_staff_who_is_not_listed_is_kept_by_number() -> None:
    ticket = Ticket(replace(TICKET.appointment, department_id=5, worker_id=99), COURT)
    session, _ = happened(given(Idle()), TicketLoaded(at=NOW, number=12345, ticket=ticket))
    assert session.state == LoadingDays(of(ticket, worker=Worker(99, "")))


@pytest.mark.parametrize(("office", "state"), [(HOSPITAL, ChoosingWorker), (COURT, TypingWorker)])
def test_a_member_of_staff_who_is_not_known_is_asked_for(office: Department, state: type) -> None:
    ticket = Ticket(TICKET.appointment, office)
    session, _ = happened(given(Idle()), TicketLoaded(at=NOW, number=12345, ticket=ticket))
    assert session.state == LoadingDays(of(ticket)), "whether it may be moved is known first"
    session, _ = happened(session, SlotsLoaded(at=NOW, department_id=office.id, slots=()))
    assert session.state == state(of(ticket))
    assert pressed(session, callback_data.BACK)[0].state == session.state, "the department is kept"


def test_an_appointment_that_the_bot_does_not_know_well_is_looked_for_in_the_list() -> None:
    session, effects = happened(given(Idle()), TicketLoaded(at=NOW, number=12345, ticket=None))
    assert session.state == LoadingAppointments(Purpose.MOVE, 12345)
    assert effects == (LoadAppointments(),)
    loaded = AppointmentsLoaded(at=NOW, appointments=(TICKET.appointment,), departments=(PASSPORTS,))
    session, effects = happened(session, loaded)
    assert session.state == LoadingDays(START)
    assert effects == (LoadSlots(1),)


@pytest.mark.parametrize(
    ("status", "notice"),
    [
        (AppointmentStatus.CANCELLED, Notice.ALREADY_CANCELLED),
        (AppointmentStatus.COMPLETED, Notice.ALREADY_COMPLETED),
        (AppointmentStatus.SCHEDULED, Notice.ALREADY_PAST),
    ],
)
def test_what_cannot_be_moved_is_said(status: AppointmentStatus, notice: Notice) -> None:
    past = replace(TICKET.appointment, status=status, at=NOW - timedelta(hours=1))
    loaded = AppointmentsLoaded(at=NOW, appointments=(past,), departments=(PASSPORTS,))
    _, (show, *_) = happened(given(LoadingAppointments(Purpose.MOVE, 12345)), loaded)
    assert isinstance(show, Show)
    assert show.notice is notice


def test_a_move_drops_an_unfinished_booking_and_says_so() -> None:
    session, _ = happened(given(ConfirmingBooking(FULL)), TicketLoaded(at=NOW, number=12345, ticket=TICKET))
    assert session.state == LoadingDays(START, notice=Notice.DRAFT_DROPPED)


def test_while_something_is_pending_no_move_begins() -> None:
    session = given(Moving(MOVE_ATTEMPT))
    assert happened(session, TicketLoaded(at=NOW, number=12345, ticket=TICKET)) == (session, ())
    _, effects = step(session, lasting("mv:12345"))
    assert effects == (Tell(NoticeMessage(Notice.SETTLING)),)


def test_the_list_moves_its_only_appointment_at_once() -> None:
    session, effects = pressed(given(Listing((TICKET,), Purpose.VIEW)), callback_data.MOVE)
    assert session.state == LoadingDays(START)
    assert effects == (LoadSlots(1),)


def test_with_several_appointments_the_list_asks_which_one() -> None:
    session, _ = pressed(given(Listing((TICKET, OTHER), Purpose.VIEW)), callback_data.MOVE)
    assert session.state == Listing((TICKET, OTHER), Purpose.MOVE)
    assert pressed(session, callback_data.BACK)[0].state == Listing((TICKET, OTHER), Purpose.VIEW)
    chosen, _ = pressed(session, "mv:777")
    assert chosen.state == LoadingDays(of(OTHER))


@pytest.mark.parametrize(
    "state", [Listing((), Purpose.VIEW), Listing((TICKET,), Purpose.VIEW, past=(OTHER,), shows_past=True)]
)
def test_a_list_without_coming_appointments_moves_none(state: Listing) -> None:
    assert pressed(given(state), callback_data.MOVE)[0].state == state


def test_the_parked_booking_is_dropped_when_a_move_begins_in_the_list() -> None:
    session, _ = pressed(given(Listing((TICKET,), Purpose.VIEW), parked=ConfirmingBooking(FULL)), callback_data.MOVE)
    assert session.parked is None


def test_that_the_office_s_change_is_fine_is_noted() -> None:
    session = given(ConfirmingBooking(FULL))
    after, effects = step(session, press(session, "noted:12345", screen=None))
    assert after.state == session.state
    assert effects == (Tell(NoticeMessage(Notice.NOTED)),)


# --- the time -----------------------------------------------------------------------------------------------------


def test_the_present_time_is_not_offered() -> None:
    session, _ = happened(given(LoadingDays(START)), SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
    assert isinstance(session.state, ChoosingDay)
    assert (session.state.days[0].date, session.state.days[0].free) == (SUNDAY, 1)


def test_typing_the_present_time_changes_nothing_and_says_so() -> None:
    session = given(ChoosingDay(START, DAYS, NINE))
    after, effects = typed(session, "25/01 14h30")
    assert after.state == session.state
    assert effects == (Show(session.state, SCREEN, None, Notice.SAME_TIME),)


def test_another_hour_of_that_day_is_looked_for() -> None:
    session, _ = typed(given(ChoosingDay(START, DAYS, NINE)), "25/01 9h")
    assert isinstance(session.state, LoadingTimes)


def test_confirming_the_present_time_sends_nothing() -> None:
    same = replace(START, at=HALF_PAST_TWO)
    session, effects = pressed(given(ConfirmingBooking(same)), callback_data.CONFIRM)
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, MESSAGE, Notice.SAME_TIME),)


def test_a_slot_that_would_be_held_instead_is_never_the_present_time() -> None:
    session, effects = happened(given(ConfirmingBooking(MOVED)), SlotMoved(at=NOW, slot=HALF_PAST_TWO))
    assert session.state == LoadingNearest(MOVED)
    assert effects == (LoadSlots(1),)


def test_an_appointment_whose_time_has_come_is_not_moved() -> None:
    late = replace(MOVED, replaces=Ticket(replace(TICKET.appointment, at=NOW), PASSPORTS))
    session, effects = pressed(given(ConfirmingBooking(late)), callback_data.CONFIRM)
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, MESSAGE, Notice.ALREADY_PAST),)


@pytest.mark.parametrize(
    "state",
    [
        ChoosingDay(START, DAYS, NINE),
        ChoosingDay(START, (), None),
        LoadingDays(START, failure=DOWN),
        ConfirmingBooking(MOVED),
        BookingRefusedState(MOVED, DOWN),
    ],
)
def test_department_and_name_cannot_be_changed(state: ChoosingDay) -> None:
    for action in (callback_data.CHANGE_DEPARTMENT, callback_data.CHANGE_NAME):
        session, effects = pressed(given(state), action)
        assert session.state == state
        assert all(isinstance(each, Show) for each in effects)


@pytest.mark.parametrize("state", [ChoosingDay(START, DAYS, NINE), LoadingDays(START, failure=DOWN)])
def test_there_is_nothing_before_the_days(state: ChoosingDay) -> None:
    assert pressed(given(state), callback_data.BACK)[0].state == state


@pytest.mark.parametrize(
    "state", [ConfirmingBooking(MOVED), BookingRefusedState(MOVED, Failure(FailureCode.BAD_REQUEST))]
)
def test_text_is_not_taken_for_another_name(state: ConfirmingBooking) -> None:
    session, effects = typed(given(state), "Mamadou Diallo")
    assert session.state == state
    assert effects == (Show(state, SCREEN, None, Notice.USE_BUTTONS),)


def test_a_name_that_is_not_known_is_typed() -> None:
    nameless = Ticket(replace(TICKET.appointment, name=""), PASSPORTS)
    session, _ = pressed(given(ChoosingDay(replace(START, name=None, replaces=nameless), DAYS, NINE)), "first")
    assert isinstance(session.state, TypingName)
    assert isinstance(typed(session, "Mamadou Diallo")[0].state, ConfirmingBooking)


@pytest.mark.parametrize(
    "state", [ChoosingDay(START, DAYS, NINE), ConfirmingBooking(MOVED), ChoosingTime(START, SUNDAY, (NINE,))]
)
def test_leaving_says_that_the_appointment_stands(state: ChoosingDay) -> None:
    session, effects = pressed(given(state), callback_data.LEAVE)
    assert session.state == Idle()
    assert effects[-1] == Show(Menu(), session.screen, MESSAGE, Notice.NOT_MOVED)


# --- the new appointment ------------------------------------------------------------------------------------------


def test_the_new_ticket_is_shown_while_the_old_appointment_is_being_cancelled() -> None:
    session, effects = happened(given(Moving(MOVE_ATTEMPT)), ReplacementBooked(at=NOW, number=7, appointment=MADE))
    assert session.state == Moving(REPLACED)
    assert effects == (Show(Moving(REPLACED), SCREEN + 1, MESSAGE), Tell(QrPicture(NEW_TICKET)))
    assert session.names == ()
    before = given(Moving(MOVE_ATTEMPT), names=known("Aïssatou Bah"))
    used = happened(before, ReplacementBooked(at=NOW, number=7, appointment=MADE))[0].names
    assert used == known("Aïssatou Bah", used=session.touched), "a move uses a name, and does not teach one"


def test_a_late_new_ticket_is_a_message_of_its_own() -> None:
    late = given(Moving(MOVE_ATTEMPT, BUSY, delayed=True))
    without_link = replace(MADE, qr_link=None)
    session, effects = happened(late, ReplacementBooked(at=NOW, number=7, appointment=without_link))
    ticket = TicketShown(Ticket(without_link, PASSPORTS), fresh=True)
    assert session.state == Moving(replace(REPLACED, made=without_link))
    assert session.message is None
    assert effects == (Amend(MESSAGE, NoticeMessage(Notice.IS_BOOKED)), Show(ticket, SCREEN + 1, None))


def test_a_delay_before_the_new_appointment_is_told_once_a_cause() -> None:
    told, effects = happened(given(Moving(MOVE_ATTEMPT)), AttemptDelayed(at=NOW, number=7, failure=BUSY))
    assert told.state == Moving(MOVE_ATTEMPT, BUSY, delayed=True)
    assert effects == (Show(told.state, SCREEN + 1, MESSAGE),)
    assert happened(told, AttemptDelayed(at=NOW, number=7, failure=BUSY)) == (told, ())


def test_a_delay_after_the_new_booking_is_told_once() -> None:
    told, effects = happened(given(Moving(REPLACED)), AttemptDelayed(at=NOW, number=7))
    assert effects == (Tell(NoticeMessage(Notice.OLD_NOT_CANCELLED_YET)),)
    assert happened(told, AttemptDelayed(at=NOW, number=7, failure=BUSY)) == (told, ())


def test_giving_up_is_possible_once_and_only_before_the_new_appointment() -> None:
    session, effects = pressed(given(Moving(MOVE_ATTEMPT)), callback_data.GIVE_UP)
    assert session.state == Moving(MOVE_ATTEMPT, withdrawn=True)
    assert effects[-1] == Withdraw(7)
    assert pressed(session, callback_data.GIVE_UP)[0].state == session.state
    assert commanded(given(Moving(MOVE_ATTEMPT)), "stop")[1][-1] == Withdraw(7)
    booked = given(Moving(REPLACED))
    assert pressed(booked, callback_data.GIVE_UP)[0].state == booked.state
    assert step(booked, command("stop"))[1] == (Tell(NoticeMessage(Notice.CANNOT_STOP)),)


# --- refusals -----------------------------------------------------------------------------------------------------


def test_a_slot_that_was_taken_leads_to_the_nearest_ones_still_as_a_move() -> None:
    taken = BookingRefused(at=NOW, number=7, failure=Failure(FailureCode.SLOT_TAKEN))
    session, effects = happened(given(Moving(MOVE_ATTEMPT)), taken)
    assert session.state == LoadingNearest(MOVED)
    assert effects == (LoadSlots(1),)
    session, _ = happened(session, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
    assert session.state == ChoosingNearest(MOVED, (NINE,)), "neither what is gone nor the present time"


@pytest.mark.parametrize("code", sorted(set(FailureCode) - {FailureCode.SLOT_TAKEN}))
def test_every_other_refusal_keeps_the_old_appointment_in_mind(code: FailureCode) -> None:
    refused = BookingRefused(at=NOW, number=7, failure=Failure(code))
    session, effects = happened(given(Moving(MOVE_ATTEMPT)), refused)
    assert session.state == BookingRefusedState(MOVED, Failure(code))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_a_late_refusal_changes_the_waiting_notice_too() -> None:
    late = given(Moving(MOVE_ATTEMPT, BUSY, delayed=True))
    _, effects = happened(late, BookingRefused(at=NOW, number=7, failure=DOWN))
    assert effects[0] == Amend(MESSAGE, NoticeMessage(Notice.IS_NOT_BOOKED))
    _, effects = happened(late, BookingWithdrawn(at=NOW, number=7))
    assert effects[0] == Amend(MESSAGE, NoticeMessage(Notice.IS_STOPPED))


@pytest.mark.parametrize("code", FailureCode)
def test_after_the_old_one_was_cancelled_meanwhile_nothing_says_that_it_stands(code: FailureCode) -> None:
    refused = BookingRefused(at=NOW, number=7, failure=Failure(code), old=GONE.appointment)
    session, _ = happened(given(Moving(MOVE_ATTEMPT)), refused)
    assert isinstance(session.state, BookingRefusedState)
    assert session.state.draft.replaces == GONE


@pytest.mark.parametrize("code", FailureCode)
def test_a_refusal_goes_on_from_the_old_appointment_as_the_office_moved_it(code: FailureCode) -> None:
    now = replace(TICKET.appointment, at=TEN_ON_MONDAY)
    session, _ = happened(given(Moving(MOVE_ATTEMPT)), BookingRefused(at=NOW, number=7, failure=Failure(code), old=now))
    assert isinstance(session.state, LoadingNearest | BookingRefusedState)
    assert session.state.draft.replaces == replace(TICKET, appointment=now)


def test_what_was_given_up_is_not_moved() -> None:
    session, effects = happened(given(Moving(MOVE_ATTEMPT, withdrawn=True)), BookingWithdrawn(at=NOW, number=7))
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, MESSAGE, Notice.NOT_MOVED),)


def test_a_department_that_is_gone_refuses_the_move_before_it_is_confirmed() -> None:
    gone = Failure(FailureCode.DEPARTMENT_GONE)
    session, _ = happened(given(LoadingDays(START)), LoadFailed(at=NOW, failure=gone))
    assert session.state == BookingRefusedState(START, gone)


def test_too_many_moves_are_refused_before_a_day_is_chosen() -> None:
    capped = Failure(FailureCode.TOO_MANY_MOVES)
    session, _ = happened(given(LoadingDays(START)), LoadFailed(at=NOW, failure=capped))
    assert session.state == BookingRefusedState(START, capped)


def test_an_office_that_allows_one_appointment_offers_to_cancel_it_and_to_book_again() -> None:
    one = given(BookingRefusedState(MOVED, Failure(FailureCode.ALREADY_BOOKED)))
    session, effects = pressed(one, "x:12345")
    assert session.state == LoadingAppointments(Purpose.CANCEL, 12345, notice=Notice.DRAFT_KEPT)
    assert effects == (LoadAppointments(to_cancel=True),)
    loaded = AppointmentsLoaded(at=NOW, appointments=(TICKET.appointment,), departments=(PASSPORTS,))
    assert happened(session, loaded)[0].state == AskingCancel(TICKET)
    assert pressed(one, "again:12345")[1] == (LoadEntry(12345),)


@pytest.mark.parametrize(("number", "is_kept"), [(12345, False), (777, True)])
def test_a_move_of_what_was_cancelled_does_not_go_on(number: int, *, is_kept: bool) -> None:
    parked = BookingRefusedState(MOVED, Failure(FailureCode.ALREADY_BOOKED))
    attempt = CancelAttempt(7, TICKET if number == 12345 else OTHER)
    session, effects = happened(given(Cancelling(attempt), parked=parked), AppointmentCancelled(at=NOW, number=7))
    assert session.state == (parked if is_kept else Idle())
    shown = effects[-1]
    assert isinstance(shown, Show)
    assert isinstance(shown.screen, Cancelled)
    assert shown.screen.resumable is is_kept


def test_a_refused_move_can_be_tried_again() -> None:
    session, effects = pressed(given(BookingRefusedState(MOVED, DOWN)), callback_data.RETRY)
    attempt = MoveAttempt(SCREEN + 1, MOVED, NOW)
    assert session.state == Moving(attempt)
    assert effects == (Move(attempt),)


# --- how it ends --------------------------------------------------------------------------------------------------


def test_a_quick_move_ends_in_the_same_message() -> None:
    session, effects = happened(given(Moving(REPLACED)), Moved(at=NOW, number=7))
    assert session.state == Idle()
    assert session.message is None
    ticket = TicketShown(NEW_TICKET, fresh=True, moved_from=BEFORE)
    assert effects == (AmendTicket(GONE, moved_to=TEN_ON_MONDAY), Show(ticket, SCREEN + 1, MESSAGE))


@pytest.mark.parametrize("message", [MESSAGE, None])
def test_a_slow_move_ends_with_a_message_of_its_own(message: int | None) -> None:
    slow = given(Moving(REPLACED, delayed=message is not None), message=message)
    _, effects = happened(slow, Moved(at=NOW, number=7))
    ticket = TicketShown(NEW_TICKET, fresh=True, moved_from=BEFORE)
    shown = Show(ticket, SCREEN + 1, message) if message else AmendTicket(NEW_TICKET, moved_from=BEFORE)
    assert effects == (AmendTicket(GONE, moved_to=TEN_ON_MONDAY), shown, Tell(MoveDone(NEW_TICKET, BEFORE)))


def test_if_the_old_appointment_could_not_be_cancelled_both_are_told() -> None:
    refused = OldNotCancelled(at=NOW, number=7, status=AppointmentStatus.SCHEDULED)
    session, effects = happened(given(Moving(REPLACED)), refused)
    assert session.state == Idle()
    both = BothStand(TICKET, NEW_TICKET, AppointmentStatus.SCHEDULED)
    assert effects == (Show(TicketShown(NEW_TICKET, fresh=True), SCREEN + 1, MESSAGE), Tell(both))


def test_the_end_shows_the_new_appointment_as_it_is_now() -> None:
    now = replace(NEW_TICKET.appointment, at=TEN_ON_MONDAY + timedelta(hours=1))
    _, effects = happened(given(Moving(REPLACED)), Moved(at=NOW, number=7, appointment=now))
    ticket = TicketShown(replace(NEW_TICKET, appointment=now), fresh=True, moved_from=BEFORE)
    assert effects == (AmendTicket(GONE, moved_to=now.at), Show(ticket, SCREEN + 1, MESSAGE))


def test_after_the_new_appointment_was_cancelled_too_no_replacement_is_promised() -> None:
    gone = replace(NEW_TICKET.appointment, status=AppointmentStatus.CANCELLED)
    slow = given(Moving(REPLACED, delayed=True), message=None)
    _, effects = happened(slow, Moved(at=NOW, number=7, appointment=gone))
    assert effects[-1] == Tell(Cancelled(GONE))


@pytest.mark.parametrize("state", [Moving(MOVE_ATTEMPT), Moving(REPLACED), Idle()])
@pytest.mark.parametrize(
    "result",
    [
        ReplacementBooked(at=NOW, number=6, appointment=MADE),
        BookingRefused(at=NOW, number=8, failure=DOWN),
        BookingWithdrawn(at=NOW, number=8),
        Moved(at=NOW, number=6),
        OldNotCancelled(at=NOW, number=8),
        AttemptDelayed(at=NOW, number=6),
    ],
)
def test_the_result_of_another_attempt_settles_nothing(state: Moving, result: Moved) -> None:
    session = given(state)
    assert happened(session, result) == (session, ())


@pytest.mark.parametrize("result", [Moved(at=NOW, number=7), OldNotCancelled(at=NOW, number=7)])
def test_nothing_ends_before_the_new_appointment_is_booked(result: Moved) -> None:
    session = given(Moving(MOVE_ATTEMPT))
    assert happened(session, result) == (session, ())


@pytest.mark.parametrize("result", [BookingRefused(at=NOW, number=7, failure=DOWN), BookingWithdrawn(at=NOW, number=7)])
def test_nothing_is_refused_after_it_is_booked(result: BookingRefused) -> None:
    session = given(Moving(REPLACED))
    assert happened(session, result) == (session, ())


def test_a_confirmed_move_without_an_old_appointment_is_an_error() -> None:
    with pytest.raises(ValueError, match="without an old appointment"):
        _ = MoveAttempt(7, FULL, NOW).old


def test_free_slots_of_the_present_time_alone_are_none() -> None:
    only = (Slot(HALF_PAST_TWO),)
    session, _ = happened(given(LoadingDays(START)), SlotsLoaded(at=NOW, department_id=1, slots=only))
    assert session.state == ChoosingDay(START, (), None)


def test_a_number_makes_no_button_of_a_word_that_is_none() -> None:
    unknown = lasting(callback_data.numbered("rain", 5))
    _, effects = step(given(Idle()), unknown)
    assert [each.notice for each in effects if isinstance(each, Show)] == [Notice.STALE_BUTTON]
