"""A circuit breaker for each thing that is read: one department that ails is noticed alone; must not know what it is.

The breaker for everything opens only where several things fail.
"""

import logging
import re

from bot.app.ports import Clock
from bot.moncreneau.circuit_breaker import Breaker

_log = logging.getLogger(__name__)
_NUMBERED = re.compile(r"^appointments/.*")


def resource(path: str) -> str:
    """What is read at `path`: all single appointments are one thing, each department's slots are another."""
    return _NUMBERED.sub("appointments/…", path)


class Apart:
    """Breakers by path; see `Breaker`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def of(self, path: str) -> Breaker:
        """The breaker of what is read there."""
        name = resource(path)
        found = self._breakers.get(name)
        if found is None:
            found = self._breakers[name] = Breaker(self._clock, on_change=lambda up: self._turned(name, up=up))
        return found

    @staticmethod
    def _turned(name: str, *, up: bool) -> None:
        if up:
            _log.info("at %s the moncreneau API answers, too", name)
        else:
            _log.warning("at %s the moncreneau API does not answer; asking there now and then", name)
