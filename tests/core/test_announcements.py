"""Whether announcements are wanted is part of the session, whatever else goes on in it."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Amend, Tell
from bot.core.events import Commanded, Pressed
from bot.core.screens import Announcements, SettingsMenu
from bot.core.session import Session
from bot.core.states import State
from tests.core.examples import NOW, STATES

every_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())


def standing(state: State) -> Session:
    return Session("fr", NOW).at(state)


@every_state
@pytest.mark.parametrize("wanted", [True, False])
def test_the_command_shows_the_state_and_changes_nothing(state: State, wanted: bool) -> None:  # noqa: FBT001 — a parameter
    before = replace(standing(state), announcements=wanted)
    after, effects = step(before, Commanded(at=NOW, name="announcements"))
    assert (after.state, after.announcements) == (state, wanted)
    assert effects == (Tell(Announcements(wanted=wanted)),)


@every_state
def test_in_the_settings_they_are_changed_in_place(state: State) -> None:
    _, effects = step(standing(state), Commanded(at=NOW, name="settings"))
    assert effects == (Tell(SettingsMenu(announcements=True)),)
    off, effects = step(standing(state), Pressed(at=NOW, screen=None, action=callback_data.SET_NEWS_OFF, message=900))
    assert (off.state, off.announcements) == (state, False)
    assert effects == (Amend(900, SettingsMenu(announcements=False)),)
    on, effects = step(off, Pressed(at=NOW, screen=None, action=callback_data.SET_NEWS_ON, message=900))
    assert on.announcements
    assert effects == (Amend(900, SettingsMenu(announcements=True)),)


@every_state
def test_the_button_under_a_broadcast_disturbs_nothing(state: State) -> None:
    before = standing(state)
    after, effects = step(before, Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900))
    assert (after.state, after.screen, after.message) == (before.state, before.screen, before.message)
    assert not after.announcements
    assert effects == (Tell(Announcements(wanted=False, changed=True)),)


def test_the_button_pressed_twice_asks_the_same() -> None:
    press = Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900)
    once, _ = step(standing(STATES["idle"]), press)
    twice, _ = step(once, press)
    assert twice == once


def test_undoing_brings_them_back() -> None:
    off, _ = step(standing(STATES["idle"]), Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900))
    on, _ = step(off, Pressed(at=NOW, screen=None, action=callback_data.NEWS_ON, message=900))
    assert on.announcements
