"""The policy of how old slots may be, by example, from a calm hour to one that is used up."""

import pytest

from bot.moncreneau.freshness import LONGEST, RATE_SPAN, SHORTEST, SHORTEST_CONTESTED, RequestHour, slot_age

HOUR = 3600.0


def test_in_a_calm_hour_slots_are_seconds_old() -> None:
    assert slot_age(RequestHour(900, HOUR, writes=0), 1, contested=False) == SHORTEST
    assert slot_age(RequestHour(900, HOUR, writes=0), 2, contested=True) == SHORTEST_CONTESTED


@pytest.mark.parametrize("contested", [True, False])
def test_a_quota_that_is_not_told_is_not_used_up(*, contested: bool) -> None:
    assert slot_age(None, 1, contested=contested) == SHORTEST
    assert slot_age(None, 100, contested=contested) == 100 * HOUR / 500


def test_departments_share_the_spare_requests_evenly_until_the_reset() -> None:
    assert slot_age(RequestHour(600, HOUR, writes=0), 8, contested=False) == 8 * HOUR / 600


def test_expected_writes_are_not_spare() -> None:
    ten_a_minute = RequestHour(700, HOUR, writes=50)
    assert slot_age(ten_a_minute, 2, contested=False) == 2 * HOUR / (700 - 600)
    assert slot_age(RequestHour(500, HOUR, writes=50), 2, contested=False) == LONGEST


def test_a_contested_department_may_use_the_spare_requests_within_minutes() -> None:
    rush = RequestHour(600, HOUR, writes=200)
    assert slot_age(rush, 4, contested=False) == LONGEST
    assert slot_age(rush, 4, contested=True) == 4 * RATE_SPAN / (600 - 200)


def test_without_spare_requests_slots_are_read_every_fifteen_minutes() -> None:
    for contested in (True, False):
        assert slot_age(RequestHour(0, HOUR, writes=0), 1, contested=contested) == LONGEST


@pytest.mark.parametrize("contested", [True, False])
def test_readings_slow_down_smoothly_as_the_quota_is_used_up(*, contested: bool) -> None:
    ages = [slot_age(RequestHour(left, HOUR, writes=30), 3, contested=contested) for left in range(900, -1, -1)]
    assert ages == sorted(ages)


def test_the_remaining_requests_may_be_spent_shortly_before_the_reset() -> None:
    assert slot_age(RequestHour(20, 30.0, writes=10), 2, contested=False) == SHORTEST
