"""One line in the log when a service stops working, one when it works again, none for single failures."""

import pytest

from bot.app.reachability import ReachabilityLog


def test_each_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reachability = ReachabilityLog("Telegram")
    for _ in range(10):
        reachability.failed("connect")
    reachability.succeeded()
    reachability.succeeded()
    assert [record.getMessage() for record in caplog.records] == [
        "Telegram cannot be reached: connect; trying again",
        "Telegram answers again",
    ]


def test_a_few_failures_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    reachability = ReachabilityLog("Telegram", failures=3)
    for _ in range(5):
        reachability.failed("connect")
        reachability.failed("connect")
        reachability.succeeded()
    assert caplog.records == []
    assert reachability.is_up


def test_the_log_line_names_the_service(caplog: pytest.LogCaptureFixture) -> None:
    reachability = ReachabilityLog("the database", failures=1, down="cannot be written", up="can be written again")
    reachability.failed("disk full")
    reachability.succeeded()
    assert caplog.messages == [
        "the database cannot be written: disk full; trying again",
        "the database can be written again",
    ]
