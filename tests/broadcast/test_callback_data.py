import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.callback_data import ComposeAction, decode, encode_command, encode_compose
from bot.broadcast.lifecycle import BroadcastCommand
from bot.core import callback_data

NUMBERS = st.integers(0, 10**9)


@given(NUMBERS, NUMBERS, st.sampled_from(ComposeAction), st.text(alphabet="abc123", max_size=12))
def test_composer_buttons_round_trip_within_64_bytes(number: int, turn: int, ask: ComposeAction, value: str) -> None:
    action = encode_compose(number, turn, ask, value)
    assert decode(action) == (number, turn, ask, value)
    assert len(callback_data.encode(None, action).encode()) <= 64


@given(NUMBERS, st.sampled_from(BroadcastCommand))
def test_command_buttons_round_trip(number: int, command: BroadcastCommand) -> None:
    assert decode(encode_command(number, command)) == (number, None, command, "")


@pytest.mark.parametrize(
    "forged", ["", "bc", "bc:", "bc:x:see", "bc:1.x:go:", "bc:.1:go", "bc:-1:see", "book", "list:1:see"]
)
def test_unknown_callback_data_decodes_to_nothing(forged: str) -> None:
    assert decode(forged) is None


@given(st.text())
def test_decoding_never_raises(text: str) -> None:
    decode(text)
    decode(f"bc:{text}")
