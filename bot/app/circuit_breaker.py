"""A circuit breaker: an outage of a service is noticed once, and no more calls are made until it is over.

Closed, everything passes. It opens after `failures` outages in a row, of `span` different resources, and after a single
one that took a whole time limit while nothing else was answered. Open, nothing passes. When the pause is over it is
half-open, and one call is let through as a probe: if it is answered the breaker closes, if not the pause doubles (up to
`longest_pause`). Failures of calls that had started before it opened change nothing. Must not know what is called.
"""

import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.app.backoff import Backoff
from bot.app.reachability import ReachabilityLog


class CircuitBreaker:
    """Lets calls pass while the service is up.

    `now` returns seconds, and so are pauses. `jitter` gives numbers from 0 to 1, so that replicas do not probe in step.
    `log` is told when the breaker opens and when it closes.
    """

    def __init__(  # noqa: PLR0913 — settings, each with a default
        self,
        now: Callable[[], float],
        log: ReachabilityLog,
        *,
        failures: int = 5,
        span: int = 1,
        first_pause: float = 1.0,
        longest_pause: float = 60.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._now = now
        self._log = log
        self._allowed = failures
        self._span = span
        self._failing = set[str]()
        self._first = first_pause
        self._longest = longest_pause
        self._backoff = Backoff(first_pause, longest_pause, (0.5, 1.0), jitter)
        self._failed = 0
        self._answers = 0
        self._until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether the service counts as up."""
        return self._until is None

    @property
    def retry_after(self) -> float:
        """Seconds after which it makes sense to ask for another call."""
        return 0.0 if self._until is None else min(max(self._until - self._now(), self._first), self._longest)

    def enter(self) -> "Call | None":
        """Let one call pass; None: not now, see `retry_after`."""
        if self._until is None:
            return Call(self, self._answers, probe=False)
        # A clock set back must not lengthen the pause.
        if self._probing or 0 < self._until - self._now() <= self._longest:
            return None
        self._probing = True
        return Call(self, self._answers, probe=True)

    def _answered(self) -> None:
        self._answers += 1
        self._failed = 0
        self._backoff.reset()
        self._failing.clear()
        self._until = None
        self._log.succeeded()

    def _failure(self, what: str, why: str, answers: int, *, probe: bool, hung: bool) -> None:
        if self._until is None:
            self._failed += 1
            self._failing.add(what)
            in_a_row = self._failed >= self._allowed and len(self._failing) >= self._span
            if in_a_row or (hung and answers == self._answers):
                self._pause()
                self._log.failed(why)
        elif probe:
            self._pause()

    def _pause(self) -> None:
        self._until = self._now() + self._backoff.pause()

    def _leave(self) -> None:
        self._probing = False


class Call:
    """One admitted call, to be left by `leave` or `with`. Left without a report (cancelled), it changes nothing."""

    def __init__(self, breaker: CircuitBreaker, answers: int, *, probe: bool) -> None:
        self._breaker = breaker
        self._before = answers
        self._probe = probe

    @property
    def is_probe(self) -> bool:
        """Whether it is a probe."""
        return self._probe

    def answered(self) -> None:
        """Report any response."""
        self._breaker._answered()  # noqa: SLF001 — the two are one thing in two classes

    def weak_failure(self, what: str) -> None:
        """Note that the resource `what` fails, without counting an outage."""
        self._breaker._failing.add(what)  # noqa: SLF001 — as above

    def failed(self, why: str, what: str = "", *, hung: bool = False) -> None:
        """Report an outage of the resource `what`, `why` for the log; `hung`: it took its whole time limit."""
        self._breaker._failure(what, why, self._before, probe=self._probe, hung=hung)  # noqa: SLF001 — as above

    def leave(self) -> None:
        """The call is over. After a probe without a report, the next call is a probe."""
        if self._probe:
            self._breaker._leave()  # noqa: SLF001 — as above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.leave()
