"""The circuit breakers of the API. Must not know what is requested."""

from collections.abc import Callable

from bot.app.circuit_breaker import CircuitBreaker
from bot.app.reachability import ReachabilityLog

_SERVICE = "the moncreneau API"


class Breakers:
    """One circuit breaker for all requests, and one for writes: reads may work while writes fail.

    `now` returns Unix seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.everything = CircuitBreaker(now, ReachabilityLog(_SERVICE, 1, down="does not answer"), span=2)
        # A write that probes may be carried out although it fails, and then costs lookups. So it is rarer.
        self.writes = CircuitBreaker(
            now,
            ReachabilityLog(_SERVICE, 1, down="neither books nor cancels", up="books and cancels again"),
            longest_pause=120.0,
        )

    def up(self) -> bool:
        """Whether the service counts as up."""
        return self.everything.closed
