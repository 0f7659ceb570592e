"""So many times an hour for each key."""

import pytest

from bot.app import hourly_limiter
from bot.app.hourly_limiter import HourlyLimiter
from tests.moncreneau.support import StillClock


def test_after_so_many_times_the_key_waits_until_the_first_is_an_hour_ago() -> None:
    clock = StillClock()
    limiter = HourlyLimiter[str](2, lambda: clock.unix)
    for _ in range(2):
        assert limiter.wait("a") == 0
        limiter.count("a")
        clock.pass_(10)
    assert limiter.wait("a") == 3580
    assert limiter.wait("b") == 0
    clock.pass_(3580)
    assert limiter.wait("a") == 0


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    clock = StillClock()
    limiter = HourlyLimiter[str](1, lambda: clock.unix)
    limiter.count("a")
    clock.pass_(-7200)
    assert limiter.wait("a") == 0


def test_the_least_recently_used_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly_limiter, "MANY", 1)
    limiter = HourlyLimiter[str](1, lambda: 0.0)
    limiter.count("a")
    limiter.count("b")
    assert (limiter.wait("a"), limiter.wait("b")) == (0, 3600)
