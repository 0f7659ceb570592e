"""One line in the log for each change, and those who wait hear of it."""

import logging

import pytest

from bot.moncreneau.circuit_breaker import Breaker, Outages
from tests.moncreneau.support import StillClock


def fail(breaker: Breaker) -> None:
    with breaker.enter() as passage:
        passage.failed(hung=True)


def answer(breaker: Breaker) -> None:
    with breaker.enter() as passage:
        passage.answered()


def test_each_change_is_one_line_and_whoever_waits_is_called_off(
    clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []
    outages = Outages(clock, lambda: called.append("down"))
    with caplog.at_level(logging.INFO):
        fail(outages.writes)
        assert outages.up()
        assert called == []
        fail(outages.everything)
        assert not outages.up()
        clock.pass_(60)
        answer(outages.everything)
        answer(outages.writes)
    assert outages.up()
    assert called == ["down"]
    assert [record.getMessage() for record in caplog.records] == [
        "the moncreneau API neither books nor cancels; trying now and then until it does",
        "the moncreneau API does not answer; probing it until it does",
        "the moncreneau API answers again",
        "the moncreneau API books and cancels again",
    ]
