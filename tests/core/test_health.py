"""The figures that the health report derives from others."""

from datetime import UTC, datetime, timedelta

from bot.core.health import ApiHealth, HealthReport

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
