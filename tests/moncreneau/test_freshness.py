"""How old slots may be: the policy by example, from a calm hour to one that is used up."""

import pytest

from bot.moncreneau.freshness import LONGEST, RATE_SPAN, SHORTEST, SHORTEST_CONTESTED, RequestHour, slot_age

HOUR = 3600.0


def test_in_a_calm_hour_slots_are_seconds_old() -> None:
    assert slot_age(RequestHour(900, HOUR, writes=0), 1, contested=False) == SHORTEST
    assert slot_age(RequestHour(900, HOUR, writes=0), 2, contested=True) == SHORTEST_CONTESTED


def test_before_the_first_response_nothing_is_limited() -> None:
    assert slot_age(None, 100, contested=False) == SHORTEST
    assert slot_age(None, 100, contested=True) == SHORTEST_CONTESTED


def test_the_windows_share_what_is_to_spare_evenly_until_the_reset() -> None:
    assert slot_age(RequestHour(600, HOUR, writes=0), 8, contested=False) == 8 * HOUR / 600


def test_writes_to_expect_come_first() -> None:
    ten_a_minute = RequestHour(700, HOUR, writes=50)
    assert slot_age(ten_a_minute, 2, contested=False) == 2 * HOUR / (700 - 600)
    assert slot_age(RequestHour(500, HOUR, writes=50), 2, contested=False) == LONGEST


def test_a_contested_window_may_use_within_minutes_what_is_to_spare() -> None:
    rush = RequestHour(600, HOUR, writes=200)
    assert slot_age(rush, 4, contested=False) == LONGEST
    assert slot_age(rush, 4, contested=True) == 4 * RATE_SPAN / (600 - 200)


def test_where_nothing_is_to_spare_slots_are_read_every_quarter_of_an_hour_at_most() -> None:
    for contested in (True, False):
        assert slot_age(RequestHour(0, HOUR, writes=0), 1, contested=contested) == LONGEST


@pytest.mark.parametrize("contested", [True, False])
def test_it_slows_down_smoothly_as_the_hour_is_used_up(*, contested: bool) -> None:
    ages = [slot_age(RequestHour(left, HOUR, writes=30), 3, contested=contested) for left in range(900, -1, -1)]
    assert ages == sorted(ages)


def test_shortly_before_the_reset_what_is_left_may_be_spent() -> None:
    assert slot_age(RequestHour(20, 30.0, writes=10), 2, contested=False) == SHORTEST
