"""Rate limiters of messages: for all chats together and for each chat. Knows numbers, urgencies and the loop's clock.

Telegram grants about 30 messages/s over all chats, 1/s to one chat (short bursts are tolerated), 20/min to a group
(Bots FAQ, "My bot is hitting limits"). The global limiter is a sliding window, because a bucket of 30 would let 60
messages through in its first second.

`FloodControl` decides what a 429 limits: one chat, all announcements, or all messages.

There is one for the whole process, because a 429 of an announcement also limits citizens' messages to that chat, and
the other way round.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from bot.app.backoff import wait_event
from bot.app.records import Urgency

WINDOW = 1.1
"""The length of the sliding window in seconds; the extra tenth allows for varying network delays."""
CHAT_BURST, EDIT_BURST, EDITS_PER_MESSAGE = 4, 10, 2
"""The burst of new messages and of edits in a chat; edits have twice the rate of messages."""
GROUP_INTERVAL, GROUP_BURST = 3.0, 5
RESERVE = 1
"""Messages per window that bulk leaves to citizens. Broadcasts are evenly paced, so the next one is never far off."""
SLOWED = 60.0
"""Seconds for which the global rate is halved after a global flood."""
MANY_CHATS = 10_000
CATCH_UP = 0.1
"""Seconds of an even pace that may be caught up at once after the event loop was busy."""


class GlobalRateLimiter:
    """Limits all messages together; the most urgent goes first. `rate` is messages per second, None: unlimited.

    With `follows` another process may have sent until a moment ago: the window begins as if it had sent evenly.
    `on_flood` gets the seconds of each flood of all chats, so that the next process can be told.
    """

    def __init__(
        self, rate: float | None, *, follows: bool = False, on_flood: Callable[[float], None] = lambda _: None
    ) -> None:
        self._rate = rate
        self._on_flood = on_flood
        self._granted: deque[float] = deque()
        if rate is not None and follows:
            now, allowed = asyncio.get_running_loop().time(), self._allowed(rate, Urgency.INTERACTIVE)
            self._granted.extend(now - WINDOW * (1 - number / allowed) for number in range(1, allowed + 1))
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._count = count()
        self._paused_until = 0.0
        self._slowed_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, urgency: Urgency) -> None:
        """Wait for a turn."""
        now = asyncio.get_running_loop().time()
        first = not self._waiting or urgency < self._waiting[0][0]
        if first and self._free_at(now, urgency) <= now:
            self._take(now)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._count), waiter))
        if first and self._timer:
            # The message that was first so far may have to wait longer than the new one.
            self._timer.cancel()
            self._timer = None
        self._schedule()
        await waiter

    async def edit(self) -> None:
        """Wait for the end of a global flood only. The 30/s are messages (Bots FAQ), so edits do not count."""
        if (wait := self._paused_until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(wait)

    @property
    def bulk_rate(self) -> float | None:
        """The maximum rate of bulk messages when nothing else is sent; None: unlimited."""
        return None if self._rate is None else self._allowed(self._rate, Urgency.BULK) / WINDOW

    def flooded(self, retry_after: float) -> None:
        """Stop all messages for a while, then halve the rate for a minute."""
        self._on_flood(retry_after)
        self.resume_flood(retry_after)

    def resume_flood(self, left: float) -> None:
        """Go on with a flood that another process met, of which so many seconds are left."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + left)
        self._slowed_until = self._paused_until + SLOWED

    def _free_at(self, now: float, urgency: Urgency) -> float:
        """When the next message of this urgency may be sent."""
        if self._rate is None:
            return self._paused_until
        while self._granted and self._granted[0] <= now - WINDOW:
            self._granted.popleft()
        rate = self._rate / 2 if now < self._slowed_until else self._rate
        allowed = self._allowed(rate, urgency)
        full = len(self._granted) >= allowed
        return max(self._paused_until, self._granted[-allowed] + WINDOW if full else now)

    @staticmethod
    def _allowed(rate: float, urgency: Urgency) -> int:
        """Turns in a window."""
        return max(1, int(rate) - (RESERVE if urgency is Urgency.BULK else 0))

    def _take(self, now: float) -> None:
        if self._rate is not None:
            self._granted.append(now)

    def _schedule(self) -> None:
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            free_at = self._free_at(loop.time(), self._waiting[0][0])
            self._timer = loop.call_at(max(free_at, loop.time()), self._grant)

    def _grant(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._waiting and self._free_at(now, self._waiting[0][0]) <= now:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                self._take(now)
                waiter.set_result(None)
        self._schedule()


class EvenPacer:
    """Paces calls evenly. `rate` is calls per second, None: no waiting."""

    def __init__(self, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._due = 0.0

    async def acquire(self) -> None:
        """Wait for a turn. What the loop was too busy for is made up, a little of it."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        self._due = max(self._due + self._interval, now - CATCH_UP)
        if self._due > now:
            await asyncio.sleep(self._due - now)


class ChatRateLimiter:
    """Limits each chat: 1/s on average with a short burst, and nothing during a flood. `rate` None: unlimited.

    All times are the loop's.
    """

    def __init__(self, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._due: dict[tuple[int, bool], float] = {}
        self._flooded: dict[int, float] = {}

    def flooded(self, chat_id: int, now: float, retry_after: float) -> None:
        """Block a chat for so many seconds."""
        self._flooded[chat_id] = max(self._flooded.get(chat_id, 0.0), now + retry_after)
        if len(self._flooded) > MANY_CHATS:
            self._flooded = {chat: at for chat, at in self._flooded.items() if at > now}

    def flood_left(self, chat_id: int, now: float) -> float:
        """Seconds until the chat's flood ends."""
        return max(0.0, self._flooded.get(chat_id, now) - now) if self._flooded else 0.0

    def idle_in(self, chat_id: int, now: float) -> float:
        """Seconds until a bulk message would leave enough of the burst for a citizen's answers. Reserves nothing."""
        return max(self.flood_left(chat_id, now), self._due.get((chat_id, False), now) - now, 0.0)

    def wait_for(self, chat_id: int, now: float, *, edit: bool) -> float:
        """Reserve one message; returns the seconds to wait before sending it."""
        return max(self.flood_left(chat_id, now), self._take(chat_id, now, edit=edit))

    def _take(self, chat_id: int, now: float, *, edit: bool) -> float:
        if not self._interval:
            return 0.0
        interval, burst = (self._interval, CHAT_BURST) if chat_id > 0 else (GROUP_INTERVAL, GROUP_BURST)
        if edit:
            interval, burst = self._interval / EDITS_PER_MESSAGE, EDIT_BURST
        due = max(self._due.get((chat_id, edit), now), now)
        self._due[chat_id, edit] = due + interval
        if len(self._due) > MANY_CHATS:
            self._due = {chat: at for chat, at in self._due.items() if at > now}
        return max(0.0, due - (burst - 1) * interval - now)


FLOODED_CHATS = 3
"""If so many different chats are limited in a row and nothing gets through in between, the limit is global."""
KEPT = 60.0
"""Seconds, at least, for which a chat's flood counts toward a global one."""
LOOK = 0.25
"""Seconds between checks whether a waiting announcement was halted."""


@dataclass(frozen=True, slots=True)
class _ChatFlood:
    """A chat's flood: how long it lasts, until when it counts (loop's time), and what met it."""

    retry_after: float
    counts_until: float
    bulk: bool
    edit: bool


class FloodControl:
    """All floods. After a flood, announcements are sent one at a time until one gets through."""

    def __init__(self, global_limiter: GlobalRateLimiter, chat_limiter: ChatRateLimiter) -> None:
        self._global_limiter = global_limiter
        self._chat_limiter = chat_limiter
        self._in_a_row: dict[int, _ChatFlood] = {}
        self._bulk_until = 0.0
        self._under_way = 0
        self._answered = asyncio.Event()

    def succeeded(self, *, edit: bool = False) -> None:
        """Record a success. A successful edit does not end a flood of messages, because edits have a higher limit."""
        if self._in_a_row:
            self._in_a_row = {chat: each for chat, each in self._in_a_row.items() if edit and not each.edit}
            self._answered.set()

    def limited(self, chat_id: int, retry_after: float, *, bulk: bool = False, edit: bool = False) -> None:
        """Record a 429 of a chat: it is blocked for `retry_after`, and if the flood is global, so are all chats."""
        now = asyncio.get_running_loop().time()
        self._chat_limiter.flooded(chat_id, now, retry_after)
        self._in_a_row = {chat: each for chat, each in self._in_a_row.items() if each.counts_until > now}
        met = self._in_a_row.get(chat_id)
        bulk, edit = bulk or (met is not None and met.bulk), edit and (met is None or met.edit)
        self._in_a_row[chat_id] = _ChatFlood(retry_after, now + max(KEPT, 2 * retry_after), bulk, edit)
        if len(self._in_a_row) < FLOODED_CHATS:
            return
        # One of the chats may be limited for an hour; the global flood lasts as long as the shortest of them.
        wait = min(each.retry_after for each in self._in_a_row.values())
        self._bulk_until = max(self._bulk_until, now + wait)
        if not all(each.bulk for each in self._in_a_row.values()):
            self._global_limiter.flooded(wait)

    def pause(self) -> float:
        """Seconds for which no announcement may be sent."""
        return max(0.0, self._bulk_until - asyncio.get_running_loop().time())

    async def admit(self, halted: asyncio.Event) -> bool:
        """Wait until an announcement may be sent, and count it as in flight. False: halted before that.

        After a flood the next one waits until all in flight are answered or one of them got through.
        """
        while not halted.is_set():
            if wait := self.pause():
                await wait_event(halted, wait)
            elif self._in_a_row and self._under_way:
                self._answered.clear()
                await wait_event(self._answered, LOOK)
            else:
                self._under_way += 1
                return True
        return False

    def answered(self) -> None:
        """Record that an admitted announcement was answered."""
        self._under_way -= 1
        self._answered.set()
