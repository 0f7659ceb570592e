"""Copies grow older as the hour fills, and never older than they may."""

import pytest

from bot.moncreneau.cache_policy import department_ages, slot_ages
from bot.moncreneau.quota import Quota, RequestKind
from tests.moncreneau.support import START, StillClock, budget_headers


def after(minutes: float, used: int, clock: StillClock) -> Quota:
    quota = Quota(clock)
    clock.at = START
    clock.pass_(minutes * 60)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(200, budget_headers(1000 - used))
    return quota


def test_a_copy_is_a_minute_old_at_most_when_nobody_told_a_limit(clock: StillClock) -> None:
    ages = slot_ages(Quota(clock), 5, clock.unix)
    assert (ages.fresh, ages.stale) == (45, 60), "renewed behind somebody's back a little before"


@pytest.mark.parametrize(
    ("minutes", "used", "windows", "fresh"),
    [
        (30, 10, 3, 45),  # a quiet hour
        (30, 170, 1, 360),  # 340 an hour: one office every six minutes
        (30, 170, 2, 720),  # two offices every twelve
        (30, 170, 40, 900),
        (30, 950, 1, 900),  # only the reserve is left
        (0, 2, 3, 45),  # a new window is not judged by its first seconds
    ],
)
def test_the_fuller_the_hour_the_longer_a_copy_serves(
    minutes: float, used: int, windows: int, fresh: float, clock: StillClock
) -> None:
    ages = slot_ages(after(minutes, used, clock), windows, clock.unix)
    assert ages.fresh == pytest.approx(fresh)
    assert ages.fresh <= ages.stale <= 900 < ages.last == 1800


def test_departments_are_read_every_five_minutes_or_twenty_in_busy_hours(clock: StillClock) -> None:
    quiet = department_ages(after(30, 10, clock), clock.unix)
    busy = department_ages(after(30, 170, clock), clock.unix)
    assert (quiet.fresh, busy.fresh, busy.last) == (300, 1200, 86_400)


def rush(clock: StillClock) -> Quota:
    """Nearly an hour in which 400 of 1000 requests were ours."""
    clock.at = START
    quota = Quota(clock)
    for used in range(1, 401):
        clock.pass_(59 * 60 / 400)
        with quota.spend(RequestKind.WRITE) as spending:
            spending.answered(200, budget_headers(1000 - used))
    return quota


def test_a_rush_does_not_end_because_the_service_begins_to_count_anew(clock: StillClock) -> None:
    quota = rush(clock)
    busy = slot_ages(quota, 1, clock.unix).fresh
    clock.pass_(120)
    assert quota.remaining == 1000, "a new window"
    assert slot_ages(quota, 1, clock.unix).fresh == busy
    clock.pass_(900)
    assert slot_ages(quota, 1, clock.unix).fresh == 45, "nobody came any more"


def test_a_new_window_that_an_answer_tells_of_is_compared_with_the_one_before_too(clock: StillClock) -> None:
    quota = rush(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(200, budget_headers(999, reset=START.timestamp() + 7200))
    assert quota.used_before == pytest.approx(0.4, abs=0.01)
    clock.pass_(3 * 3600)
    assert quota.remaining == 1000
    assert quota.used_before == 0, "that is long ago"


def test_a_service_that_turns_us_away_for_a_second_is_no_rush(clock: StillClock) -> None:
    quota = after(30, 10, clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "1", **budget_headers(0, reset=clock.unix + 1)})
    clock.pass_(2)
    assert slot_ages(quota, 1, clock.unix).fresh == 45
