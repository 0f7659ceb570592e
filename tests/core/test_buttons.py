"""Presses: on the present screen, on older ones, on lasting ones, repeated by the network."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import LoadAppointments, LoadDepartments, Show, Tell
from bot.core.screens import Help, LanguageMenu, Menu, NoticeMessage, SettingsMenu, present
from bot.core.states import (
    ChoosingDepartment,
    ConfirmingBooking,
    Idle,
    LoadingAppointments,
    LoadingDepartments,
    Notice,
    Pending,
    State,
)
from tests.core.examples import (
    DEPARTMENTS,
    DOWN,
    FULL,
    MESSAGE,
    NOW,
    SCREEN,
    every_state,
    given,
    press,
    pressed,
)


def test_a_button_of_an_older_message_shows_the_present_screen() -> None:
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
        shown = Show(screen, SCREEN, MESSAGE) if isinstance(state, Idle) else Tell(screen)
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
        assert effects == (Tell(NoticeMessage(Notice.SETTLING)),)
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
    if isinstance(state, Pending):
        assert (session.message, effects) == (MESSAGE, (Tell(NoticeMessage(Notice.SETTLING)),))
    else:
        assert effects == (Show(present(session), SCREEN, None, Notice.STALE_BUTTON),)


@every_state
def test_a_language_chosen_beside_a_pending_attempt_leaves_its_screen_alone(state: State) -> None:
    session, effects = step(given(state), press(given(state), "l:en", screen=None, message=3))
    assert (session.state, session.locale, session.chose_locale) == (state, "en", True)
    if isinstance(state, Pending):
        assert (session.message, effects) == (MESSAGE, (Tell(NoticeMessage(Notice.LANGUAGE_CHANGED)),))
    else:
        assert effects == (Show(present(session), SCREEN, 3, Notice.LANGUAGE_CHANGED),)


def test_the_other_language_is_a_tap_away_in_the_menu() -> None:
    session, effects = pressed(given(Idle()), "l:en")
    assert session.locale == "en"
    assert effects == (Show(Menu(), SCREEN, MESSAGE, Notice.LANGUAGE_CHANGED),)


@every_state
def test_a_button_of_an_older_message_never_moves_a_pending_attempt(state: State) -> None:
    session, effects = step(given(state), press(given(state), callback_data.CONFIRM, screen=SCREEN - 1, message=50))
    assert session.state == state
    if isinstance(state, Pending):
        assert (session.message, effects) == (MESSAGE, (Tell(NoticeMessage(Notice.STALE_BUTTON)),))


def test_book_on_the_menu_begins_a_booking() -> None:
    assert pressed(given(Idle()), callback_data.BOOK)[1] == (LoadDepartments(),)


def test_leaving_a_booking_says_that_nothing_was_booked() -> None:
    session, effects = pressed(given(ConfirmingBooking(FULL)), callback_data.LEAVE)
    assert session.state == Idle()
    assert effects == (Show(Menu(), session.screen, MESSAGE, Notice.DRAFT_DROPPED),)


@pytest.mark.parametrize("state", [LoadingDepartments(failure=DOWN), ChoosingDepartment(DEPARTMENTS)])
def test_leaving_a_mere_list_says_nothing_of_a_booking(state: State) -> None:
    session, effects = pressed(given(state), callback_data.LEAVE)
    assert session.state == Idle()
    assert effects == (Show(Menu(), session.screen, MESSAGE),)


# --- the menu --------------------------------------------------------------------------------------------------------


def test_a_department_in_the_menu_goes_straight_there() -> None:
    session, effects = pressed(given(Idle()), "d:5")
    assert session.state == LoadingDepartments(wanted=5)
    assert effects == (LoadDepartments(),)


def test_an_organisation_in_the_menu_opens_its_departments() -> None:
    session, _ = pressed(given(Idle()), "o:5")
    assert session.state == LoadingDepartments(organization_of=5)


def test_a_booking_that_was_given_up_is_resumed_at_its_summary() -> None:
    session, effects = pressed(given(Idle(given_up=FULL)), callback_data.RESUME)
    assert session.state == ConfirmingBooking(FULL, ("Aïssatou Bah",))
    assert effects == (Show(session.state, SCREEN + 1, MESSAGE),)


def test_a_booking_that_was_given_up_a_day_ago_is_dropped() -> None:
    session = given(Idle(given_up=FULL))
    session, effects = step(session, replace(press(session, callback_data.RESUME), at=NOW + timedelta(days=2)))
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


def test_the_settings_open_in_the_menus_place() -> None:
    assert pressed(given(Idle()), callback_data.SETTINGS)[1] == (
        Show(SettingsMenu(announcements=True), SCREEN, MESSAGE),
    )
