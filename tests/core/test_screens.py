"""Every state is a screen, and an idle conversation shows the menu."""

import pytest

from bot.core.screens import LASTING, LastingScreen, Menu, present
from bot.core.states import Idle, State
from tests.core.examples import STATES, given


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_each_state_is_its_screen_and_idle_shows_the_menu(state: State) -> None:
    menu = Menu(resumable=state == STATES["booking given up"])
    assert present(given(state)) == (menu if isinstance(state, Idle) else state)


def test_the_lasting_screens_are_named_once() -> None:
    assert set(LASTING) == set(LastingScreen.__args__)


def test_the_menu_is_bound_to_its_number() -> None:
    assert not isinstance(Menu(), LASTING)
