"""Carries one broadcast to its recipients: paced below everything else, many on the wire at once, each at most once.

A recipient is marked `sending` on the disk before the call goes out, and what came of it is written after: whoever is
`sent` never gets it again, whatever happens to this process. A flood waits for that chat alone, or for everybody; while
Telegram cannot be reached nobody is sent to. Knows nothing of Telegram's formats.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from bot.app.backoff import wait_event
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
from bot.app.rate_limits import ChatRateLimiter
from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import BroadcastSender, Recipient, RecipientRepository, StatusUpdate
from bot.broadcast.run import BroadcastRun, StatusWriter, recipients_to_send
from bot.broadcast.throttle import BroadcastThrottle
from bot.core.dates import night_of

FRESH = 1.0
"""Seconds for which what is known of a recipient holds: then it is looked up once more before they are sent to."""
NIGHT_LOOK = 20.0
"""Seconds between two looks whether the night is over."""
OPTED_OUT, LEFT = "wants no announcements", "left before it was sent"


class SendLoop:
    """What all broadcasts share on the way out: the lane, the room in each chat, the night."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        recipients_repository: RecipientRepository,
        sender: BroadcastSender,
        throttle: BroadcastThrottle,
        per_chat: ChatRateLimiter,
        *,
        left: Callable[[int], None],
        office_time: Callable[[], datetime],
        paid: bool = False,
    ) -> None:
        self._roll = recipients_repository
        self._herald = sender
        self._lane = throttle
        self._per_chat = per_chat
        self._left = left
        self._now = office_time
        self._paid = paid

    async def carry(self, rounds: BroadcastRun) -> bool:
        """Send to everybody whose turn it is. Returns whether nobody is left, False: it was halted before that.

        Raises what made it impossible to go on, when all who were on the wire are heard of.
        """
        status_writer = StatusWriter(self._roll, rounds.plan.number)
        rounds.began = asyncio.get_running_loop().time()
        try:
            try:
                async for recipient, known_at in recipients_to_send(self._roll, rounds):
                    await self._serve(rounds, recipient, known_at, status_writer)
            except Exception as error:  # noqa: BLE001 — whatever it is, it must not leave anybody on the wire
                rounds.fails(error)
            while rounds.on_wire:
                await asyncio.wait(rounds.on_wire)
        except BaseException:
            # The process has to end now. Who is on the wire is `sending` on the disk, and nobody gets it twice.
            for task in rounds.on_wire:
                task.cancel()
            raise
        await status_writer.close()
        if rounds.error:
            raise rounds.error
        return not rounds.halted.is_set()

    async def _serve(
        self, rounds: BroadcastRun, recipient: Recipient, known_at: float, status_writer: StatusWriter
    ) -> None:
        """Send, beside others, when their turn has come; unless they are not to get it, or not now."""
        if self._spared(rounds, recipient, status_writer) or self._put_off(rounds, recipient):
            return
        if not await self._enter(rounds):
            return
        sure = None
        try:
            sure = await self._as_known(rounds, recipient, known_at, status_writer)
        finally:
            if sure is None:
                self._lane.leave()
        if sure:
            task = asyncio.create_task(self._send(rounds, sure, status_writer))
            rounds.on_wire.add(task)
            task.add_done_callback(rounds.on_wire.discard)

    async def _enter(self, rounds: BroadcastRun) -> bool:
        """Wait for a turn by day; returns False when it was halted before that."""
        while not rounds.halted.is_set():
            await self._daylight(rounds)
            if not await self._lane.enter(rounds.halted):
                return False
            if not self._night(rounds):
                return True
            self._lane.leave()  # night fell while this waited
        return False

    async def _as_known(
        self, rounds: BroadcastRun, recipient: Recipient, known_at: float, status_writer: StatusWriter
    ) -> Recipient | None:
        """The recipient as they are known now that their turn has come; None where they are not to get it (now)."""
        loop = asyncio.get_running_loop()
        if loop.time() - known_at > FRESH:
            # They waited for long enough to leave, or to want no more announcements.
            recipient = await self._roll.known(recipient)
            if self._spared(rounds, recipient, status_writer):
                return None
        if rounds.halted.is_set() or self._put_off(rounds, recipient):
            return None
        self._per_chat.wait_for(recipient.chat_id, loop.time(), edit=False)
        return recipient

    @staticmethod
    def _spared(rounds: BroadcastRun, recipient: Recipient, status_writer: StatusWriter) -> bool:
        """Whether they left or want no announcements, which is noted."""
        if recipient.left or not recipient.wanted:
            status = RecipientStatus.BLOCKED if recipient.left else RecipientStatus.SKIPPED
            status_writer.soon(StatusUpdate(recipient.chat_id, status, error=LEFT if recipient.left else OPTED_OUT))
            rounds.moved(recipient.status, status)
            return True
        return False

    def _put_off(self, rounds: BroadcastRun, recipient: Recipient) -> bool:
        """Whether their chat has no room just now; then they come up again when it has."""
        now = asyncio.get_running_loop().time()
        if wait := self._per_chat.idle_in(recipient.chat_id, now):
            rounds.defer(recipient, now + wait)
        return bool(wait)

    def _night(self, rounds: BroadcastRun) -> datetime | None:
        """The end of the night that it is, where an admin did not insist for this one."""
        night = night_of(self._now())
        return None if night in rounds.nights else night

    async def _daylight(self, rounds: BroadcastRun) -> None:
        """Wait for the morning, unless an admin insisted for this night."""
        while (night := self._night(rounds)) and not rounds.halted.is_set():
            rounds.resting = night
            await wait_event(rounds.halted, min(NIGHT_LOOK, (night - self._now()).total_seconds()))
        rounds.resting = None

    async def _send(self, rounds: BroadcastRun, recipient: Recipient, status_writer: StatusWriter) -> None:
        """One recipient: marked, sent, and what came of it noted."""
        rounds.moved(recipient.status, RecipientStatus.SENDING)
        try:
            await status_writer.now(StatusUpdate(recipient.chat_id, RecipientStatus.SENDING))
            entry = await self._sent(rounds, recipient)
            status_writer.soon(entry)
            rounds.moved(RecipientStatus.SENDING, entry.status)
            rounds.done += entry.status not in rounds.statuses
        except Exception as error:  # noqa: BLE001 — a note that cannot be written, or our own code: see `carry`
            rounds.fails(error)
        finally:
            self._lane.leave()

    async def _sent(self, rounds: BroadcastRun, recipient: Recipient) -> StatusUpdate:
        """Put it on the wire, unless it was halted or all were flooded while the mark was written."""
        chat_id = recipient.chat_id
        if rounds.halted.is_set() or self._lane.floods.pause():
            rounds.defer(recipient, asyncio.get_running_loop().time())
            return StatusUpdate(chat_id, recipient.status)
        prepared = rounds.prepared.get(recipient.locale) or next(iter(rounds.prepared.values()))
        try:
            message_id = await self._herald.send(prepared, chat_id, paid=self._paid)
        except SendError as error:
            return self._failed(rounds, recipient, error)
        self._lane.breaker.good()
        self._lane.floods.went()
        return StatusUpdate(chat_id, RecipientStatus.SENT, message_id)

    def _failed(self, rounds: BroadcastRun, recipient: Recipient, error: SendError) -> StatusUpdate:
        """What a failure makes of the recipient, and of those who come after."""
        chat_id, why = recipient.chat_id, str(error)[:200]
        now = asyncio.get_running_loop().time()
        if isinstance(error, NotSentError | MaybeSentError):
            self._lane.breaker.bad(why)
        else:
            self._lane.breaker.good()
        match error:
            case FloodedError(retry_after=wait):
                self._lane.floods.struck(chat_id, wait, bulk=True)
                rounds.defer(recipient, now + wait + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret
                return StatusUpdate(chat_id, recipient.status)
            case ChatGoneError():
                self._left(chat_id)
                return StatusUpdate(chat_id, RecipientStatus.FAILED, error=why)
            case ChatLeftError():
                self._left(chat_id)
                return StatusUpdate(chat_id, RecipientStatus.BLOCKED, error=why)
            case UnpaidError():
                rounds.unpaid = True
                rounds.halted.set()
                return StatusUpdate(chat_id, recipient.status)
            case NotSentError():
                rounds.defer(recipient, now)
                return StatusUpdate(chat_id, recipient.status)
            case MessageRefusedError():
                return StatusUpdate(chat_id, RecipientStatus.FAILED, error=why)
            case _:
                return StatusUpdate(chat_id, RecipientStatus.UNKNOWN, error=why)
