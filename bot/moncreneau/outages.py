"""The circuit breakers, and what is said and done when one of them opens or closes; must not know HTTP.

One is for everything, one for what writes (a service that answers reads need not be able to write), and one for each
thing that is read (`Apart`).
"""

import logging
from collections.abc import Callable

from bot.app.ports import Clock
from bot.moncreneau.apart import Apart
from bot.moncreneau.circuit_breaker import Breaker

_log = logging.getLogger(__name__)


class Outages:
    """`on_down` is called when the service begins to count as down."""

    def __init__(self, clock: Clock, on_down: Callable[[], None]) -> None:
        self._on_down = on_down
        self.everything = Breaker(clock, span=2, on_change=self._turned)
        # A probe that writes may have been carried out unseen and is looked for: so it is rarer than one that reads.
        self.writes = Breaker(clock, longest_pause=120.0, on_change=self._turned_for_writes)
        self.apart = Apart(clock).of

    def up(self) -> bool:
        """Whether the service counts as up."""
        return self.everything.closed

    def _turned(self, up: bool) -> None:  # noqa: FBT001 — the breaker's callback
        if up:
            _log.info("the moncreneau API answers again")
        else:
            self._on_down()
            _log.warning("the moncreneau API does not answer; probing it until it does")

    def _turned_for_writes(self, up: bool) -> None:  # noqa: FBT001 — as above
        if up:
            _log.info("the moncreneau API books and cancels again")
        else:
            _log.warning("the moncreneau API neither books nor cancels; trying now and then until it does")
