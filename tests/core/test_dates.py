from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dates import (
    is_night,
    morning_after,
    night_of,
    reaches_night,
    read_day,
    read_days,
    read_hour,
    read_moment,
    read_when,
)

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
        ("2/12", "2026-12-02"),
        ("Aujourd’hui", "2026-01-20"),
        ("DEMAIN", "2026-01-21"),
        ("tomorrow", "2026-01-21"),
        ("après-demain", "2026-01-22"),
        ("vendredi", "2026-01-23"),
        ("Monday", "2026-01-26"),
        ("mardi", "2026-01-27"),
        ("1er décembre", "2026-12-01"),
        ("25 janv. 2027", "2027-01-25"),
        ("vendredi 27 novembre", "2026-11-27"),
        ("2nd March", "2026-03-02"),
        ("March 2nd", "2026-03-02"),
        ("December 2 2027", "2027-12-02"),
        ("ven.", "2026-01-23"),
        ("Tues", "2026-01-27"),
        ("lundi prochain", "2026-01-26"),
        ("next friday", "2026-01-23"),
    ],
)
def test_a_day_without_a_year_is_the_next_such_day(text: str, day: str) -> None:
    assert read_day(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bientot",
        "31 février",
        "3 brumaire",
        "31/02/2026",
        "2026-13-01",
        "32/1",
        "1/1/1/1",
        "٢٥/٠١/٢٠٢٦",
        "25/01/202",
    ],
)
def test_an_invalid_day_is_none(text: str) -> None:
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
        ("demain 10h", "2026-01-21T10:00"),
        ("demain à 10 h 30", "2026-01-21T10:30"),
        ("27 novembre à 8h", "2026-11-27T08:00"),
        ("11:15", "2026-01-20T11:15"),
        ("9h", "2026-01-21T09:00"),
        ("10:00", "2026-01-21T10:00"),
        ("à 11h", "2026-01-20T11:00"),
        ("vers 11 heures", "2026-01-20T11:00"),
        ("11 heures 30", "2026-01-20T11:30"),
        ("midi", "2026-01-20T12:00"),
        ("2pm", "2026-01-20T14:00"),
        ("12 am", "2026-01-21T00:00"),
        ("demain à 10", "2026-01-21T10:00"),
        ("tomorrow at 2.30 p.m.", "2026-01-21T14:30"),
        ("vendredi prochain, 9h", "2026-01-23T09:00"),
        ("demain matin à 9h", "2026-01-21T09:00"),
    ],
)
def test_a_moment_is_a_day_and_an_hour_and_an_hour_alone_is_the_next_of_its_kind(text: str, moment: str) -> None:
    assert read_moment(text, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text", ["", " ", "25/01/2026", "25/01/2026 x", "25/01/2026 25:00", "9", "9:75", "x 9h", "bientôt", "13pm", "matin"]
)
def test_an_invalid_moment_is_none(text: str) -> None:
    assert read_moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("demain", date(2026, 1, 21), None),
        ("10h", None, time(10)),
        ("2/12 à 9h30", date(2026, 12, 2), time(9, 30)),
        ("25h", None, None),
        ("demain 25h", None, None),
        ("bonjour 10h", None, None),
        ("", None, None),
    ],
)
def test_a_day_and_an_hour_are_read_apart(text: str, day: date | None, hour: time | None) -> None:
    assert read_when(text, NOW) == (day, hour)


@pytest.mark.parametrize(
    ("text", "hour"), [("10", time(10)), (" 9h ", time(9)), ("24", None), ("dix", None), ("", None)]
)
def test_a_number_alone_is_an_hour_if_an_hour_is_asked_for(text: str, hour: time | None) -> None:
    assert read_hour(text) == hour


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


def test_a_broadcast_that_lasts_beyond_nine_reaches_the_night() -> None:
    evening = datetime.fromisoformat("2026-01-20T20:50")
    assert reaches_night(evening, 601)
    assert not reaches_night(evening, 600)


@given(st.text(max_size=30))
def test_reading_typed_dates_never_raises(text: str) -> None:
    read_days(text, TODAY)
    read_moment(text, NOW)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001 — office time
def test_iso_dates_are_read_back(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    assert read_moment(f"{at:%Y-%m-%d %H:%M}", NOW) == at
    assert is_night(at) == (morning_after(at).hour == 7 and not 7 <= at.hour < 21)


def test_a_night_is_known_by_the_morning_that_ends_it() -> None:
    assert night_of(NOW) is None
    assert night_of(NOW.replace(hour=22)) == night_of(NOW.replace(day=21, hour=3)) == NOW.replace(day=21, hour=7)
