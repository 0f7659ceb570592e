"""Who wants announcements is part of the conversation, whatever else goes on in it."""

import pytest

from bot.core import callback_data
from bot.core.conversation import new_session, step
from bot.core.effects import Tell
from bot.core.events import Commanded, Pressed
from bot.core.screens import Announcements
from bot.core.session import Session
from bot.core.states import Flow
from tests.core.examples import NOW, STATES

every_state = pytest.mark.parametrize("flow", STATES.values(), ids=STATES.keys())


def standing(flow: Flow) -> Session:
    return new_session("fr", NOW).at(flow)


@every_state
def test_the_command_turns_them_off_and_on_again(flow: Flow) -> None:
    off, effects = step(standing(flow), Commanded(at=NOW, name="announcements"))
    assert not off.announcements
    assert effects == (Tell(Announcements(wanted=False)),)
    on, effects = step(off, Commanded(at=NOW, name="announcements"))
    assert on.announcements
    assert effects == (Tell(Announcements(wanted=True)),)


@every_state
def test_the_button_under_a_broadcast_disturbs_nothing(flow: Flow) -> None:
    before = standing(flow)
    after, effects = step(before, Pressed(at=NOW, screen=None, action=callback_data.NEWS_OFF, message=900))
    assert (after.flow, after.screen, after.message) == (before.flow, before.screen, before.message)
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
