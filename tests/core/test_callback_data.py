"""Callback data is decoded as it was encoded and fits into its limit."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import callback_data

AT = datetime.fromisoformat("2026-01-25T14:30")


@given(st.none() | st.integers(0, 10**12), st.text(max_size=50))
def test_encoded_callback_data_is_decoded(screen: int | None, action: str) -> None:
    assert callback_data.decode(callback_data.encode(screen, action)) == (screen, action)


@given(st.text())
def test_decoding_callback_data_never_raises(data: str) -> None:
    screen, action = callback_data.decode(data)
    assert screen is None or screen >= 0
    assert isinstance(action, str)


@pytest.mark.parametrize("data", ["", "book", "x.book", "-1.book", "١.book", f"{'9' * 19}.book", " 1.book"])
def test_unknown_callback_data_is_an_unknown_action(data: str) -> None:
    assert callback_data.decode(data) == (None, "")


def test_a_number_names_a_department() -> None:
    assert callback_data.numbered(callback_data.DEPARTMENT, 12) == "d:12"
    assert callback_data.split("d:12") == ("d", "12")


def test_a_time_and_a_day_are_named_to_the_minute_and_to_the_day() -> None:
    assert callback_data.timed(callback_data.TIME, datetime.fromisoformat("2026-01-25T14:30")) == "t:20260125T1430"
    assert callback_data.timed(callback_data.DAY, date(2026, 1, 25)) == "day:20260125"


def test_an_action_without_a_value_has_an_empty_one() -> None:
    assert callback_data.split(callback_data.BACK) == ("back", "")


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.5", "١٢", "²", " 1", "9" * 19, "1" * 20, str(2**63), "x"])
def test_only_ascii_digits_up_to_the_largest_that_is_stored_are_a_number(value: str) -> None:
    assert callback_data.number_in(value) is None


def test_digits_are_a_number() -> None:
    assert callback_data.number_in("007") == 7
    assert callback_data.number_in("738529527931269425") == 738529527931269425
    assert callback_data.number_in(str(2**63 - 1)) == 2**63 - 1


def test_no_two_actions_are_the_same_word() -> None:
    words = [value for name, value in vars(callback_data).items() if name.isupper() and isinstance(value, str)]
    assert len(words) == len(set(words))


def test_a_version_of_an_appointment_is_named_and_read_back() -> None:
    kind, value = callback_data.split(callback_data.versioned(callback_data.COMING, 12345, 3))
    assert (kind, callback_data.version_in(value)) == (callback_data.COMING, (12345, 3))
    for other in ("", "12345", "12345.", ".3", "12345.x", "1.2.3", "-1.2"):
        assert callback_data.version_in(other) is None


def test_an_offered_place_is_named_with_what_it_is_for_and_read_back() -> None:
    kind, value = callback_data.split(callback_data.offered(callback_data.TAKE_NEW, AT, 5, None))
    assert (kind, callback_data.offer_in(value, 2)) == (callback_data.TAKE_NEW, (AT, (5, 0)))
    others = ("", "5", "20260125T1430", "20260125T1430.", "20260125T1430.x", "20260125T1430.1.2", "2026-01-25T14:30.1")
    for other in (*others, "20260125T1430Z.1", "20261325T1430.1", ".1"):
        assert callback_data.offer_in(other, 1) is None


def test_the_longest_offer_fits_into_a_button() -> None:
    longest = callback_data.offered(callback_data.TAKE_NEW, AT, callback_data.LARGEST, callback_data.LARGEST)
    assert len(callback_data.encode(None, longest).encode()) <= 64
