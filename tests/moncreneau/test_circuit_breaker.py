"""An outage is noticed once, reported at once, and probed with growing pauses."""

import pytest

from bot.app.ports import WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau.circuit_breaker import CircuitBreaker
from bot.moncreneau.errors import CircuitOpen
from tests.moncreneau.support import StillClock


class RecordedBreaker:
    """A breaker whose changes are recorded; its jitter is at the longest."""

    def __init__(self, clock: StillClock) -> None:
        self.changes: list[bool] = []
        self.breaker = CircuitBreaker(clock, failures=3, jitter=lambda: 1.0, on_change=self.changes.append)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with self.breaker.enter() as passage:
                passage.failed()

    def answer(self) -> None:
        with self.breaker.enter() as passage:
            passage.answered()

    def wait(self) -> float:
        with pytest.raises(CircuitOpen) as caught:
            self.breaker.enter()
        assert caught.value.outcome is WriteOutcome.NOT_SENT
        assert caught.value.failure.code is FailureCode.DOWN
        assert caught.value.retry_after is not None
        return caught.value.retry_after


@pytest.fixture
def watched(clock: StillClock) -> RecordedBreaker:
    return RecordedBreaker(clock)


def test_the_breaker_opens_after_several_failures_in_a_row_and_logs_once(watched: RecordedBreaker) -> None:
    watched.fail(2)
    watched.answer()
    watched.fail(2)
    assert watched.changes == []
    watched.fail()
    assert not watched.breaker.closed
    assert watched.wait() == 1.0
    assert watched.changes == [False]


def test_one_timeout_opens_the_breaker_unless_another_request_was_answered_meanwhile(
    watched: RecordedBreaker,
) -> None:
    with watched.breaker.enter() as slow:
        watched.answer()
        slow.failed(hung=True)
    assert watched.breaker.closed
    with watched.breaker.enter() as dead:
        dead.failed(hung=True)
    assert watched.changes == [False]


def test_one_probe_is_admitted_after_the_pause(watched: RecordedBreaker, clock: StillClock) -> None:
    watched.fail(3)
    clock.pass_(1)
    with watched.breaker.enter() as probe:
        watched.wait()
        probe.answered()
    assert watched.breaker.closed
    assert watched.changes == [False, True]


def test_the_pause_doubles_up_to_a_minute_and_the_log_stays_quiet(watched: RecordedBreaker, clock: StillClock) -> None:
    watched.fail(3)
    pauses = []
    for _ in range(9):
        pauses.append(watched.wait())
        clock.pass_(pauses[-1])
        watched.fail()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert watched.changes == [False]


def test_the_pause_is_short_again_after_a_recovery(watched: RecordedBreaker, clock: StillClock) -> None:
    watched.fail(3)
    clock.pass_(1)
    watched.fail()
    clock.pass_(2)
    watched.answer()
    watched.fail(3)
    assert watched.wait() == 1


def test_a_cancelled_probe_changes_nothing(watched: RecordedBreaker, clock: StillClock) -> None:
    watched.fail(3)
    clock.pass_(1)
    with watched.breaker.enter():
        pass
    watched.answer()
    assert watched.breaker.closed


def test_failures_of_earlier_requests_do_not_lengthen_the_pause(watched: RecordedBreaker) -> None:
    early = [watched.breaker.enter() for _ in range(10)]
    for passage in early:
        with passage:
            passage.failed()
    assert watched.wait() == 1
    assert watched.changes == [False]


def test_a_late_response_to_an_earlier_request_closes_the_breaker(watched: RecordedBreaker) -> None:
    early = watched.breaker.enter()
    watched.fail(3)
    with early:
        early.answered()
    assert watched.breaker.closed


def test_a_clock_set_back_does_not_lengthen_the_pause(watched: RecordedBreaker, clock: StillClock) -> None:
    watched.fail(3)
    clock.pass_(-86_400)
    watched.answer()
    assert watched.breaker.closed
