"""Each thing that is read has a breaker of its own."""

import pytest

from bot.moncreneau.circuit_breaker import ResourceBreakers, resource
from tests.moncreneau.support import StillClock


def test_departments_are_apart_and_single_appointments_are_one() -> None:
    assert resource("departments/5/availability") != resource("departments/8/availability")
    assert resource("appointments/5") == resource("appointments/8") != resource("appointments")


def test_going_and_coming_is_one_line_each(clock: StillClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    breaker = ResourceBreakers(clock).of("departments/5/availability")
    for _ in range(5):
        with breaker.enter() as passage:
            passage.failed()
    clock.pass_(60)
    with breaker.enter() as passage:
        passage.answered()
    assert [record.message for record in caplog.records] == [
        "at departments/5/availability the moncreneau API does not answer; asking there now and then",
        "at departments/5/availability the moncreneau API answers, too",
    ]
