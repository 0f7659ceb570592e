"""One line in the log per change between reachable and unreachable, not one per try. Knows only the service's name."""

import logging

log = logging.getLogger(__name__)


class ReachabilityLog:
    """Whether a service outside answers just now."""

    def __init__(self, service: str, patience: int = 3) -> None:
        self._service = service
        self._patience = patience
        self._failed = 0
        self.fine = True

    def bad(self, why: str) -> None:
        """It did not answer; when it does not so many times in a row, that is news."""
        self._failed += 1
        if self._failed < self._patience:
            return
        if self.fine:
            log.warning("%s cannot be reached: %s; trying again until it answers", self._service, why)
        self.fine = False

    def good(self) -> None:
        """It answered."""
        self._failed = 0
        if not self.fine:
            log.warning("%s answers again", self._service)
        self.fine = True
