"""A session survives a restart; what is no session is not taken for one."""

from dataclasses import replace

import pytest

from bot.core.session import VERSION, read_session, write_session
from bot.core.states import Confirming, Flow, Listing, Purpose
from tests.core.examples import FULL, STATES, given


@pytest.mark.parametrize("flow", STATES.values(), ids=STATES.keys())
def test_every_state_is_read_back_as_it_was_written(flow: Flow) -> None:
    session = given(flow)
    assert read_session(write_session(session)) == session


def test_a_parked_booking_and_the_last_press_are_read_back() -> None:
    session = replace(given(Listing((), Purpose.VIEW)), parked=Confirming(FULL), last_press=(70, None, "x:1"))
    assert read_session(write_session(session)) == session


@pytest.mark.parametrize("text", ["", "null", "{}", "1:", "1:{}", "1:[]", '1:{"locale":"fr"}', "\x00"])
def test_what_is_no_session_is_none(text: str) -> None:
    assert read_session(text) is None


def test_a_session_of_another_version_is_none() -> None:
    text = write_session(given(STATES["idle"]))
    assert read_session(text.replace(f"{VERSION}:", f"{VERSION + 1}:", 1)) is None
