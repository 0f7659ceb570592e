"""An outage is noticed once, reported at once, and probed with growing pauses."""

import pytest

from bot.app.circuit_breaker import Call, CircuitBreaker
from bot.app.reachability import ReachabilityLog

DOWN, UP = "the service cannot be reached: no route; trying again", "the service answers again"


class Clock:
    """Seconds, put forward by hand."""

    now = 1000.0

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class RecordedBreaker:
    """A breaker with its jitter at the longest, and its log."""

    def __init__(self, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        log = ReachabilityLog("the service", 1)
        self.breaker = CircuitBreaker(lambda: clock.now, log, failures=3, jitter=lambda: 1.0)

    @property
    def changes(self) -> list[str]:
        return self._caplog.messages

    def enter(self) -> Call:
        call = self.breaker.enter()
        assert call
        return call

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with self.enter() as call:
                call.failed("no route")

    def answer(self) -> None:
        with self.enter() as call:
            call.answered()

    def wait(self) -> float:
        assert self.breaker.enter() is None
        return self.breaker.retry_after


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watched(clock: Clock, caplog: pytest.LogCaptureFixture) -> RecordedBreaker:
    return RecordedBreaker(clock, caplog)


def test_the_breaker_opens_after_several_failures_in_a_row_and_logs_once(watched: RecordedBreaker) -> None:
    watched.fail(2)
    watched.answer()
    watched.fail(2)
    assert watched.changes == []
    watched.fail()
    assert not watched.breaker.closed
    assert watched.wait() == 1.0
    assert watched.changes == [DOWN]


def test_one_timeout_opens_the_breaker_unless_another_request_was_answered_meanwhile(
    watched: RecordedBreaker,
) -> None:
    with watched.enter() as slow:
        watched.answer()
        slow.failed("no route", hung=True)
    assert watched.breaker.closed
    with watched.enter() as dead:
        dead.failed("no route", hung=True)
    assert watched.changes == [DOWN]


def test_one_probe_is_admitted_after_the_pause(watched: RecordedBreaker, clock: Clock) -> None:
    watched.fail(3)
    clock.pass_(1)
    with watched.enter() as probe:
        watched.wait()
        probe.answered()
    assert watched.breaker.closed
    assert watched.changes == [DOWN, UP]


def test_the_pause_doubles_up_to_a_minute_and_the_log_stays_quiet(watched: RecordedBreaker, clock: Clock) -> None:
    watched.fail(3)
    pauses = []
    for _ in range(9):
        pauses.append(watched.wait())
        clock.pass_(pauses[-1])
        watched.fail()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert watched.changes == [DOWN]


def test_the_pause_is_short_again_after_a_recovery(watched: RecordedBreaker, clock: Clock) -> None:
    watched.fail(3)
    clock.pass_(1)
    watched.fail()
    clock.pass_(2)
    watched.answer()
    watched.fail(3)
    assert watched.wait() == 1


def test_a_cancelled_probe_changes_nothing(watched: RecordedBreaker, clock: Clock) -> None:
    watched.fail(3)
    clock.pass_(1)
    with watched.enter():
        pass
    watched.answer()
    assert watched.breaker.closed


def test_failures_of_earlier_requests_do_not_lengthen_the_pause(watched: RecordedBreaker) -> None:
    early = [watched.enter() for _ in range(10)]
    for call in early:
        with call:
            call.failed("no route")
    assert watched.wait() == 1
    assert watched.changes == [DOWN]


def test_a_late_response_to_an_earlier_request_closes_the_breaker(watched: RecordedBreaker) -> None:
    early = watched.enter()
    watched.fail(3)
    with early:
        early.answered()
    assert watched.breaker.closed


def test_a_clock_set_back_does_not_lengthen_the_pause(watched: RecordedBreaker, clock: Clock) -> None:
    watched.fail(3)
    clock.pass_(-86_400)
    assert watched.breaker.retry_after == 60
    watched.answer()
    assert watched.breaker.closed
