import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.callback_data import ComposeAction, decode, encode_command, encode_compose
from bot.broadcast.lifecycle import BroadcastCommand
from bot.core import callback_data

NUMBERS = st.integers(0, 10**9)


@given(NUMBERS, NUMBERS, st.sampled_from(ComposeAction), st.text(alphabet="abc123", max_size=12))
def test_what_a_stage_asks_is_read_back_and_short_enough(
    number: int, turn: int, ask: ComposeAction, value: str
) -> None:
    action = encode_compose(number, turn, ask, value)
    assert decode(action) == (number, turn, ask, value)
    assert len(callback_data.encode(None, action).encode()) <= 64


@given(NUMBERS, st.sampled_from(BroadcastCommand))
def test_what_steers_a_broadcast_is_read_back(number: int, verb: BroadcastCommand) -> None:
    assert decode(encode_command(number, verb)) == (number, None, verb, "")


@pytest.mark.parametrize(
    "forged", ["", "bc", "bc:", "bc:x:see", "bc:1.x:go:", "bc:.1:go", "bc:-1:see", "book", "list:1:see"]
)
def test_what_nobody_wrote_is_none_of_ours(forged: str) -> None:
    assert decode(forged) is None


@given(st.text())
def test_whatever_is_pressed_is_read_or_not_and_never_raises(text: str) -> None:
    decode(text)
    decode(f"bc:{text}")
