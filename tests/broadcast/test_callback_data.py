from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.callback_data import (
    CLOSED,
    ComposeAction,
    decode,
    decode_closed,
    encode_closed,
    encode_command,
    encode_compose,
)
from bot.broadcast.lifecycle import BroadcastCommand
from bot.core import callback_data
from bot.core.callback_data import LARGEST

NUMBERS = st.integers(0, 10**9)


@given(NUMBERS, NUMBERS, st.sampled_from(ComposeAction), st.text(alphabet="abc123", max_size=12))
def test_composer_buttons_round_trip_within_64_bytes(number: int, turn: int, ask: ComposeAction, value: str) -> None:
    action = encode_compose(number, turn, ask, value)
    assert decode(action) == (number, turn, ask, value)
    assert len(callback_data.encode(None, action).encode()) <= 64


@given(NUMBERS, st.sampled_from(BroadcastCommand))
def test_command_buttons_round_trip(number: int, command: BroadcastCommand) -> None:
    assert decode(encode_command(number, command)) == (number, None, command, "")


@given(st.integers(0, LARGEST), st.dates())
def test_buttons_of_closed_days_round_trip_within_64_bytes(department: int, day: date) -> None:
    data = encode_closed(department, day)
    assert len(callback_data.encode(None, data).encode()) <= 64
    decoded = decode(data)
    assert decoded
    number, turn, action, value = decoded
    assert (number, turn, action) == (0, None, CLOSED)
    assert decode_closed(value) == (department, day)


@pytest.mark.parametrize("forged", ["", "5", "5.", ".2026-12-25", "x.2026-12-25", "5.2026-13-25", "-5.2026-12-25"])
def test_a_forged_closed_day_is_none(forged: str) -> None:
    assert decode_closed(forged) is None


@pytest.mark.parametrize(
    "forged", ["", "bc", "bc:", "bc:x:see", "bc:1.x:go:", "bc:.1:go", "bc:-1:see", "book", "list:1:see"]
)
def test_unknown_callback_data_decodes_to_nothing(forged: str) -> None:
    assert decode(forged) is None


@given(st.text())
def test_decoding_never_raises(text: str) -> None:
    decode(text)
    decode(f"bc:{text}")
