"""When broadcasts may call Telegram: `BroadcastThrottle` limits their calls, `SendBreaker` stops them in an outage.

Calls wait here and not inside the connection pool, where a stop could not reach them. Knows nothing of recipients.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from bot.app.backoff import Backoff, run_unless, wait_event
from bot.app.ports import MaybeSentError, NotSentError, SendError
from bot.app.rate_limits import EvenPacer, FloodControl, GlobalRateLimiter
from bot.app.reachability import ReachabilityLog
from bot.app.records import Urgency

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 2.0
"""Seconds before the next call after a failure that may be Telegram's."""
FIRST_PROBE, LAST_PROBE = 1.0, 30.0
"""Seconds between two probes in an outage."""
FIRST_REST, LAST_REST = 2.0, 300.0
"""Seconds before a message is tried in an outage, though probes are answered."""
MAX_IN_FLIGHT = 320
"""Calls at once: what 1000/s need when each takes 300 ms."""
LONGEST_CALL = 20.0
"""Seconds after which a call is surely answered or failed."""


class SendBreaker:
    """A circuit breaker shared by all broadcasts.

    In an outage it probes with a call that changes nothing (`reach`), with growing pauses. Where probes are answered
    but sending still fails, one message at a time is tried, because the outcome of each such failure is unknown.
    """

    def __init__(self, service: str, reach: Callable[[], Awaitable[None]]) -> None:
        self._reachability = ReachabilityLog(service)
        self._reach = reach
        self._held_until = 0.0
        self._pauses = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._probes = Backoff(FIRST_PROBE, LAST_PROBE)
        self._rests = Backoff(FIRST_REST, LAST_REST)
        self._failing = self._trial = False
        self._recovered = asyncio.Event()

    async def wait(self, halted: asyncio.Event) -> None:
        """Wait until the next call may be made, or until `halted`."""
        loop = asyncio.get_running_loop()
        while not halted.is_set():
            if (wait := self._held_until - loop.time()) > 0:
                await self._wait_or_recover(halted, wait)
            elif not self._failing:
                return
            elif not self._reachability.is_up and not await self._is_reachable():
                self._held_until = loop.time() + self._probes.pause()
            elif loop.time() >= self._held_until:
                self._probes.reset()
                # This call is the trial; the next ones wait for its result.
                self._held_until, self._trial = loop.time() + LONGEST_CALL, True
                return

    def failed(self, why: str) -> None:
        """A call failed, and the cause may be the recipient or an outage."""
        self._reachability.failed(why)
        self._failing = True
        now = asyncio.get_running_loop().time()
        if not self._trial and now < self._held_until:
            return  # it was in flight when the outage began: nothing new
        self._trial = False
        if self._reachability.is_up:
            self._held_until = now + self._pauses.pause()
        else:
            self._held_until = now + self._rests.pause()

    def succeeded(self) -> None:
        """A call was answered, whatever the answer."""
        self._reachability.succeeded()
        self._recovered.set()
        self._held_until, self._failing, self._trial = 0.0, False, False
        self._pauses.reset()
        self._rests.reset()

    async def _wait_or_recover(self, halted: asyncio.Event, seconds: float) -> None:
        """Wait so many seconds, or until another call is answered, or until `halted`."""

        async def recovered() -> None:
            await self._recovered.wait()

        self._recovered.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await run_unless(halted, recovered())

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
        self.breaker = breaker
        self._slots = asyncio.Semaphore(width)

    async def acquire(self, halted: asyncio.Event) -> bool:
        """Wait for a slot and a turn; `release` it afterwards. False: halted before that."""
        if not await self._take_slot(halted):
            return False
        admitted = False
        try:
            await wait_event(halted, self.floods.pause())
            if not halted.is_set():
                await self._pace.acquire()
                await self._global_limiter.acquire(Urgency.BULK)
            # Checked last, because the wait for a turn may be long.
            await self.breaker.wait(halted)
            admitted = await self.floods.admit(halted)
        finally:
            if not admitted:
                self._slots.release()
        return admitted

    def release(self) -> None:
        """The call was answered, or not made."""
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
