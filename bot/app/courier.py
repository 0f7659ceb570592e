"""Carries one broadcast to its recipients: paced below everything else, many on the wire at once, each at most once.

A recipient is marked `sending` on the disk before the call goes out, and what came of it is written after: whoever is
`sent` never gets it again, whatever happens to this process. A flood waits for that chat alone, or for everybody; while
Telegram cannot be reached nobody is sent to. Knows nothing of Telegram's formats.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from bot.app.broadcast_ports import Entry, Herald, Recipient, Roll
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
from bot.app.rounds import Round
from bot.app.weather import Weather
from bot.core.broadcast import Fate
from bot.core.moments import night_of

PAGE = 500
FRESH = 1.0
"""Seconds for which what is known of a recipient holds: then it is looked up once more before they are sent to."""
LONG_AGO = float("-inf")
ON_WIRE = 200
"""Calls at once; more do not make it faster."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 2.0
"""Seconds before the next one is tried after a failure that may not be theirs."""
FIRST_PROBE, LAST_PROBE = 1.0, 30.0
"""Seconds between two questions whether Telegram is back."""
NIGHT_LOOK = 20.0
"""Seconds between two looks whether the night is over."""
OPTED_OUT, LEFT = "wants no announcements", "left before it was sent"


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
        """Send to everybody whose turn it is. Returns whether nobody is left, False: it was halted before that.

        Raises what made it impossible to go on, when all who were on the wire are heard of.
        """
        ledger = Ledger(self._roll, rounds.plan.number)
        rounds.began = asyncio.get_running_loop().time()
        try:
            try:
                async for recipient, known_at in self._next(rounds):
                    if sure := await self._at_their_turn(rounds, recipient, known_at, ledger):
                        await self._dispatch(rounds, sure, ledger)
            except Exception as error:  # noqa: BLE001 — whatever it is, it must not leave anybody on the wire
                rounds.fails(error)
            while rounds.on_wire:
                await asyncio.wait(rounds.on_wire)
        except BaseException:
            # The process has to end now. Who is on the wire is `sending` on the disk, and nobody gets it twice.
            for task in rounds.on_wire:
                task.cancel()
            raise
        await ledger.close()
        if rounds.error:
            raise rounds.error
        return not rounds.halted.is_set()

    async def _next(self, rounds: Round) -> AsyncIterator[tuple[Recipient, float]]:
        """Whoever is next, and when that was known of them: those who had to wait and are due, then the list."""
        loop = asyncio.get_running_loop()
        after, exhausted = 0, False
        while not rounds.halted.is_set():
            if recipient := rounds.due(loop.time()):
                yield recipient, LONG_AGO
            elif not exhausted and len(rounds.later) < PAGE:
                page, read_at = await self._roll.page(rounds.plan.number, rounds.turns, after, PAGE), loop.time()
                exhausted = len(page) < PAGE
                for each in page:
                    after = each.chat_id
                    yield each, read_at
                    if rounds.halted.is_set():
                        return
                    while recipient := rounds.due(loop.time()):
                        yield recipient, LONG_AGO
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

    async def _at_their_turn(
        self, rounds: Round, recipient: Recipient, known_at: float, ledger: Ledger
    ) -> Recipient | None:
        """The recipient as they are known when their turn has come; None where they are not to get it (now)."""
        loop = asyncio.get_running_loop()
        if self._spared(rounds, recipient, ledger):
            return None
        await self._fair_weather(rounds)
        if not rounds.halted.is_set():
            await self._pace.turn()
            await self._overall.turn(Urgency.BULK)
        await self._daylight(rounds)
        if not rounds.halted.is_set() and loop.time() - known_at > FRESH:
            # They waited for long enough to leave, or to want no more announcements.
            recipient = await self._roll.known(recipient)
            if self._spared(rounds, recipient, ledger):
                return None
        return None if rounds.halted.is_set() else recipient

    @staticmethod
    def _spared(rounds: Round, recipient: Recipient, ledger: Ledger) -> bool:
        """Whether they left or want no announcements, which is noted."""
        if recipient.left or not recipient.wanted:
            fate = Fate.BLOCKED if recipient.left else Fate.SKIPPED
            ledger.soon(Entry(recipient.chat_id, fate, error=LEFT if recipient.left else OPTED_OUT))
            rounds.befalls(recipient.fate, fate)
            return True
        return False

    async def _fair_weather(self, rounds: Round) -> None:
        """Wait while Telegram is away. It is asked for nothing meanwhile: finding out costs nobody their message."""
        await either(rounds.halted, self._hold - asyncio.get_running_loop().time())
        pause = FIRST_PROBE
        while not self._weather.fine and not rounds.halted.is_set():
            try:
                await self._herald.reach()
            except (NotSentError, MaybeSentError):
                await either(rounds.halted, pause)
                pause = min(pause * 2, LAST_PROBE)
            except SendError:
                return  # it answers
            else:
                return

    async def _daylight(self, rounds: Round) -> None:
        """Wait for the morning, unless an admin insisted for this night."""
        while (night := night_of(now := self._now())) and night not in rounds.nights and not rounds.halted.is_set():
            rounds.resting = night
            await either(rounds.halted, min(NIGHT_LOOK, (night - now).total_seconds()))
        rounds.resting = None

    async def _send(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> None:
        """One recipient: marked, sent, and what came of it noted."""
        chat_id = recipient.chat_id
        letter = rounds.letters.get(recipient.locale) or next(iter(rounds.letters.values()))
        rounds.befalls(recipient.fate, Fate.SENDING)
        try:
            await ledger.now(Entry(chat_id, Fate.SENDING))
            try:
                message_id = await self._herald.send(letter, chat_id, paid=self._paid)
                entry = Entry(chat_id, Fate.SENT, message_id)
            except SendError as error:
                entry = self._failed(rounds, recipient, error)
            else:
                self._good()
                self._floods.went()
            ledger.soon(entry)
            rounds.befalls(Fate.SENDING, entry.fate)
            rounds.done += entry.fate not in rounds.turns
        except Exception as error:  # noqa: BLE001 — a note that cannot be written, or our own code: see `carry`
            rounds.fails(error)
        finally:
            self._room.release()

    def _failed(self, rounds: Round, recipient: Recipient, error: SendError) -> Entry:
        """What a failure makes of the recipient, and of those who come after."""
        chat_id, why = recipient.chat_id, str(error)[:200]
        now = asyncio.get_running_loop().time()
        match error:
            case FloodedError(retry_after=wait):
                self._good()
                self._floods.struck(chat_id, wait)
                rounds.puts_off(recipient, now + wait + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret
                return Entry(chat_id, recipient.fate)
            case ChatGoneError():
                self._good()
                self._left(chat_id)
                return Entry(chat_id, Fate.FAILED, error=why)
            case ChatLeftError():
                self._good()
                self._left(chat_id)
                return Entry(chat_id, Fate.BLOCKED, error=why)
            case NotSentError():
                rounds.puts_off(recipient, now)
                self._bad(why)
                return Entry(chat_id, recipient.fate)
            case MaybeSentError():
                self._bad(why)
                return Entry(chat_id, Fate.UNKNOWN, error=why)
            case MessageRefusedError():
                self._good()
                return Entry(chat_id, Fate.FAILED, error=why)
            case _:
                return Entry(chat_id, Fate.UNKNOWN, error=why)

    def _bad(self, why: str) -> None:
        """Telegram does not answer: nobody else goes out before a pause, longer each time."""
        self._weather.bad(why)
        now = asyncio.get_running_loop().time()
        if now >= self._hold:
            self._hold = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _good(self) -> None:
        """It answers, whatever it says."""
        self._weather.good()
        self._pause = FIRST_PAUSE
