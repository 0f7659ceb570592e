"""When broadcasts may call Telegram: `BroadcastThrottle` limits their calls, `SendBreaker` stops them in an outage.

Calls wait here and not inside the connection pool, where a stop could not reach them. Must not know recipients.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.app.backoff import Backoff, run_unless, wait_event
from bot.app.circuit_breaker import Call, CircuitBreaker
from bot.app.ports import MaybeSentError, NotSentError, SendError
from bot.app.rate_limits import EvenPacer, FloodControl, GlobalRateLimiter
from bot.app.reachability import ReachabilityLog
from bot.app.records import Urgency

FAILURES = 3
"""So many calls in a row without an answer are an outage."""
LONGEST_PAUSE = 300.0
"""Seconds before a message is tried in an outage, though probes are answered."""
FIRST_PROBE, LAST_PROBE = 1.0, 30.0
"""Seconds between two probes in an outage."""
RECHECK = 1.0
"""Seconds after which those who wait see that the outage is over."""
MAX_IN_FLIGHT = 320
"""Calls at once: what 1000/s need when each takes 300 ms."""


class SendBreaker:
    """The circuit breaker shared by all broadcasts. If a call would have to fail at once, it waits.

    The outcome of a failed message is often unknown, so a message is the probe only after Telegram answered a call that
    changes nothing (`reach`).
    """

    def __init__(self, service: str, reach: Callable[[], Awaitable[None]]) -> None:
        self._breaker = CircuitBreaker(
            lambda: asyncio.get_running_loop().time(),
            ReachabilityLog(service, 1),
            failures=FAILURES,
            longest_pause=LONGEST_PAUSE,
        )
        self._reach = reach

    async def enter(self, halted: asyncio.Event) -> Call | None:
        """Wait until a call may be made. None: `halted` before that."""
        backoff = Backoff(FIRST_PROBE, LAST_PROBE)
        while not halted.is_set():
            call = self._breaker.enter()
            if call is None:
                # A late response may close the breaker before its pause is over.
                await wait_event(halted, min(self._breaker.retry_after, RECHECK))
                continue
            if not call.is_probe:
                return call
            reached = False
            try:
                reached = await self._is_reachable()
            finally:
                if not reached:
                    call.leave()
            if reached:
                return call
            await wait_event(halted, backoff.pause())
        return None

    async def _is_reachable(self) -> bool:
        try:
            await self._reach()
        except (NotSentError, MaybeSentError):
            return False
        except SendError:
            return True  # it answers
        return True


class BroadcastThrottle:
    """Limits the calls of broadcasts: so many in flight, evenly paced, below the global rate, and not in an outage."""

    def __init__(
        self,
        pace: EvenPacer,
        global_limiter: GlobalRateLimiter,
        floods: FloodControl,
        breaker: SendBreaker,
        *,
        width: int = MAX_IN_FLIGHT,
    ) -> None:
        self._pace = pace
        self._global_limiter = global_limiter
        self.floods = floods
        self._breaker = breaker
        self._slots = asyncio.Semaphore(width)

    async def acquire(self, halted: asyncio.Event) -> Call | None:
        """Wait for a slot and a turn. Report the outcome to the call and `release` it. None: halted before that."""
        if not await self._take_slot(halted):
            return None
        call, admitted = None, False
        try:
            await wait_event(halted, self.floods.pause())
            if not halted.is_set():
                await self._pace.acquire()
                await self._global_limiter.acquire(Urgency.BULK)
            # Checked last, because the wait for a turn may be long.
            call = await self._breaker.enter(halted)
            admitted = call is not None and await self.floods.admit(halted)
        finally:
            if not admitted:
                self._slots.release()
                if call:
                    call.leave()
        return call if admitted else None

    def release(self, call: Call) -> None:
        """The call was answered, or not made."""
        call.leave()
        self.floods.answered()
        self._slots.release()

    async def _take_slot(self, halted: asyncio.Event) -> bool:
        taken = False

        async def take() -> None:
            nonlocal taken
            await self._slots.acquire()
            taken = True

        if not self._slots.locked():
            await take()
        elif not halted.is_set():
            await run_unless(halted, take())
        return taken
