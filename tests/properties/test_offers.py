"""A numbered button acts only if its screen is the present one and has that button, whatever somebody forges."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Show
from bot.core.screens import present
from bot.core.session import Session
from bot.core.states import Idle, State
from bot.i18n import Translators
from bot.views.render import render
from tests.core.examples import APPOINTMENT, DEPARTMENTS, HALF_PAST_TWO, NINE, SCREEN, STATES, SUNDAY, given, press
from tests.properties.test_screens import everything

FRENCH = Translators.load().get("fr")
KINDS = sorted({each for each in vars(callback_data).values() if isinstance(each, str) and each.isascii()} - {""})
VALUES = (
    *("0", "1", "2", "99", str(10**15), "on", "off", "fr", "en"),
    *(str(each.id) for each in DEPARTMENTS),
    str(APPOINTMENT.id),
    *(callback_data.timed("", each).removeprefix(":") for each in (SUNDAY, NINE, HALF_PAST_TWO)),
)
FORGED = sorted({*KINDS, *(f"{kind}:{value}" for kind in KINDS for value in VALUES), "", "nonsense"})


def only_opens(state: State, action: str) -> bool:
    """Whether a button does no more than open a screen, so that it may act wherever it stands."""
    from_menu = isinstance(state, Idle) and action.partition(":")[0] in {"d", "o"}
    return from_menu or action in callback_data.EVERYWHERE


def standing(state: State, **more: Any) -> Session:
    """A session in this state, with its screen."""
    session = given(state, **more)
    return replace(session, offered=render(present(session), FRENCH).actions)


def is_ignored(session: Session, action: str) -> bool:
    """Whether a press of this button does nothing but show the present screen again."""
    after, effects = step(session, press(session, action))
    noticed = replace(after, touched=session.touched, last_press=session.last_press, profile=session.profile)
    return noticed == session and effects == (Show(present(session), session.screen, session.message),)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_a_press_that_the_screen_does_not_offer_does_nothing(state: State) -> None:
    session = standing(state)
    assert session.offered is not None
    acted = [each for each in FORGED if each not in session.offered and not is_ignored(session, each)]
    assert [each for each in acted if not only_opens(state, each)] == []
    for each in acted:
        asked = {type(effect).__name__ for effect in step(session, press(session, each))[1]}
        assert asked <= {"Show", "Tell", "LoadDepartments", "LoadAppointments", "LoadSlots"}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_button_of_a_screen_does_something(state: State) -> None:
    session = standing(state)
    dead = [each for each in session.offered or () if is_ignored(session, each)]
    assert dead == []


@settings(max_examples=300, deadline=None)
@given_any(
    everything.filter(lambda screen: hasattr(screen, "kind")), st.sampled_from(FORGED) | st.text(max_size=20), st.data()
)
def test_only_a_screens_own_buttons_act(state: State, action: str, data: st.DataObject) -> None:
    session = standing(state)
    assert session.offered is not None
    action = data.draw(st.just(action) | st.sampled_from(session.offered)) if session.offered else action
    if action not in session.offered and not only_opens(state, action):
        assert is_ignored(session, action)


@given_any(st.sampled_from(sorted(STATES)), st.sampled_from(FORGED), st.integers(0, 10**15))
def test_a_button_of_another_screen_starts_no_request_that_changes_anything(
    name: str, action: str, screen: int
) -> None:
    session = standing(STATES[name])
    if screen == SCREEN:
        return
    after, effects = step(session, press(session, action, screen=screen, message=3))
    assert not any(type(each).__name__ in {"Book", "CancelAppointment", "Withdraw"} for each in effects)
    assert isinstance(STATES[name], Idle) or after.state == STATES[name]


def test_a_screen_that_an_earlier_release_showed_is_judged_by_its_state() -> None:
    session = given(STATES["confirming"], touched=standing(STATES["confirming"]).touched - timedelta(minutes=5))
    assert session.offered is None
    assert not is_ignored(session, callback_data.CONFIRM)
