"""Times are read in every form that services send, and sent in that of the contract."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.moncreneau.schemas import clock_time, from_when, office_date, office_time, sent

CONAKRY, PARIS = ZoneInfo("Africa/Conakry"), ZoneInfo("Europe/Paris")
AT = datetime(2026, 1, 25, 14, 30)  # noqa: DTZ001 — office time is naive


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-25T14:30:00",
        "2026-01-25T14:30",
        "2026-01-25 14:30:00",
        "2026-01-25T14:30:00Z",
        "2026-01-25T14:30:00.123456789",
        "2026-01-25T16:30:00+02:00",
        "2026-01-25T14:30:00Z[Africa/Conakry]",
        " 2026-01-25T14:30:00 ",
        [2026, 1, 25, 14, 30],
        1769351400,
        1769351400000,
        "1769351400000",
        1769351400000.0,
        [2026, 1, 25, 14, 30, 0, 5],
    ],
)
def test_a_time_is_read_in_every_known_shape(text: Any) -> None:
    assert office_time(text, CONAKRY) == AT


def test_an_offset_is_converted_to_the_offices_zone() -> None:
    assert office_time("2026-01-25T13:30:00Z", PARIS) == AT


@pytest.mark.parametrize(
    "value",
    ["", "soon", "2026-01-25", "2026-02-30T10:00:00", "9999-12-31T23:59:59-12:00", 5, None, [2026], ["a"] * 6, {}],
)
def test_an_invalid_time_is_none(value: Any) -> None:
    assert office_time(value, PARIS) is None


def test_dates_and_times_of_day_are_read_alone_too() -> None:
    assert [office_date(text) for text in ("2026-01-25", "2026-01-25T00:00:00", "x", 7)] == [date(2026, 1, 25)] * 2 + [
        None
    ] * 2
    assert [clock_time(text) for text in ("9:30", "09:30:00", "09:30:15.5", "25:00", "9", 930)] == [
        time(9, 30),
        time(9, 30),
        time(9, 30, 15),
        None,
        None,
        None,
    ]


def test_a_time_is_sent_as_the_contract_has_it() -> None:
    assert sent(AT.replace(microsecond=7)) == "2026-01-25T14:30:00"


@pytest.mark.parametrize(
    ("wait", "said"),
    [(None, None), (59.9, None), (60, (15, 32)), (90.5, (15, 33)), (1740, (16, 0)), (1741, (16, 0)), (1742, (16, 1))],
)
def test_a_wait_is_told_as_the_first_full_minute_after_it(wait: float | None, said: tuple[int, int] | None) -> None:
    at = from_when(datetime(2026, 1, 25, 14, 31, 0, tzinfo=UTC), wait, PARIS)
    assert at == (said and datetime(2026, 1, 25, *said))  # noqa: DTZ001 — office time is naive
