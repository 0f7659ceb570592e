"""Carries one broadcast to its recipients: paced below everything else, many on the wire at once, each at most once.

A recipient is marked `sending` on the disk before the call goes out, and what came of it is written after: whoever is
`sent` never gets it again, whatever happens to this process. A flood waits for that chat alone, or for everybody; while
Telegram cannot be reached nobody is sent to. Knows nothing of Telegram's formats.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from bot.app.backoff import either
from bot.app.ports import (
    ChatGoneError,
    ChatLeftError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    SendError,
    UnpaidError,
)
from bot.app.rate_limits import PerChat
from bot.broadcast.model import Fate
from bot.broadcast.ports import Entry, Herald, Recipient, Roll
from bot.broadcast.run import Ledger, Round, lineup
from bot.broadcast.throttle import Lane
from bot.core.dates import night_of

FRESH = 1.0
"""Seconds for which what is known of a recipient holds: then it is looked up once more before they are sent to."""
NIGHT_LOOK = 20.0
"""Seconds between two looks whether the night is over."""
OPTED_OUT, LEFT = "wants no announcements", "left before it was sent"


class Courier:
    """What all broadcasts share on the way out: the lane, the room in each chat, the night."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        roll: Roll,
        herald: Herald,
        lane: Lane,
        per_chat: PerChat,
        *,
        left: Callable[[int], None],
        office_time: Callable[[], datetime],
        paid: bool = False,
    ) -> None:
        self._roll = roll
        self._herald = herald
        self._lane = lane
        self._per_chat = per_chat
        self._left = left
        self._now = office_time
        self._paid = paid

    async def carry(self, rounds: Round) -> bool:
        """Send to everybody whose turn it is. Returns whether nobody is left, False: it was halted before that.

        Raises what made it impossible to go on, when all who were on the wire are heard of.
        """
        ledger = Ledger(self._roll, rounds.plan.number)
        rounds.began = asyncio.get_running_loop().time()
        try:
            try:
                async for recipient, known_at in lineup(self._roll, rounds):
                    await self._serve(rounds, recipient, known_at, ledger)
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

    async def _serve(self, rounds: Round, recipient: Recipient, known_at: float, ledger: Ledger) -> None:
        """Send, beside others, when their turn has come; unless they are not to get it, or not now."""
        if self._spared(rounds, recipient, ledger) or self._put_off(rounds, recipient):
            return
        if not await self._enter(rounds):
            return
        sure = None
        try:
            sure = await self._as_known(rounds, recipient, known_at, ledger)
        finally:
            if sure is None:
                self._lane.leave()
        if sure:
            task = asyncio.create_task(self._send(rounds, sure, ledger))
            rounds.on_wire.add(task)
            task.add_done_callback(rounds.on_wire.discard)

    async def _enter(self, rounds: Round) -> bool:
        """Wait for a turn by day; returns False when it was halted before that."""
        while not rounds.halted.is_set():
            await self._daylight(rounds)
            if not await self._lane.enter(rounds.halted):
                return False
            if not self._night(rounds):
                return True
            self._lane.leave()  # night fell while this waited
        return False

    async def _as_known(self, rounds: Round, recipient: Recipient, known_at: float, ledger: Ledger) -> Recipient | None:
        """The recipient as they are known now that their turn has come; None where they are not to get it (now)."""
        loop = asyncio.get_running_loop()
        if loop.time() - known_at > FRESH:
            # They waited for long enough to leave, or to want no more announcements.
            recipient = await self._roll.known(recipient)
            if self._spared(rounds, recipient, ledger):
                return None
        if rounds.halted.is_set() or self._put_off(rounds, recipient):
            return None
        self._per_chat.wait_for(recipient.chat_id, loop.time(), edit=False)
        return recipient

    @staticmethod
    def _spared(rounds: Round, recipient: Recipient, ledger: Ledger) -> bool:
        """Whether they left or want no announcements, which is noted."""
        if recipient.left or not recipient.wanted:
            fate = Fate.BLOCKED if recipient.left else Fate.SKIPPED
            ledger.soon(Entry(recipient.chat_id, fate, error=LEFT if recipient.left else OPTED_OUT))
            rounds.befalls(recipient.fate, fate)
            return True
        return False

    def _put_off(self, rounds: Round, recipient: Recipient) -> bool:
        """Whether their chat has no room just now; then they come up again when it has."""
        now = asyncio.get_running_loop().time()
        if wait := self._per_chat.idle_in(recipient.chat_id, now):
            rounds.puts_off(recipient, now + wait)
        return bool(wait)

    def _night(self, rounds: Round) -> datetime | None:
        """The end of the night that it is, where an admin did not insist for this one."""
        night = night_of(self._now())
        return None if night in rounds.nights else night

    async def _daylight(self, rounds: Round) -> None:
        """Wait for the morning, unless an admin insisted for this night."""
        while (night := self._night(rounds)) and not rounds.halted.is_set():
            rounds.resting = night
            await either(rounds.halted, min(NIGHT_LOOK, (night - self._now()).total_seconds()))
        rounds.resting = None

    async def _send(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> None:
        """One recipient: marked, sent, and what came of it noted."""
        rounds.befalls(recipient.fate, Fate.SENDING)
        try:
            await ledger.now(Entry(recipient.chat_id, Fate.SENDING))
            entry = await self._sent(rounds, recipient)
            ledger.soon(entry)
            rounds.befalls(Fate.SENDING, entry.fate)
            rounds.done += entry.fate not in rounds.turns
        except Exception as error:  # noqa: BLE001 — a note that cannot be written, or our own code: see `carry`
            rounds.fails(error)
        finally:
            self._lane.leave()

    async def _sent(self, rounds: Round, recipient: Recipient) -> Entry:
        """Put it on the wire, unless it was halted or all were flooded while the mark was written."""
        chat_id = recipient.chat_id
        if rounds.halted.is_set() or self._lane.floods.pause():
            rounds.puts_off(recipient, asyncio.get_running_loop().time())
            return Entry(chat_id, recipient.fate)
        letter = rounds.letters.get(recipient.locale) or next(iter(rounds.letters.values()))
        try:
            message_id = await self._herald.send(letter, chat_id, paid=self._paid)
        except SendError as error:
            return self._failed(rounds, recipient, error)
        self._lane.forecast.good()
        self._lane.floods.went()
        return Entry(chat_id, Fate.SENT, message_id)

    def _failed(self, rounds: Round, recipient: Recipient, error: SendError) -> Entry:
        """What a failure makes of the recipient, and of those who come after."""
        chat_id, why = recipient.chat_id, str(error)[:200]
        now = asyncio.get_running_loop().time()
        if isinstance(error, NotSentError | MaybeSentError):
            self._lane.forecast.bad(why)
        else:
            self._lane.forecast.good()
        match error:
            case FloodedError(retry_after=wait):
                self._lane.floods.struck(chat_id, wait, bulk=True)
                rounds.puts_off(recipient, now + wait + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret
                return Entry(chat_id, recipient.fate)
            case ChatGoneError():
                self._left(chat_id)
                return Entry(chat_id, Fate.FAILED, error=why)
            case ChatLeftError():
                self._left(chat_id)
                return Entry(chat_id, Fate.BLOCKED, error=why)
            case UnpaidError():
                rounds.unpaid = True
                rounds.halted.set()
                return Entry(chat_id, recipient.fate)
            case NotSentError():
                rounds.puts_off(recipient, now)
                return Entry(chat_id, recipient.fate)
            case MessageRefusedError():
                return Entry(chat_id, Fate.FAILED, error=why)
            case _:
                return Entry(chat_id, Fate.UNKNOWN, error=why)
