"""Reads and writes have circuit breakers of their own, and each change is one line in the log."""

import pytest

from bot.app.circuit_breaker import CircuitBreaker
from bot.moncreneau.breakers import Breakers
from tests.moncreneau.support import StillClock


def fail(breaker: CircuitBreaker) -> None:
    call = breaker.enter()
    assert call
    with call:
        call.failed("TimedOut", hung=True)


def answer(breaker: CircuitBreaker) -> None:
    call = breaker.enter()
    assert call
    with call:
        call.answered()


def test_each_change_is_one_line_in_the_log(clock: StillClock, caplog: pytest.LogCaptureFixture) -> None:
    breakers = Breakers(lambda: clock.unix)
    fail(breakers.writes)
    assert breakers.up()
    fail(breakers.everything)
    assert not breakers.up()
    clock.pass_(60)
    answer(breakers.everything)
    answer(breakers.writes)
    assert breakers.up()
    assert [record.getMessage() for record in caplog.records] == [
        "the moncreneau API neither books nor cancels: TimedOut; trying again",
        "the moncreneau API does not answer: TimedOut; trying again",
        "the moncreneau API answers again",
        "the moncreneau API books and cancels again",
    ]
