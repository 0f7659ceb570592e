"""Stored values are read by every later release."""

from dataclasses import dataclass

import pytest

from bot.core.json_codec import JsonCodec, rename_keys


@dataclass(frozen=True, slots=True)
class Cause:
    code: str


@dataclass(frozen=True, slots=True)
class Stored:
    failure: Cause | None
    notes: tuple[Cause, ...] = ()


FIRST = rename_keys({"trouble": "failure"})
SECOND = rename_keys({"problem": "code"})
CODEC = JsonCodec(Stored, (FIRST, SECOND))


def test_a_value_is_read_back_as_it_was_written() -> None:
    value = Stored(Cause("down"), (Cause("busy"),))
    assert CODEC.read(CODEC.write(value)) == value
    assert CODEC.write(value).startswith("3:")


@pytest.mark.parametrize(
    "text",
    [
        '{"trouble":{"problem":"down"},"notes":[{"problem":"busy"}]}',
        '1:{"trouble":{"problem":"down"},"notes":[{"problem":"busy"}]}',
        '2:{"failure":{"problem":"down"},"notes":[{"problem":"busy"}]}',
        '3:{"failure":{"code":"down"},"notes":[{"code":"busy"}]}',
    ],
)
def test_a_value_of_every_release_before_is_upgraded(text: str) -> None:
    assert CODEC.read(text) == Stored(Cause("down"), (Cause("busy"),))


@pytest.mark.parametrize(
    "text", ["", "x", "0:{}", "4:{}", "-1:{}", "\u00b2:{}", "1:", "1:[]", "1:nonsense", "2:{}", "3:{}"]
)
def test_an_invalid_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        CODEC.read(text)
