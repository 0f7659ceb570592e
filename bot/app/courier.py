"""Carries one broadcast to its recipients: paced below everything else, many on the wire at once, each at most once.

A recipient is marked `sending` on the disk before the call goes out, and what came of it is written after: whoever is
`sent` never gets it again, whatever happens to this process. A flood waits for that chat alone, or for everybody; while
Telegram cannot be reached one recipient after another is tried, not all of them. Knows nothing of Telegram's formats.
"""

import asyncio
import heapq
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.app.broadcast_ports import Entry, Herald, Letter, Recipient, Roll
from bot.app.ledger import Ledger
from bot.app.pacing import FloodWatch, Overall, Steady
from bot.app.patience import either
from bot.app.ports import (
    ChatGoneError,
    ChatLeftError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    SendError,
)
from bot.app.records import Urgency
from bot.app.weather import Weather
from bot.core.broadcast import Fate, Figures, Plan
from bot.core.moments import is_night, morning_after

log = logging.getLogger(__name__)
PAGE = 500
FRESH = 60.0
"""Seconds after which a page of recipients is read anew."""
ON_WIRE = 200
"""Calls at once; more do not make it faster."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
NIGHT_LOOK = 20.0
"""Seconds between two looks whether the night is over."""
OPTED_OUT, LEFT = "wants no announcements", "left before it was sent"


@dataclass(slots=True)
class Round:
    """One broadcast on its way. `halt` it and nobody more gets it; who is on the wire is still heard of.

    `counts` are the figures as they are now; `resting` says until when the night holds it up; `done` and `began` tell
    how fast it goes.
    """

    plan: Plan
    letters: dict[str, Letter]
    counts: Counter[Fate] = field(default_factory=Counter)
    resting: datetime | None = None
    at_night: bool = False
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    later: list[tuple[float, int, Recipient]] = field(default_factory=list)
    on_wire: set[asyncio.Task[None]] = field(default_factory=set)
    done: int = 0
    began: float = 0.0
    broken: bool = False

    def figures(self) -> Figures:
        """How many have which fate at this moment."""
        return Figures(tuple((fate, number) for fate, number in self.counts.items() if number))

    def befalls(self, before: Fate, after: Fate) -> None:
        """Somebody's fate changes."""
        self.counts[before] -= 1
        self.counts[after] += 1


class Courier:
    """All that broadcasts share on the way out: the pace, the wire, the weather."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        roll: Roll,
        herald: Herald,
        *,
        pace: Steady,
        overall: Overall,
        left: Callable[[int], None],
        office_time: Callable[[], datetime],
        paid: bool = False,
    ) -> None:
        self._roll = roll
        self._herald = herald
        self._pace = pace
        self._overall = overall
        self._floods = FloodWatch(overall)
        self._left = left
        self._now = office_time
        self._paid = paid
        self._weather = Weather("Telegram (broadcasting)")
        self._pause, self._hold = FIRST_PAUSE, 0.0
        self._room = asyncio.Semaphore(ON_WIRE)

    async def carry(self, rounds: Round) -> bool:
        """Send to everybody who is pending. Returns whether nobody is left, False: it was halted before that."""
        ledger = Ledger(self._roll, rounds.plan.number)
        rounds.began = asyncio.get_running_loop().time()
        try:
            async for recipient in self._pending(rounds):
                if await self._may_go(rounds, recipient, ledger):
                    await self._dispatch(rounds, recipient, ledger)
            while rounds.on_wire:
                await asyncio.wait(rounds.on_wire)
        except BaseException:
            # The process has to end now. Who is on the wire is `sending` on the disk, and nobody gets it twice.
            for task in rounds.on_wire:
                task.cancel()
            raise
        await ledger.close()
        return not rounds.halted.is_set()

    async def _pending(self, rounds: Round) -> AsyncIterator[Recipient]:
        """Whoever is next: those who had to wait and are due, then the next of the list; until nobody is left."""
        loop = asyncio.get_running_loop()
        after, page = 0, tuple[Recipient, ...]()
        exhausted = False
        while not rounds.halted.is_set():
            if rounds.later and rounds.later[0][0] <= loop.time():
                yield heapq.heappop(rounds.later)[2]
            elif not exhausted and len(rounds.later) < PAGE:
                page = await self._roll.page(rounds.plan.number, Fate.PENDING, after, PAGE)
                exhausted, read_at = len(page) < PAGE, loop.time()
                for recipient in page:
                    if loop.time() - read_at > FRESH:
                        exhausted = False  # who opted out or left meanwhile must count: read on from here, anew
                        break
                    after = recipient.chat_id
                    yield recipient
                    if rounds.halted.is_set():
                        return
                    while rounds.later and rounds.later[0][0] <= loop.time():
                        yield heapq.heappop(rounds.later)[2]
            elif rounds.later:
                await either(rounds.halted, rounds.later[0][0] - loop.time())
            elif rounds.on_wire:
                await asyncio.wait(rounds.on_wire)
            else:
                return

    async def _dispatch(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> None:
        """Send, beside others; while Telegram is away, one at a time."""
        await self._room.acquire()
        task = asyncio.create_task(self._send(rounds, recipient, ledger))
        rounds.on_wire.add(task)
        task.add_done_callback(rounds.on_wire.discard)
        if not self._weather.fine:
            await asyncio.wait({task})

    async def _may_go(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> bool:
        """Whether this one is to be sent to, once its turn has come."""
        if recipient.left or not recipient.wanted:
            fate = Fate.BLOCKED if recipient.left else Fate.SKIPPED
            ledger.soon(Entry(recipient.chat_id, fate, error=LEFT if recipient.left else OPTED_OUT))
            rounds.befalls(Fate.PENDING, fate)
            return False
        rested = False
        while not rounds.at_night and is_night(now := self._now()) and not rounds.halted.is_set():
            rested = True
            rounds.resting = morning_after(now)
            await either(rounds.halted, min(NIGHT_LOOK, (rounds.resting - now).total_seconds()))
        rounds.resting = None
        if rested and not rounds.halted.is_set():
            # A night is long enough to leave, or to want no more announcements.
            now_known = await self._roll.page(rounds.plan.number, Fate.PENDING, recipient.chat_id - 1, 1)
            same = [each for each in now_known if each.chat_id == recipient.chat_id]
            return bool(same) and await self._may_go(rounds, same[0], ledger)
        await either(rounds.halted, self._hold - asyncio.get_running_loop().time())
        if not rounds.halted.is_set():
            await self._pace.turn()
            await self._overall.turn(Urgency.BULK)
        return not rounds.halted.is_set()

    async def _send(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> None:
        """One recipient: marked, sent, and what came of it noted."""
        chat_id = recipient.chat_id
        letter = rounds.letters.get(recipient.locale) or next(iter(rounds.letters.values()))
        rounds.befalls(Fate.PENDING, Fate.SENDING)
        try:
            await ledger.now(Entry(chat_id, Fate.SENDING))
            try:
                message_id = await self._herald.send(letter, chat_id, paid=self._paid)
                entry = Entry(chat_id, Fate.SENT, message_id)
            except SendError as error:
                entry = self._failed(rounds, recipient, error)
            else:
                self._good()
            ledger.soon(entry)
            rounds.befalls(Fate.SENDING, entry.fate)
            rounds.done += entry.fate is not Fate.PENDING
        except Exception:
            log.exception(
                "broadcast %d: a note could not be written; it stops until the next start", rounds.plan.number
            )
            rounds.broken = True
            rounds.halted.set()
        finally:
            self._room.release()

    def _failed(self, rounds: Round, recipient: Recipient, error: SendError) -> Entry:
        """What a failure makes of the recipient, and of those who come after."""
        chat_id, why = recipient.chat_id, str(error)[:200]
        match error:
            case FloodedError(retry_after=wait):
                self._floods.struck(chat_id, wait)
                self._wait(rounds, recipient, wait + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret
                return Entry(chat_id, Fate.PENDING)
            case ChatGoneError():
                self._left(chat_id)
                return Entry(chat_id, Fate.FAILED, error=why)
            case ChatLeftError():
                self._left(chat_id)
                return Entry(chat_id, Fate.BLOCKED, error=why)
            case NotSentError():
                self._wait(rounds, recipient, 0.0)
                self._bad(why)
                return Entry(chat_id, Fate.PENDING)
            case MaybeSentError():
                self._bad(why)
                return Entry(chat_id, Fate.UNKNOWN, error=why)
            case MessageRefusedError():
                return Entry(chat_id, Fate.FAILED, error=why)
            case _:
                return Entry(chat_id, Fate.UNKNOWN, error=why)

    @staticmethod
    def _wait(rounds: Round, recipient: Recipient, seconds: float) -> None:
        due = asyncio.get_running_loop().time() + seconds
        heapq.heappush(rounds.later, (due, recipient.chat_id, recipient))

    def _bad(self, why: str) -> None:
        """Telegram does not answer: nobody else goes out before a pause, longer each time."""
        self._weather.bad(why)
        now = asyncio.get_running_loop().time()
        if now >= self._hold:
            self._hold = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _good(self) -> None:
        self._weather.good()
        self._floods.went()
        self._pause = FIRST_PAUSE
