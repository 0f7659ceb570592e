"""The figures that the health report derives from others."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.health import ApiHealth, BotIssue, HealthReport, OperatorIssue
from bot.core.model import FailureCode

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def condition(requests: int = 0, booked: int = 0) -> HealthReport:
    return HealthReport(
        at=NOW,
        since=NOW - timedelta(hours=2),
        api=ApiHealth(reachable=True),
        requests_today=requests,
        booked_today=booked,
        inbox=0,
        outbox=0,
        attempts=0,
        set_aside=0,
        telegram=True,
        database=True,
    )


def test_requests_per_booking_are_known_once_there_is_a_booking() -> None:
    assert condition(3).per_booking is None
    assert condition(3, 2).per_booking == 1.5


def test_the_hit_rate_is_known_once_something_was_read() -> None:
    assert ApiHealth(reachable=True).hit_rate is None
    assert ApiHealth(reachable=True, hits=3, misses=1).hit_rate == 0.75


def test_the_uptime_counts_from_the_start() -> None:
    assert condition().uptime == timedelta(hours=2)


def test_lost_races_are_counted_for_each_booking_once_there_is_one() -> None:
    assert ApiHealth(reachable=True, lost_races=1).lost_races_per_booking is None
    assert ApiHealth(reachable=True, lost_races=1, booked=4).lost_races_per_booking == 0.25


@pytest.mark.parametrize(
    ("issue", "key"),
    [
        (OperatorIssue(FailureCode.OUT_OF_CREDITS), "out_of_credits"),
        (OperatorIssue(FailureCode.NO_ACCESS, 5), "no_access.5"),
        (OperatorIssue(BotIssue.LATE_UPDATES), "late_updates"),
    ],
)
def test_an_issue_is_stored_by_its_key(issue: OperatorIssue, key: str) -> None:
    assert issue.key == key
    assert OperatorIssue.of(key) == issue


@pytest.mark.parametrize("key", ["", "rain", "no_access.five"])
def test_another_word_is_no_issue(key: str) -> None:
    with pytest.raises(ValueError, match="valid"):
        OperatorIssue.of(key)
