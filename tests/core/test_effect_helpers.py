"""The helpers that every flow uses: show a screen, go to a state, start a read."""

from bot.core.effects import LoadDepartments, Show, go, load, show
from bot.core.screens import Help, Menu
from bot.core.states import Idle, LoadingDepartments, Notice
from tests.core.examples import MESSAGE, SCREEN, STATES, given


def test_showing_draws_the_present_screen_in_its_message() -> None:
    session = given(Idle())
    assert show(session, Notice.SORRY) == (session, (Show(Menu(), SCREEN, MESSAGE, Notice.SORRY),))


def test_another_screen_can_stand_in_its_place() -> None:
    assert show(given(Idle()), screen=Help())[1] == (Show(Help(), SCREEN, MESSAGE),)


def test_moving_on_shows_the_new_state_under_a_new_number() -> None:
    session, effects = go(given(Idle()), STATES["confirming"])
    assert effects == (Show(STATES["confirming"], SCREEN + 1, MESSAGE),)
    assert session.state == STATES["confirming"]


def test_while_a_read_is_under_way_nothing_is_shown() -> None:
    session, effects = load(given(Idle()), LoadingDepartments(), LoadDepartments())
    assert session.state == LoadingDepartments()
    assert effects == (LoadDepartments(),)
