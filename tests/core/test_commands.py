"""The commands: `/start`, `/book`, `/appointments`, `/cancel`, `/stop`, `/language`, `/help`."""

from dataclasses import replace

import pytest

from bot.core.conversation import step
from bot.core.effects import LoadAppointments, LoadDepartments, Show, Tell, Withdraw
from bot.core.screens import Help, LanguageMenu, Menu, NoticeMessage
from bot.core.states import (
    AskingCancel,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingDepartments,
    Notice,
    Purpose,
    State,
    Submitting,
)
from tests.core.examples import (
    FULL,
    MESSAGE,
    SCREEN,
    STATES,
    TICKET,
    command,
    commanded,
    every_state,
    given,
)


def test_start_greets_by_name_if_it_is_known() -> None:
    session, effects = step(given(Idle(), profile="x"), replace(command("start"), profile="Aïssatou Bah"))
    assert effects == (Show(Menu(greeting=True, name="Aïssatou"), session.screen, None),)


def test_start_disables_the_buttons_of_the_old_menu() -> None:
    assert commanded(given(Idle()), "start")[0].screen == SCREEN + 1


def test_start_in_the_middle_of_a_booking_drops_it_with_a_notice() -> None:
    session, effects = commanded(given(ConfirmingBooking(FULL)), "start")
    assert session.state == Idle()
    assert effects == (Show(Menu(greeting=True), SCREEN + 1, None, Notice.DRAFT_DROPPED),)


def test_start_with_a_department_goes_straight_there() -> None:
    session, effects = commanded(given(Idle()), "start", "d_5")
    assert session.state == LoadingDepartments(wanted=5)
    assert effects == (LoadDepartments(),)


@pytest.mark.parametrize("payload", ["d_", "d_x", "x_5", "d_0", "d5", "_"])
def test_start_with_anything_else_is_start(payload: str) -> None:
    assert commanded(given(Idle()), "start", payload)[0].state == Idle()


def test_book_begins_a_booking() -> None:
    session, effects = commanded(given(Idle()), "book")
    assert session.state == LoadingDepartments()
    assert effects == (LoadDepartments(),)


def test_book_in_the_middle_of_a_booking_begins_anew_and_says_so() -> None:
    assert commanded(given(ConfirmingBooking(FULL)), "book")[0].state == LoadingDepartments(notice=Notice.DRAFT_DROPPED)


def test_appointments_asks_for_them() -> None:
    session, effects = commanded(given(Idle()), "appointments")
    assert session.state == LoadingAppointments(Purpose.VIEW)
    assert effects == (LoadAppointments(),)


@pytest.mark.parametrize(
    ("argument", "number", "notice"),
    [
        ("", None, None),
        ("12345", 12345, None),
        ("738529527931269425", 738529527931269425, None),
        (" #12345 ", 12345, None),
        ("№12345", 12345, None),
        ("0", None, Notice.NOT_A_NUMBER),
        ("-5", None, Notice.NOT_A_NUMBER),
        ("douze", None, Notice.NOT_A_NUMBER),
        ("9" * 40, None, Notice.NOT_A_NUMBER),
        ("<b>", None, Notice.NOT_A_NUMBER),
    ],
)
def test_cancel_reads_its_number(argument: str, number: int | None, notice: Notice | None) -> None:
    session, _ = commanded(given(Idle()), "cancel", argument)
    assert session.state == LoadingAppointments(Purpose.CANCEL, number, notice=notice)


def test_stop_leaves_an_unfinished_booking() -> None:
    session, effects = commanded(given(ConfirmingBooking(FULL)), "stop")
    assert session.state == Idle()
    assert effects[-1] == Show(Menu(), session.screen, None, Notice.DRAFT_DROPPED)


def test_stop_drops_a_booking_that_waits_behind_the_appointments() -> None:
    session, _ = commanded(given(Listing((), Purpose.VIEW), parked=ConfirmingBooking(FULL)), "stop")
    assert (session.state, session.parked) == (Idle(), None)


@pytest.mark.parametrize("name", ["idle", "listing"])
def test_stop_says_when_there_is_nothing_to_stop(name: str) -> None:
    session, effects = commanded(given(STATES[name]), "stop")
    assert effects == (Show(Menu(), session.screen, None, Notice.NOTHING_TO_STOP),)


@every_state
@pytest.mark.parametrize(("name", "screen"), [("help", Help()), ("language", LanguageMenu())])
def test_help_and_language_are_told_and_change_nothing(state: State, name: str, screen: Help | LanguageMenu) -> None:
    session, effects = commanded(given(state), name)
    assert session.state == state
    assert effects == (Tell(screen),)


@pytest.mark.parametrize("name", ["", "unknown", "broadcast"])
def test_an_unknown_command_says_so(name: str) -> None:
    session, effects = commanded(given(ConfirmingBooking(FULL)), name)
    assert session.state == ConfirmingBooking(FULL)
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN, None, Notice.UNKNOWN_COMMAND),)


@pytest.mark.parametrize("name", ["start", "book", "appointments", "cancel", "unknown"])
@pytest.mark.parametrize("state", ["submitting", "submitting, delayed", "cancelling"])
def test_while_something_is_pending_every_command_is_told_so_beside_it(state: str, name: str) -> None:
    session, effects = commanded(given(STATES[state]), name)
    assert session.state == STATES[state]
    assert session.message == MESSAGE
    assert effects == (Tell(NoticeMessage(Notice.SETTLING)),)


def test_stop_gives_a_booking_up_that_is_not_made_yet() -> None:
    session, effects = commanded(given(STATES["submitting, delayed"]), "stop")
    assert isinstance(session.state, Submitting)
    assert session.state.withdrawn
    assert effects[1:] == (Withdraw(session.state.attempt.number),)
    again, effects = commanded(session, "stop")
    assert again.state == session.state
    assert effects == (Tell(NoticeMessage(Notice.CANNOT_STOP)),)


def test_a_cancelling_cannot_be_stopped() -> None:
    _, effects = commanded(given(STATES["cancelling"]), "stop")
    assert effects == (Tell(NoticeMessage(Notice.CANNOT_STOP)),)


def test_stop_on_the_question_keeps_the_appointment_and_the_booking_that_waits() -> None:
    session, effects = commanded(replace(given(AskingCancel(TICKET)), parked=ConfirmingBooking(FULL)), "stop")
    assert session.state == ConfirmingBooking(FULL)
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN + 1, None, Notice.NOT_CANCELLED),)


@pytest.mark.parametrize("written", ["12345", "#12345", "№ 12345", "n° 12345", "N°12345", "no. 12345"])
def test_a_number_may_be_written_as_people_write_it(written: str) -> None:
    session, _ = commanded(given(Idle()), "cancel", written)
    assert session.state == LoadingAppointments(Purpose.CANCEL, 12345)
