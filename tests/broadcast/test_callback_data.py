import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.callback_data import Ask, asked, heard, steered
from bot.broadcast.lifecycle import Verb
from bot.core import callback_data

NUMBERS = st.integers(0, 10**9)


@given(NUMBERS, NUMBERS, st.sampled_from(Ask), st.text(alphabet="abc123", max_size=12))
def test_what_a_stage_asks_is_read_back_and_short_enough(number: int, turn: int, ask: Ask, value: str) -> None:
    action = asked(number, turn, ask, value)
    assert heard(action) == (number, turn, ask, value)
    assert len(callback_data.spoken(None, action).encode()) <= 64


@given(NUMBERS, st.sampled_from(Verb))
def test_what_steers_a_broadcast_is_read_back(number: int, verb: Verb) -> None:
    assert heard(steered(number, verb)) == (number, None, verb, "")


@pytest.mark.parametrize(
    "forged", ["", "bc", "bc:", "bc:x:see", "bc:1.x:go:", "bc:.1:go", "bc:-1:see", "book", "list:1:see"]
)
def test_what_nobody_wrote_is_none_of_ours(forged: str) -> None:
    assert heard(forged) is None


@given(st.text())
def test_whatever_is_pressed_is_read_or_not_and_never_raises(text: str) -> None:
    heard(text)
    heard(f"bc:{text}")
