"""Cancelling an appointment: a question first, one request, and no success before the API has confirmed it."""

import pytest

from bot.core import callback_data
from bot.core.effects import Amend, AmendTicket, CancelAppointment, LoadAppointments, Show
from bot.core.events import (
    AppointmentCancelled,
    AttemptDelayed,
    CancellingRefused,
)
from bot.core.model import (
    Failure,
    FailureCode,
    Ticket,
)
from bot.core.screens import Cancelled, Menu, NoticeMessage
from bot.core.states import (
    AskingCancel,
    CancelAttempt,
    Cancelling,
    ConfirmingBooking,
    Idle,
    LoadingAppointments,
    Notice,
    Purpose,
)
from tests.core.examples import (
    APPOINTMENT,
    BUSY,
    CANCEL_ATTEMPT,
    DOWN,
    FULL,
    MESSAGE,
    NOW,
    SCREEN,
    TICKET,
    cancelled,
    given,
    happened,
    pressed,
)

VIEW = LoadingAppointments(Purpose.VIEW)


def test_yes_cancels_once_and_the_state_says_what_is_pending() -> None:
    session, effects = pressed(given(AskingCancel(TICKET)), callback_data.YES)
    attempt = CancelAttempt(SCREEN + 1, TICKET)
    assert session.state == Cancelling(attempt)
    assert effects == (CancelAppointment(attempt),)


def test_answering_no_keeps_the_appointment_and_says_so() -> None:
    session, effects = pressed(given(AskingCancel(TICKET)), callback_data.NO)
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, MESSAGE, Notice.NOT_CANCELLED),)


def test_back_from_the_question_is_the_list() -> None:
    session, effects = pressed(given(AskingCancel(TICKET)), callback_data.BACK)
    assert session.state == VIEW
    assert effects == (LoadAppointments(),)


def test_a_cancellation_is_confirmed_only_after_the_api_confirmed_it() -> None:
    gone = Ticket(cancelled(APPOINTMENT), TICKET.department)
    session, effects = happened(given(Cancelling(CANCEL_ATTEMPT)), AppointmentCancelled(at=NOW, number=7))
    assert session.state == Idle()
    assert session.message is None
    assert effects == (AmendTicket(gone), Show(Cancelled(gone), SCREEN + 1, MESSAGE))


def test_the_booking_that_waited_goes_on_after_cancelling() -> None:
    session, effects = happened(
        given(Cancelling(CANCEL_ATTEMPT), parked=ConfirmingBooking(FULL)), AppointmentCancelled(at=NOW, number=7)
    )
    assert session.state == ConfirmingBooking(FULL)
    assert session.parked is None
    assert isinstance(effects[1], Show)
    assert isinstance(effects[1].screen, Cancelled)
    assert effects[1].screen.resumable


def test_a_late_cancellation_is_a_message_of_its_own() -> None:
    late = given(Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True))
    _, effects = happened(late, AppointmentCancelled(at=NOW, number=7))
    assert effects[0] == Amend(MESSAGE, NoticeMessage(Notice.IS_CANCELLED))
    assert isinstance(effects[2], Show)
    assert effects[2].message is None


def test_a_late_refusal_changes_the_waiting_notice_too() -> None:
    late = given(Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True))
    _, effects = happened(late, CancellingRefused(at=NOW, number=7, failure=DOWN))
    assert effects[0] == Amend(MESSAGE, NoticeMessage(Notice.IS_NOT_CANCELLED))


def test_cancelling_a_missing_appointment_leads_to_the_list() -> None:
    gone = CancellingRefused(at=NOW, number=7, failure=Failure(FailureCode.APPOINTMENT_GONE))
    session, effects = happened(given(Cancelling(CANCEL_ATTEMPT)), gone)
    assert session.state == LoadingAppointments(Purpose.VIEW, notice=Notice.APPOINTMENT_UNKNOWN)
    assert effects == (LoadAppointments(),)


def test_any_other_refusal_says_why_and_can_be_tried_again() -> None:
    session, effects = happened(given(Cancelling(CANCEL_ATTEMPT)), CancellingRefused(at=NOW, number=7, failure=DOWN))
    assert session.state == LoadingAppointments(Purpose.CANCEL, 12345, failure=DOWN)
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_a_delay_is_told_once_a_cause() -> None:
    told, effects = happened(given(Cancelling(CANCEL_ATTEMPT)), AttemptDelayed(at=NOW, number=7, failure=BUSY))
    assert told.state == Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True)
    assert effects == (Show(told.state, SCREEN + 1, MESSAGE),)
    assert happened(told, AttemptDelayed(at=NOW, number=7, failure=BUSY)) == (told, ())


@pytest.mark.parametrize(
    "result",
    [
        AppointmentCancelled(at=NOW, number=6),
        CancellingRefused(at=NOW, number=8, failure=DOWN),
        AttemptDelayed(at=NOW, number=6),
    ],
)
def test_the_result_of_another_attempt_settles_nothing(result: AppointmentCancelled) -> None:
    session = given(Cancelling(CANCEL_ATTEMPT))
    assert happened(session, result) == (session, ())
