"""A circuit breaker: an API that is down is noticed once, and requests then fail at once. Must not know what is asked.

Closed, everything passes. It opens after `failures` outages in a row, of `span` different resources, and after a single
one that took a whole time limit while nothing else was answered. Open, requests fail at once with `CircuitOpen`. When
the pause is over one request is let through as a probe: if it is answered the breaker closes, if not the pause doubles
(up to `longest_pause`). Failures of requests that had started before it opened change nothing.
"""

import logging
import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.app.backoff import Backoff
from bot.app.ports import Clock
from bot.moncreneau.errors import CircuitOpen


class CircuitBreaker:
    """Lets requests pass while the service is up.

    Pauses are in seconds. `jitter` gives numbers from 0 to 1, so that replicas do not probe in step. `on_change` is
    called with True when the service is up again and False when it is down: once a change, not once a try.
    """

    def __init__(  # noqa: PLR0913 — settings, each with a default
        self,
        clock: Clock,
        *,
        failures: int = 5,
        span: int = 1,
        first_pause: float = 1.0,
        longest_pause: float = 60.0,
        jitter: Callable[[], float] = random.random,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        self._clock = clock
        self._allowed = failures
        self._span = span
        self._failing = set[str]()
        self._first = first_pause
        self._longest = longest_pause
        self._backoff = Backoff(first_pause, longest_pause, (0.5, 1.0), jitter)
        self._on_change = on_change or (lambda _up: None)
        self._failed = 0
        self._answers = 0
        self._until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether the service counts as up."""
        return self._until is None

    def enter(self) -> "Call":
        """Let one request pass. Raises `CircuitOpen` with the seconds after which asking again makes sense."""
        if self._until is None:
            return Call(self, self._answers, probe=False)
        wait = self._until - self._clock().timestamp()
        if self._probing or 0 < wait <= self._longest:  # a clock set back must not lengthen the pause
            raise CircuitOpen(retry_after=max(wait, self._first))
        self._probing = True
        return Call(self, self._answers, probe=True)

    def _answered(self) -> None:
        self._answers += 1
        self._failed = 0
        self._backoff.reset()
        self._failing.clear()
        if self._until is not None:
            self._until = None
            self._on_change(True)  # noqa: FBT003 — a callback's only argument

    def _failure(self, what: str, answers: int, *, probe: bool, hung: bool) -> None:
        if self._until is None:
            self._failed += 1
            self._failing.add(what)
            in_a_row = self._failed >= self._allowed and len(self._failing) >= self._span
            if in_a_row or (hung and answers == self._answers):
                self._pause()
                self._on_change(False)  # noqa: FBT003 — a callback's only argument
        elif probe:
            self._pause()

    def _pause(self) -> None:
        self._until = self._clock().timestamp() + self._backoff.pause()

    def _leave(self, *, probe: bool) -> None:
        if probe:
            self._probing = False


class Call:
    """One admitted request. If the `with` block ends without a report (cancelled), the breaker does not change."""

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

    def failed(self, what: str = "", *, hung: bool = False) -> None:
        """Report an outage of the resource `what`; `hung` if the request waited for its whole time limit."""
        self._breaker._failure(what, self._before, probe=self._probe, hung=hung)  # noqa: SLF001 — as above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._breaker._leave(probe=self._probe)  # noqa: SLF001 — as above


_log = logging.getLogger(__name__)


class Breakers:
    """One circuit breaker for all requests, and one for writes: reads may work while writes fail."""

    def __init__(self, clock: Clock) -> None:
        self.everything = CircuitBreaker(clock, span=2, on_change=self._turned)
        # A write that probes may be carried out although it fails, and then costs lookups. So it is rarer.
        self.writes = CircuitBreaker(clock, longest_pause=120.0, on_change=self._turned_for_writes)

    def up(self) -> bool:
        """Whether the service counts as up."""
        return self.everything.closed

    def _turned(self, up: bool) -> None:  # noqa: FBT001 — the breaker's callback
        if up:
            _log.info("the moncreneau API answers again")
        else:
            _log.warning("the moncreneau API does not answer; probing it until it does")

    def _turned_for_writes(self, up: bool) -> None:  # noqa: FBT001 — as above
        if up:
            _log.info("the moncreneau API books and cancels again")
        else:
            _log.warning("the moncreneau API neither books nor cancels; trying now and then until it does")
