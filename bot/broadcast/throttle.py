"""The lane of announcements: who wants to send one gets room on the wire and a turn here, and gives the room back.

So nothing ever waits inside the pool of connections, where it could not be stopped, and citizens' messages, which go
another way, never wait behind an announcement. Knows nothing of recipients.

Whether it makes sense to send an announcement now: when Telegram is away, nobody's message is spent on finding out.

First it is asked for nothing (`reach`), as often as it takes. But it may answer that and still fail to send, and what
an announcement that fails like this comes to is unknown; so one at a time goes out then, after ever longer rests.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from bot.app.backoff import run_unless, wait_event
from bot.app.ports import MaybeSentError, NotSentError, SendError
from bot.app.rate_limits import EvenPacer, FloodControl, GlobalRateLimiter
from bot.app.reachability import ReachabilityLog
from bot.app.records import Urgency

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 2.0
"""Seconds before the next one is tried after a failure that may not be theirs."""
FIRST_PROBE, LAST_PROBE = 1.0, 30.0
"""Seconds between two questions whether Telegram is back."""
FIRST_REST, LAST_REST = 2.0, 300.0
"""Seconds before somebody's message is tried again, after `ReachabilityLog`'s patience is at its end."""
LONGEST_CALL = 20.0
"""Seconds after which the one that was tried is surely heard of."""


class SendBreaker:
    """One for all announcements: what one of them finds out holds for the others."""

    def __init__(self, service: str, reach: Callable[[], Awaitable[None]]) -> None:
        self._weather = ReachabilityLog(service)
        self._reach = reach
        self._held_until = 0.0
        self._pause, self._probe, self._rest = FIRST_PAUSE, FIRST_PROBE, FIRST_REST
        self._doubtful = self._tried = False
        self._better = asyncio.Event()

    async def wait(self, halted: asyncio.Event) -> None:
        """Wait until the next one may go out, or until `halted`."""
        loop = asyncio.get_running_loop()
        while not halted.is_set():
            if (wait := self._held_until - loop.time()) > 0:
                await self._clears_up(halted, wait)
            elif not self._doubtful:
                return
            elif not self._weather.fine and not await self._reached():
                self._held_until = loop.time() + self._probe
                self._probe = min(self._probe * 2, LAST_PROBE)
            elif loop.time() >= self._held_until:
                self._probe = FIRST_PROBE
                # This one is the try; whoever comes next waits for what becomes of it.
                self._held_until, self._tried = loop.time() + LONGEST_CALL, True
                return

    def bad(self, why: str) -> None:
        """One came to nothing, and nobody can say whether it was theirs or everybody's fault."""
        self._weather.bad(why)
        self._doubtful = True
        now = asyncio.get_running_loop().time()
        if not self._tried and now < self._held_until:
            return  # it was on the wire when it began, and tells nothing new
        self._tried = False
        if self._weather.fine:
            self._held_until = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        else:
            self._held_until = now + self._rest
            self._rest = min(self._rest * 2, LAST_REST)

    def good(self) -> None:
        """One was answered, whatever the answer."""
        self._weather.good()
        self._better.set()
        self._held_until, self._doubtful, self._tried = 0.0, False, False
        self._pause, self._rest = FIRST_PAUSE, FIRST_REST

    async def _clears_up(self, halted: asyncio.Event, seconds: float) -> None:
        """Wait so long, or until somebody else's is answered, or until `halted`."""

        async def better() -> None:
            await self._better.wait()

        self._better.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await run_unless(halted, better())

    async def _reached(self) -> bool:
        try:
            await self._reach()
        except (NotSentError, MaybeSentError):
            return False
        except SendError:
            return True  # it answers
        return True


ON_WIRE = 320
"""Calls at once: what 1000/s need when each takes 300 ms."""


class BroadcastThrottle:
    """One way for announcements; what several share (pace, floods, weather) is given to each of them."""

    def __init__(
        self,
        pace: EvenPacer,
        overall: GlobalRateLimiter,
        floods: FloodControl,
        breaker: SendBreaker,
        *,
        width: int = ON_WIRE,
    ) -> None:
        self._pace = pace
        self._overall = overall
        self.floods = floods
        self.breaker = breaker
        self._room = asyncio.Semaphore(width)

    async def enter(self, halted: asyncio.Event) -> bool:
        """Wait for room and a turn; whoever is let in must `leave`. False: halted before that."""
        if not await self._has_room(halted):
            return False
        entered = False
        try:
            await wait_event(halted, self.floods.pause())
            if not halted.is_set():
                await self._pace.turn()
                await self._overall.turn(Urgency.BULK)
            # Last, so that nobody goes out on what was true before they waited for their turn.
            await self.breaker.wait(halted)
            entered = await self.floods.admit(halted)
        finally:
            if not entered:
                self._room.release()
        return entered

    def leave(self) -> None:
        """The call is answered, or was not made."""
        self.floods.answered()
        self._room.release()

    async def _has_room(self, halted: asyncio.Event) -> bool:
        taken = False

        async def take() -> None:
            nonlocal taken
            await self._room.acquire()
            taken = True

        if not self._room.locked():
            await take()
        elif not halted.is_set():
            await run_unless(halted, take())
        return taken
