"""One line in the log when a service stops working and one when it works again, not one per try."""

import logging

log = logging.getLogger(__name__)


class ReachabilityLog:
    """Whether a service works, and one log line per change. Knows its name and the words for both changes."""

    def __init__(
        self, service: str, failures: int = 3, *, down: str = "cannot be reached", up: str = "answers again"
    ) -> None:
        """`failures` in a row are logged."""
        self._service = service
        self._failures = failures
        self._down = down
        self._up = up
        self._failed = 0
        self.is_up = True

    def failed(self, why: str) -> None:
        """Record a failure."""
        self._failed += 1
        if self._failed < self._failures:
            return
        if self.is_up:
            log.warning("%s %s: %s; trying again", self._service, self._down, why)
        self.is_up = False

    def succeeded(self) -> None:
        """Record a success."""
        self._failed = 0
        if not self.is_up:
            log.warning("%s %s", self._service, self._up)
        self.is_up = True
