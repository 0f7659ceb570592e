"""One line when a service goes away, one when it is back, none for what passes."""

import pytest

from bot.app.reachability import ReachabilityLog


def test_it_is_said_once_when_it_goes_and_once_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    weather = ReachabilityLog("Telegram")
    for _ in range(10):
        weather.bad("connect")
    weather.good()
    weather.good()
    assert [record.getMessage() for record in caplog.records] == [
        "Telegram cannot be reached: connect; trying again until it answers",
        "Telegram answers again",
    ]


def test_a_stumble_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    weather = ReachabilityLog("Telegram", patience=3)
    for _ in range(5):
        weather.bad("connect")
        weather.bad("connect")
        weather.good()
    assert caplog.records == []
    assert weather.fine
