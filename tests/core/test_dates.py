from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dates import is_night, morning_after, night_of, reaches_night, read_day, read_days, read_moment

TODAY = date(2026, 1, 20)
NOW = datetime.fromisoformat("2026-01-20T10:00")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("25/01/2026", "2026-01-25"),
        (" 25.1.26 ", "2026-01-25"),
        ("25-01-2026", "2026-01-25"),
        ("2026-1-25", "2026-01-25"),
        ("25/01", "2026-01-25"),
        ("20/1", "2026-01-20"),
        ("19/1", "2027-01-19"),
        ("29/02", "2028-02-29"),
    ],
)
def test_a_day_is_read_as_people_write_it_and_without_a_year_is_the_next_of_its_kind(text: str, day: str) -> None:
    assert read_day(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text", ["", "demain", "31/02/2026", "2026-13-01", "32/1", "1/1/1/1", "٢٥/٠١/٢٠٢٦", "25/01/202"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text, TODAY) is None


@pytest.mark.parametrize("between", [" - ", " – ", " à ", " au ", " to ", "–", "→", "…"])
def test_two_days_stand_for_all_between_them(between: str) -> None:
    assert read_days(f"25/01/2026{between}31/01/2026", TODAY) == (date(2026, 1, 25), date(2026, 1, 31))


def test_one_day_is_the_first_and_the_last() -> None:
    assert read_days("25/01", TODAY) == (date(2026, 1, 25), date(2026, 1, 25))


@pytest.mark.parametrize("text", ["31/01/2026 - 25/01/2026", "25/01 - 26/01 - 27/01", "25/01 - x", "x - 25/01", ""])
def test_days_that_run_backwards_or_are_none_are_not_read(text: str) -> None:
    assert read_days(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("25/01/2026 09:30", "2026-01-25T09:30"),
        ("25/01/2026, 9h", "2026-01-25T09:00"),
        ("25/01 à 9 h 30", "2026-01-25T09:30"),
        ("25/01 at 9h30", "2026-01-25T09:30"),
        ("2026-01-25 9H05", "2026-01-25T09:05"),
        ("11:15", "2026-01-20T11:15"),
        ("9h", "2026-01-21T09:00"),
        ("10:00", "2026-01-21T10:00"),
    ],
)
def test_a_moment_is_a_day_and_an_hour_and_an_hour_alone_is_the_next_of_its_kind(text: str, moment: str) -> None:
    assert read_moment(text, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text", ["", " ", "25/01/2026", "25/01/2026 x", "25/01/2026 25:00", "9", "9:75", "x 9h", "bientôt"]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert read_moment(text, NOW) is None


@pytest.mark.parametrize(
    ("hour", "night"), [("20:59", False), ("21:00", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_night_is_from_nine_to_seven(hour: str, night: bool) -> None:  # noqa: FBT001 — an example
    assert is_night(datetime.fromisoformat(f"2026-01-20T{hour}")) is night


@pytest.mark.parametrize(
    ("at", "morning"), [("2026-01-20T22:00", "2026-01-21T07:00"), ("2026-01-20T03:00", "2026-01-20T07:00")]
)
def test_a_night_ends_at_seven(at: str, morning: str) -> None:
    assert morning_after(datetime.fromisoformat(at)) == datetime.fromisoformat(morning)


def test_what_lasts_beyond_nine_reaches_the_night() -> None:
    evening = datetime.fromisoformat("2026-01-20T20:50")
    assert reaches_night(evening, 601)
    assert not reaches_night(evening, 600)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_not_and_never_raises(text: str) -> None:
    read_days(text, TODAY)
    read_moment(text, NOW)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001 — office time
def test_what_is_written_the_iso_way_is_read_back(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    assert read_moment(f"{at:%Y-%m-%d %H:%M}", NOW) == at
    assert is_night(at) == (morning_after(at).hour == 7 and not 7 <= at.hour < 21)


def test_a_night_is_known_by_the_morning_that_ends_it() -> None:
    assert night_of(NOW) is None
    assert night_of(NOW.replace(hour=22)) == night_of(NOW.replace(day=21, hour=3)) == NOW.replace(day=21, hour=7)
