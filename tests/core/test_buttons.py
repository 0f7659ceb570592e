"""Presses: on the present screen, on older ones, on lasting ones, repeated by the network."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import LoadAppointments, LoadDepartments, Show, Tell
from bot.core.screens import Help, LanguageMenu, Menu, present
from bot.core.states import ConfirmingBooking, Idle, LoadingAppointments, LoadingDepartments, Notice, Pending, State
from tests.core.examples import (
    FULL,
    MESSAGE,
    NOW,
    SCREEN,
    every_state,
    given,
    press,
    pressed,
)


def test_a_button_of_an_older_message_never_acts_and_shows_where_one_is() -> None:
    session, effects = step(
        given(ConfirmingBooking(FULL)), press(given(Idle()), callback_data.CONFIRM, screen=SCREEN - 1, message=50)
    )
    assert session.state == ConfirmingBooking(FULL)
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN, None, Notice.STALE_BUTTON),)


def test_an_older_button_of_the_present_message_redraws_it() -> None:
    _, effects = step(given(ConfirmingBooking(FULL)), press(given(Idle()), callback_data.CONFIRM, screen=SCREEN - 1))
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN, MESSAGE),)


def test_an_old_menu_still_opens_what_it_says_when_nothing_is_going_on() -> None:
    session, effects = step(given(Idle()), press(given(Idle()), callback_data.BOOK, screen=1, message=50))
    assert session.state == LoadingDepartments()
    assert effects == (LoadDepartments(),)


def test_a_press_that_the_network_repeats_is_one_press() -> None:
    summary = given(ConfirmingBooking(FULL), message=None)
    event = press(summary, callback_data.CONFIRM)
    once, _ = step(summary, event)
    gone = replace(once, message=99)
    assert step(gone, event) == (gone, ())


def test_a_repeated_press_after_a_day_gets_an_answer_all_the_same() -> None:
    session = given(ConfirmingBooking(FULL), last_press=(MESSAGE, SCREEN, callback_data.HELP))
    session, effects = step(session, replace(press(session, callback_data.HELP), at=NOW + timedelta(days=2)))
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


@every_state
def test_help_and_language_are_a_tap_away_everywhere(state: State) -> None:
    for action, screen in ((callback_data.HELP, Help()), (callback_data.LANGUAGE, LanguageMenu())):
        # In the menu's place, beside everything else.
        shown = Show(screen, SCREEN, MESSAGE) if state == Idle() else Tell(screen)
        assert pressed(given(state), action)[1] == (shown,)


def test_back_from_the_help_is_the_menu_in_its_place() -> None:
    _, effects = step(given(Idle()), press(given(Idle()), callback_data.BACK, screen=None, message=3))
    assert effects == (Show(Menu(), SCREEN, 3),)


@every_state
def test_appointments_are_a_tap_away_unless_something_is_pending(state: State) -> None:
    opened = pressed(given(state), callback_data.APPOINTMENTS)[0].state
    assert isinstance(opened, LoadingAppointments) == (not isinstance(state, Pending))


@every_state
def test_the_button_of_a_ticket_asks_about_that_appointment_unless_something_is_pending(state: State) -> None:
    session, effects = step(given(state), press(given(state), "x:12345", screen=None, message=3))
    if isinstance(state, Pending):
        assert session.state == state
        assert effects == (Show(state, SCREEN, None, Notice.STALE_BUTTON),)
    else:
        assert isinstance(session.state, LoadingAppointments)
        assert session.state.number == 12345
        assert effects == (LoadAppointments(to_cancel=True),)


@pytest.mark.parametrize("action", [callback_data.BOOK, callback_data.MENU])
def test_a_lasting_button_shows_the_booking_that_is_going_on_without_alarm(action: str) -> None:
    _, effects = step(given(ConfirmingBooking(FULL)), press(given(Idle()), action, screen=None, message=3))
    assert effects == (Show(ConfirmingBooking(FULL), SCREEN, None),)


def test_continuing_a_booking_that_waited_for_an_answer_asks_again() -> None:
    state = LoadingDepartments()
    session, effects = step(given(state), press(given(Idle()), callback_data.MENU, screen=None, message=3))
    assert (session.state, effects) == (state, (LoadDepartments(),))


@every_state
@pytest.mark.parametrize(
    "action", [callback_data.CONFIRM, callback_data.YES, callback_data.GIVE_UP, callback_data.RETRY, "", "l:", "l:../x"]
)
def test_no_other_button_is_valid_at_any_time(state: State, action: str) -> None:
    session, effects = step(given(state), press(given(state), action, screen=None, message=3))
    assert session.state == state
    assert effects == (Show(present(session), SCREEN, None, Notice.STALE_BUTTON),)


def test_book_on_the_menu_begins_a_booking() -> None:
    assert pressed(given(Idle()), callback_data.BOOK)[1] == (LoadDepartments(),)


def test_leaving_a_booking_says_that_nothing_was_booked() -> None:
    session, effects = pressed(given(ConfirmingBooking(FULL)), callback_data.LEAVE)
    assert session.state == Idle()
    assert effects == (Show(Menu(), session.screen, MESSAGE, Notice.STOPPED),)
