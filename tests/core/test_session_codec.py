"""A session survives a restart; invalid JSON is no session."""

from dataclasses import replace

import pytest

from bot.core.session import read_session, write_session
from bot.core.states import ConfirmingBooking, Listing, Purpose, State
from tests.core.examples import FULL, STATES, given


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_state_is_read_back_as_it_was_written(state: State) -> None:
    session = given(state)
    assert read_session(write_session(session)) == session


def test_a_parked_booking_and_the_last_press_are_read_back() -> None:
    session = replace(given(Listing((), Purpose.VIEW)), parked=ConfirmingBooking(FULL), last_press=(70, None, "x:1"))
    assert read_session(write_session(session)) == session


@pytest.mark.parametrize("text", ["", "null", "{}", "1:", "1:{}", "1:[]", '1:{"locale":"fr"}', "\x00"])
def test_invalid_json_is_not_read_as_a_session(text: str) -> None:
    assert read_session(text) is None


def test_a_session_of_a_newer_release_is_none() -> None:
    text = write_session(given(STATES["idle"]))
    version, _, body = text.partition(":")
    assert read_session(f"{int(version) + 1}:{body}") is None
