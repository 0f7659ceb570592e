"""Rate limit headers are used where their values are possible."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moncreneau.quota import Limits, clock_gap, limits, retry_after

NOW = 1_642_432_000.0


def test_the_quick_starts_own_example_is_read() -> None:
    headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "987", "X-RateLimit-Reset": "1642435200"}
    assert limits(headers, NOW) == Limits(1000, 987, 1_642_435_200)


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "read"),
    [
        ("", "", "", Limits(None, None, None)),
        ("many", "few", "soon", Limits(None, None, None)),
        ("0", "5", "-1", Limits(None, None, None)),
        ("1000", "-3", "1642435200", Limits(1000, 0, 1_642_435_200)),
        ("1000", "5000", "1642435200000", Limits(1000, 1000, 1_642_435_200)),
        ("1000.0", "1e2", "3600", Limits(1000, 100, NOW + 3600)),
        ("nan", "inf", "nan", Limits(None, None, None)),
    ],
)
def test_impossible_header_values_count_as_missing(limit: str, remaining: str, reset: str, read: Limits) -> None:
    headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}
    assert limits(headers, NOW) == read


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("-5", 0),
        ("7200", 7200),
        ("999999", 86_400),
        ("Mon, 17 Jan 2022 15:07:00 GMT", 20),
        ("Mon, 17 Jan 2022 18:07:00 GMT", 3 * 3600 + 20),
        ("later", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_a_day_at_most(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [("0", "600", 600), ("0", "7200", 3600), ("5", "600", None), ("0", "soon", None), ("0", "1642431000", None)],
)
def test_without_retry_after_the_reset_counts_if_nothing_is_left(
    remaining: str, reset: str, seconds: float | None
) -> None:
    headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}
    assert retry_after(headers, NOW) == seconds
    assert retry_after(headers | {"Retry-After": "30"}, NOW) == 30


@given(st.text(), st.text(), st.text(), st.text())
def test_no_header_value_raises(limit: str, remaining: str, reset: str, wait: str) -> None:
    headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}
    limits(headers, NOW)
    retry_after({"Retry-After": wait}, NOW)


def test_the_clock_gap_is_read_from_the_date_header() -> None:
    at = datetime(2026, 1, 21, 10, 0, 30, tzinfo=UTC).timestamp()
    assert clock_gap({"Date": "Wed, 21 Jan 2026 10:02:00 GMT"}, at) == 90
    assert clock_gap({"Date": "tomorrow"}, at) is None
    assert clock_gap({}, at) is None
