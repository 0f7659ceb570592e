"""Reads and writes have circuit breakers of their own, and each change is one line in the log."""

import logging

import pytest

from bot.moncreneau.circuit_breaker import Breakers, CircuitBreaker
from tests.moncreneau.support import StillClock


def fail(breaker: CircuitBreaker) -> None:
    with breaker.enter() as passage:
        passage.failed(hung=True)


def answer(breaker: CircuitBreaker) -> None:
    with breaker.enter() as passage:
        passage.answered()


def test_each_change_is_one_line_in_the_log(clock: StillClock, caplog: pytest.LogCaptureFixture) -> None:
    breakers = Breakers(clock)
    with caplog.at_level(logging.INFO):
        fail(breakers.writes)
        assert breakers.up()
        fail(breakers.everything)
        assert not breakers.up()
        clock.pass_(60)
        answer(breakers.everything)
        answer(breakers.writes)
    assert breakers.up()
    assert [record.getMessage() for record in caplog.records] == [
        "the moncreneau API neither books nor cancels; trying now and then until it does",
        "the moncreneau API does not answer; probing it until it does",
        "the moncreneau API answers again",
        "the moncreneau API books and cancels again",
    ]
