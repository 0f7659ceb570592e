"""Looking at appointments and cancelling one: only a shown one can be cancelled, after a question."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.effects import Effect, LoadAppointments, LoadDepartments, LoadSlots, Show, Tell
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    LoadFailed,
)
from bot.core.model import Appointment, AppointmentStatus, Department, Ticket
from bot.core.screens import Cancelled, Menu, QrPicture, TicketShown
from bot.core.session import Session
from bot.core.states import (
    AskingCancel,
    Cancelling,
    ChoosingDepartment,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    Notice,
    Purpose,
    State,
)
from tests.core.examples import (
    APPOINTMENT,
    CANCEL_ATTEMPT,
    DEPARTMENTS,
    DOWN,
    DRAFT,
    FULL,
    MESSAGE,
    NOW,
    OTHER,
    SCREEN,
    TICKET,
    cancelled,
    commanded,
    given,
    happened,
    pressed,
)


def appointments_come(state: State, *found: Appointment) -> tuple[Session, tuple[Effect, ...]]:
    return happened(given(state), AppointmentsLoaded(at=NOW, appointments=found, departments=DEPARTMENTS))


def remark(effects: tuple[Effect, ...]) -> Notice | None:
    assert isinstance(effects[0], Show)
    return effects[0].notice


VIEW, CANCEL = LoadingAppointments(Purpose.VIEW), LoadingAppointments(Purpose.CANCEL)


def test_the_coming_appointments_are_listed() -> None:
    session, effects = appointments_come(VIEW, APPOINTMENT, OTHER.appointment)
    assert session.state == Listing((TICKET, OTHER), Purpose.VIEW)
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_cancelled_completed_and_past_appointments_are_not_coming() -> None:
    past = replace(APPOINTMENT, at=NOW - timedelta(minutes=1))
    gone = [
        replace(APPOINTMENT, status=each)
        for each in (AppointmentStatus.CANCELLED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW)
    ]
    state = appointments_come(VIEW, past, *gone)[0].state
    assert isinstance(state, Listing)
    assert state.tickets == ()
    assert {each.appointment for each in state.past} == {past, *gone[1:]}, "cancelled ones are of no use to anybody"


def test_past_appointments_stand_behind_a_button_the_latest_first() -> None:
    past = tuple(replace(APPOINTMENT, id=n, at=NOW - timedelta(days=n)) for n in range(20, 0, -1))
    session = appointments_come(VIEW, *past)[0]
    session, effects = pressed(replace(session, message=MESSAGE), callback_data.PAST)
    assert isinstance(session.state, Listing)
    assert session.state.shows_past
    assert [each.appointment.id for each in session.state.past] == list(range(1, 16))
    assert effects == (Show(session.state, session.screen, MESSAGE),)
    ticket = session.state.past[0]
    assert pressed(session, "ticket:1")[1] == (Tell(TicketShown(ticket)), Tell(QrPicture(ticket)))
    assert pressed(session, "x:1")[0].state == session.state, "what is past cannot be cancelled"
    back, _ = pressed(session, callback_data.BACK)
    assert back.state == replace(session.state, shows_past=False)
    assert pressed(back, callback_data.BACK)[0].state == Idle()


def test_an_unpaid_one_and_one_of_unknown_status_are_coming() -> None:
    strange = [
        replace(APPOINTMENT, status=each) for each in (AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.UNKNOWN)
    ]
    state = appointments_come(VIEW, *strange)[0].state
    assert isinstance(state, Listing)
    assert len(state.tickets) == 2


def test_an_office_that_is_no_longer_listed_keeps_its_number() -> None:
    state = appointments_come(VIEW, replace(APPOINTMENT, department_id=99))[0].state
    assert isinstance(state, Listing)
    assert state.tickets[0].department == Department(99, "")


def test_to_cancel_the_only_one_goes_straight_to_the_question() -> None:
    assert appointments_come(CANCEL, APPOINTMENT)[0].state == AskingCancel(TICKET)


def test_to_cancel_one_of_several_there_is_a_choice() -> None:
    assert appointments_come(CANCEL, APPOINTMENT, OTHER.appointment)[0].state == Listing(
        (TICKET, OTHER), Purpose.CANCEL
    )


def test_after_a_wrong_number_even_the_only_one_is_a_choice() -> None:
    session, effects = appointments_come(replace(CANCEL, notice=Notice.NOT_A_NUMBER), APPOINTMENT)
    assert session.state == Listing((TICKET,), Purpose.CANCEL)
    assert remark(effects) is Notice.NOT_A_NUMBER


def test_cancelling_by_number_asks_about_that_appointment() -> None:
    named = LoadingAppointments(Purpose.CANCEL, 777)
    assert appointments_come(named, APPOINTMENT, OTHER.appointment)[0].state == AskingCancel(OTHER)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ((), Notice.APPOINTMENT_UNKNOWN),
        ((OTHER.appointment,), Notice.APPOINTMENT_UNKNOWN),
        ((cancelled(APPOINTMENT),), Notice.ALREADY_CANCELLED),
        ((replace(APPOINTMENT, status=AppointmentStatus.COMPLETED),), Notice.ALREADY_COMPLETED),
        ((replace(APPOINTMENT, status=AppointmentStatus.NO_SHOW),), Notice.ALREADY_COMPLETED),
        ((replace(APPOINTMENT, at=NOW - timedelta(days=1)),), Notice.ALREADY_PAST),
    ],
)
def test_an_appointment_that_cannot_be_cancelled_says_why(found: tuple[Appointment, ...], why: Notice) -> None:
    session, effects = appointments_come(LoadingAppointments(Purpose.CANCEL, 12345), *found)
    assert isinstance(session.state, Listing)
    assert remark(effects) is why


def test_unexpected_appointments_are_ignored() -> None:
    session = given(Idle())
    event = AppointmentsLoaded(at=NOW, appointments=(APPOINTMENT,), departments=DEPARTMENTS)
    assert happened(session, event) == (session, ())


def test_a_read_that_fails_says_so_and_can_be_tried_again() -> None:
    failed, effects = happened(given(VIEW), LoadFailed(at=NOW, failure=DOWN))
    assert failed.state == replace(VIEW, failure=DOWN)
    assert effects == (Show(failed.state, SCREEN + 1, MESSAGE),)
    again, effects = pressed(failed, callback_data.RETRY)
    assert again.state == VIEW
    assert effects == (LoadAppointments(),)


# --- the list --------------------------------------------------------------------------------------------------------

LIST = Listing((TICKET, OTHER), Purpose.VIEW)


def test_a_ticket_is_shown_again_with_its_picture_and_the_list_stays() -> None:
    session, effects = pressed(given(LIST), "ticket:12345")
    assert session.state == LIST
    assert effects == (Tell(TicketShown(TICKET)), Tell(QrPicture(TICKET)))


def test_a_ticket_without_a_link_is_shown_without_a_picture() -> None:
    assert pressed(given(LIST), "ticket:777")[1] == (Tell(TicketShown(OTHER)),)


def test_cancelling_from_the_list_asks_first() -> None:
    assert pressed(given(LIST), "x:777")[0].state == AskingCancel(OTHER)


def test_the_list_has_pages() -> None:
    assert pressed(given(LIST), "p:1")[0].state == replace(LIST, page=1)


@pytest.mark.parametrize("action", ["x:999", "ticket:999", "ticket:", "x:x", "d:12345"])
def test_an_appointment_outside_the_list_cannot_be_chosen(action: str) -> None:
    session, effects = pressed(given(LIST), action)
    assert session.state == LIST
    assert effects == (Show(LIST, SCREEN, MESSAGE),)


@pytest.mark.parametrize("action", [callback_data.BACK, callback_data.LEAVE])
def test_back_from_the_list_is_the_menu(action: str) -> None:
    session, effects = pressed(given(LIST), action)
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, MESSAGE),)


def test_booking_from_the_list_begins_a_booking() -> None:
    session, effects = pressed(given(Listing((), Purpose.VIEW)), callback_data.BOOK)
    assert session.state == LoadingDepartments()
    assert effects == (LoadDepartments(),)


# --- a booking that waits --------------------------------------------------------------------------------------------


def test_looking_at_appointments_keeps_the_unfinished_booking() -> None:
    session, effects = commanded(given(ConfirmingBooking(FULL)), "appointments")
    assert session.state == LoadingAppointments(Purpose.VIEW, notice=Notice.DRAFT_KEPT)
    assert session.parked == ConfirmingBooking(FULL)
    assert effects == (LoadAppointments(),)


@pytest.mark.parametrize("action", [callback_data.BACK, callback_data.LEAVE, callback_data.BOOK])
def test_leaving_the_list_leads_back_to_the_booking_that_waits(action: str) -> None:
    session, effects = pressed(given(LIST, parked=ConfirmingBooking(FULL)), action)
    assert session.state == ConfirmingBooking(FULL)
    assert session.parked is None
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN + 1, MESSAGE),)


def test_a_booking_that_waited_for_a_read_asks_for_it_again() -> None:
    _, effects = pressed(given(LIST, parked=LoadingDays(DRAFT)), callback_data.BACK)
    assert effects == (Show(LoadingDays(DRAFT), SCREEN + 1, MESSAGE), LoadSlots(1))


@pytest.mark.parametrize("state", [LoadingDepartments(), ChoosingDepartment(DEPARTMENTS)])
def test_a_citizen_who_only_looked_at_the_departments_is_told_of_no_booking(state: State) -> None:
    session, _ = commanded(given(state), "appointments")
    assert session.state == LoadingAppointments(Purpose.VIEW)
    assert session.parked == state, "back leads there all the same"
    gone = given(Cancelling(CANCEL_ATTEMPT), parked=state)
    _, effects = happened(gone, AppointmentCancelled(at=NOW, number=7))
    assert Cancelled(Ticket(cancelled(TICKET.appointment), TICKET.department)) in [
        each.screen for each in effects if isinstance(each, Show)
    ]


def test_a_second_look_at_appointments_keeps_the_parked_booking() -> None:
    session, _ = commanded(given(LIST, parked=ConfirmingBooking(FULL)), "cancel", "777")
    assert session.parked == ConfirmingBooking(FULL)
    assert session.state == LoadingAppointments(Purpose.CANCEL, 777)
