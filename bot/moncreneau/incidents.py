"""Records what operators need to know: the last error, and the issues that only they can solve.

Many citizens meet the same issue, but the operator gets one alert when it begins and one when it is over. Other
operations may work meanwhile (a key without the scope to create can read), so an issue ends only when the operation
that met it works again, in the department that it concerned.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, tzinfo

from bot.app.ports import Clock
from bot.core.health import OperatorIssue
from bot.core.model import Failure, FailureCode
from bot.moncreneau.errors import DEPARTMENT_ACCESS_DENIED, CircuitOpen, MoncreneauError, QuotaExhausted, RateLimited
from bot.moncreneau.schemas import from_when

_log = logging.getLogger(__name__)


class IncidentLog:
    """`zone` is the office's; citizens are told in its time when to try again."""

    def __init__(self, clock: Clock, zone: tzinfo, on_issue: Callable[[OperatorIssue, bool], None] | None) -> None:
        self._clock = clock
        self._zone = zone
        self.issues = OpenIssues(on_issue)
        self.last_error: tuple[str, datetime] | None = None
        """The last error as status and code, and its time."""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add the hour from which it works again to an error that tells how long to wait."""
        try:
            yield
        except (RateLimited, QuotaExhausted) as error:
            until = from_when(self._clock(), error.retry_after, self._zone)
            today = self._clock().astimezone(self._zone).date()
            error.failure = Failure(error.failure.code, until, another_day=until is not None and until.date() != today)
            raise

    @contextmanager
    def watched(self, operation: str, department_id: int | None = None) -> Iterator[None]:
        """Record the outcome of the operation in the block; `department_id` is the one that it concerns, if any."""
        try:
            with self.timed():
                yield
        except MoncreneauError as error:
            if not isinstance(error, QuotaExhausted | CircuitOpen):  # not an error of the API
                self.last_error = (str(error), self._clock())
            self.issues.failed(operation, error, department_id)
            raise
        self.issues.worked(operation, department_id)


_WATCHED = frozenset({FailureCode.OUT_OF_CREDITS, FailureCode.NO_ACCESS})


class OpenIssues:
    """`on_change(issue, present)` is called once when an issue begins and once when it is over."""

    def __init__(self, on_change: Callable[[OperatorIssue, bool], None] | None = None) -> None:
        self._on_change = on_change or (lambda _issue, _present: None)
        self._met: dict[OperatorIssue, set[str]] = {}

    @property
    def open_issues(self) -> frozenset[OperatorIssue]:
        """The open issues."""
        return frozenset(self._met)

    def met(self) -> dict[OperatorIssue, frozenset[str]]:
        """The open issues with the operations that met them."""
        return {issue: frozenset(operations) for issue, operations in self._met.items()}

    def restore(self, kept: Mapping[OperatorIssue, Iterable[str]]) -> None:
        """Take over the issues of an earlier process, without another alert."""
        for issue, operations in kept.items():
            self._met.setdefault(issue, set()).update(operations)

    def failed(self, operation: str, error: MoncreneauError, department_id: int | None = None) -> None:
        """Record that an operation met an error, in a department if it concerned one."""
        if error.code == DEPARTMENT_ACCESS_DENIED:
            issue = OperatorIssue(FailureCode.NO_ACCESS, department_id)
        elif error.failure.code in _WATCHED:
            issue = OperatorIssue(error.failure.code)
        else:
            return
        if issue not in self._met:
            self._met[issue] = set()
            self._on_change(issue, True)  # noqa: FBT003 — a callback's second and last argument
        self._met[issue].add(operation)

    def worked(self, operation: str, department_id: int | None = None) -> None:
        """Record that an operation succeeded."""
        for issue, operations in list(self._met.items()):
            if issue.department_id in {None, department_id}:
                operations.discard(operation)
            if not operations:
                del self._met[issue]
                self._on_change(issue, False)  # noqa: FBT003 — as above
