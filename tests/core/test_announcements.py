"""Who wants announcements is part of the conversation, whatever else goes on in it."""

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Tell
from bot.core.events import Commanded, Pressed
from bot.core.screens import Announcements
from bot.core.session import Session
from bot.core.states import State
from tests.core.examples import NOW, STATES

every_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())


def standing(state: State) -> Session:
    return Session("fr", NOW).at(state)


@every_state
def test_the_command_turns_them_off_and_on_again(state: State) -> None:
    off, effects = step(standing(state), Commanded(at=NOW, name="announcements"))
    assert not off.announcements
    assert effects == (Tell(Announcements(wanted=False)),)
    on, effects = step(off, Commanded(at=NOW, name="announcements"))
    assert on.announcements
    assert effects == (Tell(Announcements(wanted=True)),)


@every_state
def test_the_button_under_a_broadcast_disturbs_nothing(state: State) -> None:
    before = standing(state)
    after, effects = step(before, Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900))
    assert (after.state, after.screen, after.message) == (before.state, before.screen, before.message)
    assert not after.announcements
    assert effects == (Tell(Announcements(wanted=False)),)


def test_the_button_pressed_twice_asks_the_same() -> None:
    press = Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900)
    once, _ = step(standing(STATES["idle"]), press)
    twice, _ = step(once, press)
    assert twice == once


def test_undoing_brings_them_back() -> None:
    off, _ = step(standing(STATES["idle"]), Commanded(at=NOW, name="announcements"))
    on, _ = step(off, Pressed(at=NOW, screen=None, action=callback_data.NEWS_ON, message=900))
    assert on.announcements
