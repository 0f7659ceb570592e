"""States are frozen, have distinct `kind`s, and number their screens."""

from dataclasses import FrozenInstanceError

import pytest

from bot.core.states import State
from tests.core.examples import SCREEN, STATES, given


def test_another_state_is_another_screen() -> None:
    assert given(STATES["idle"]).at(STATES["confirming"]).screen == SCREEN + 1


def test_the_same_state_is_the_same_screen() -> None:
    session = given(STATES["confirming"])
    assert session.at(STATES["confirming"]) is session


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_a_state_is_frozen(state: State) -> None:
    with pytest.raises(FrozenInstanceError):
        state.kind = "other"  # type: ignore[misc, assignment]


def test_no_two_states_have_the_same_kind() -> None:
    kinds = {type(state): state.kind for state in STATES.values()}
    assert len(set(kinds.values())) == len(kinds)


def test_the_examples_contain_every_state() -> None:
    assert {type(state) for state in STATES.values()} == set(State.__args__)
