"""What staff want to know of how requests went: the last error, and what only they can mend; must not know HTTP."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo

from bot.app.ports import Clock
from bot.core.health import Concern
from bot.core.model import Trouble
from bot.moncreneau.errors import BudgetSpent, CircuitOpen, MoncreneauError, RateLimited
from bot.moncreneau.incidents import Standing
from bot.moncreneau.times import from_when

_log = logging.getLogger(__name__)


class Journal:
    """`zone` is the office's, in whose time citizens are told from when on trying again makes sense."""

    def __init__(self, clock: Clock, zone: tzinfo, on_trouble: Callable[[Concern, bool], None] | None) -> None:
        self._clock = clock
        self._zone = zone
        self.standing = Standing(on_trouble)
        self.last_error: tuple[str, datetime] | None = None
        """Status and code, and when."""

    @contextmanager
    def watched(self, operation: str, department_id: int | None = None) -> Iterator[None]:
        """Note how an operation goes, and about which department it is where it is about one."""
        try:
            yield
        except MoncreneauError as error:
            if isinstance(error, RateLimited | BudgetSpent):
                until = from_when(self._clock(), error.retry_after, self._zone)
                today = self._clock().astimezone(self._zone).date()
                error.trouble = Trouble(error.problem, until, another_day=until is not None and until.date() != today)
            if not isinstance(error, BudgetSpent | CircuitOpen):  # our own restraint is none of the service's
                self.last_error = (str(error), self._clock())
            self.standing.failed(operation, error, department_id)
            raise
        self.standing.worked(operation, department_id)
