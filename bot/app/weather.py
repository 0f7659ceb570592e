"""One line in the log per change between reachable and unreachable, not one per try. Knows only the service's name."""

import logging

log = logging.getLogger(__name__)


class Weather:
    """Whether a service outside answers just now."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.fine = True

    def bad(self, why: str) -> None:
        """It did not answer."""
        if self.fine:
            log.warning("%s cannot be reached: %s; trying again until it answers", self._service, why)
        self.fine = False

    def good(self) -> None:
        """It answered."""
        if not self.fine:
            log.warning("%s answers again", self._service)
        self.fine = True
