"""Sends one broadcast to its recipients: below all other traffic, many in flight at once, each at most once.

A recipient is marked `sending` on the disk before the call and gets the result after it, so nobody who is `sent` gets
the message again, whatever happens to the process. A flood limit holds back that chat, or everybody; while Telegram
cannot be reached nothing is sent. Knows nothing of Telegram's formats.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from bot.app.backoff import wait_event
from bot.app.circuit_breaker import Call
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
"""Seconds after which a recipient is read again before the message is sent."""
NIGHT_CHECK = 20.0
"""Seconds between two checks whether the night is over."""
OPTED_OUT, LEFT = "wants no announcements", "left before it was sent"
NOT_BOOKED = "has no such appointment any more"


class SendLoop:
    """Sends broadcasts. `on_left` is told the chats that blocked the bot or are gone."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        recipients: RecipientRepository,
        sender: BroadcastSender,
        throttle: BroadcastThrottle,
        chat_limiter: ChatRateLimiter,
        *,
        on_left: Callable[[int], None],
        office_time: Callable[[], datetime],
        paid: bool = False,
    ) -> None:
        self._recipients = recipients
        self._sender = sender
        self._throttle = throttle
        self._chat_limiter = chat_limiter
        self._on_left = on_left
        self._now = office_time
        self._paid = paid

    async def send_all(self, run: BroadcastRun) -> bool:
        """Send to all recipients of `run.statuses`. Returns whether nobody is left; False: it was halted.

        Raises the error that made it impossible to go on, after all calls in flight are answered.
        """
        status_writer = StatusWriter(self._recipients, run.plan.number)
        run.began = asyncio.get_running_loop().time()
        try:
            try:
                async for recipient, known_at in recipients_to_send(self._recipients, run):
                    await self._handle(run, recipient, known_at, status_writer)
            except Exception as error:  # noqa: BLE001 — raised below, after all calls in flight
                run.abort(error)
            while run.in_flight:
                await asyncio.wait(run.in_flight)
        except BaseException:
            # The process ends now. Those in flight are `sending` on the disk, so nobody gets it twice.
            for task in run.in_flight:
                task.cancel()
            raise
        await status_writer.close()
        if run.error:
            raise run.error
        return not run.halted.is_set()

    async def _handle(
        self, run: BroadcastRun, recipient: Recipient, known_at: float, status_writer: StatusWriter
    ) -> None:
        """Begin to send to one recipient when there is a turn; skip or defer those who must not get it, or not now."""
        if self._skipped(run, recipient, status_writer) or self._deferred(run, recipient):
            return
        if not (call := await self._acquire(run)):
            return
        current = None
        try:
            current = await self._refreshed(run, recipient, known_at, status_writer)
        finally:
            if current is None:
                self._throttle.release(call)
        if current:
            task = asyncio.create_task(self._send(run, current, status_writer, call))
            run.in_flight.add(task)
            task.add_done_callback(run.in_flight.discard)

    async def _acquire(self, run: BroadcastRun) -> Call | None:
        """Wait for a turn, in daytime or in an allowed night. None: halted before that."""
        while not run.halted.is_set():
            await self._wait_for_morning(run)
            call = await self._throttle.acquire(run.halted)
            if call is None or not self._night_end(run):
                return call
            self._throttle.release(call)  # night fell meanwhile
        return None

    async def _refreshed(
        self, run: BroadcastRun, recipient: Recipient, known_at: float, status_writer: StatusWriter
    ) -> Recipient | None:
        """The recipient as known at their turn; None if they must not get it, or not now."""
        loop = asyncio.get_running_loop()
        if loop.time() - known_at > FRESH:
            # Long enough to have left or opted out.
            recipient = await self._recipients.refresh(recipient)
            if self._skipped(run, recipient, status_writer):
                return None
        if run.halted.is_set() or self._deferred(run, recipient):
            return None
        if run.listed and not await self._recipients.is_booked(run.plan, recipient.chat_id, run.listed):
            # Cancelled or moved since: between the confirmation and the message there may be a night, or days.
            status_writer.record(StatusUpdate(recipient.chat_id, RecipientStatus.SKIPPED, error=NOT_BOOKED))
            run.moved(recipient.status, RecipientStatus.SKIPPED)
            return None
        self._chat_limiter.wait_for(recipient.chat_id, loop.time(), edit=False)
        return recipient

    @staticmethod
    def _skipped(run: BroadcastRun, recipient: Recipient, status_writer: StatusWriter) -> bool:
        """Whether they left or opted out; this is recorded."""
        if recipient.left or not recipient.wanted:
            status = RecipientStatus.BLOCKED if recipient.left else RecipientStatus.SKIPPED
            status_writer.record(StatusUpdate(recipient.chat_id, status, error=LEFT if recipient.left else OPTED_OUT))
            run.moved(recipient.status, status)
            return True
        return False

    def _deferred(self, run: BroadcastRun, recipient: Recipient) -> bool:
        """Whether their chat takes no message now; then they are deferred until it does."""
        now = asyncio.get_running_loop().time()
        if wait := self._chat_limiter.idle_in(recipient.chat_id, now):
            run.defer(recipient, now + wait)
        return bool(wait)

    def _night_end(self, run: BroadcastRun) -> datetime | None:
        """The end of the present night; None in daytime and in nights that an admin allowed."""
        night = night_of(self._now())
        return None if night in run.nights else night

    async def _wait_for_morning(self, run: BroadcastRun) -> None:
        """Wait until the night is over, or an admin allows it."""
        while (night := self._night_end(run)) and not run.halted.is_set():
            run.resumes_at = night
            await wait_event(run.halted, min(NIGHT_CHECK, (night - self._now()).total_seconds()))
        run.resumes_at = None

    async def _send(self, run: BroadcastRun, recipient: Recipient, status_writer: StatusWriter, call: Call) -> None:
        """Mark one recipient as `sending`, send, and record the result."""
        run.moved(recipient.status, RecipientStatus.SENDING)
        try:
            await status_writer.record_and_wait(StatusUpdate(recipient.chat_id, RecipientStatus.SENDING))
            result = await self._call(run, recipient, call)
            status_writer.record(result)
            run.moved(RecipientStatus.SENDING, result.status)
            run.done += result.status not in run.statuses
        except Exception as error:  # noqa: BLE001 — raised by `send_all`
            run.abort(error)
        finally:
            self._throttle.release(call)

    async def _call(self, run: BroadcastRun, recipient: Recipient, call: Call) -> StatusUpdate:
        """Make the call, unless the run was halted or sending was flooded while the mark was written."""
        chat_id = recipient.chat_id
        if run.halted.is_set() or self._throttle.floods.pause():
            run.defer(recipient, asyncio.get_running_loop().time())
            return StatusUpdate(chat_id, recipient.status)
        prepared = run.prepared.get(recipient.locale) or next(iter(run.prepared.values()))
        try:
            message_id = await self._sender.send(prepared, chat_id, paid=self._paid)
        except SendError as error:
            return self._failed(run, recipient, error, call)
        call.answered()
        self._throttle.floods.succeeded()
        return StatusUpdate(chat_id, RecipientStatus.SENT, message_id)

    def _failed(self, run: BroadcastRun, recipient: Recipient, error: SendError, call: Call) -> StatusUpdate:
        """The status after a failure, and what it means for the others."""
        chat_id, why = recipient.chat_id, str(error)[:200]
        now = asyncio.get_running_loop().time()
        if isinstance(error, NotSentError | MaybeSentError):
            call.failed(why)
        else:
            call.answered()
        match error:
            case FloodedError(retry_after=wait):
                self._throttle.floods.limited(chat_id, wait, bulk=True)
                run.defer(recipient, now + wait + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret
                return StatusUpdate(chat_id, recipient.status)
            case ChatGoneError():
                self._on_left(chat_id)
                return StatusUpdate(chat_id, RecipientStatus.FAILED, error=why)
            case ChatLeftError():
                self._on_left(chat_id)
                return StatusUpdate(chat_id, RecipientStatus.BLOCKED, error=why)
            case UnpaidError():
                run.unpaid = True
                run.halted.set()
                return StatusUpdate(chat_id, recipient.status)
            case NotSentError():
                run.defer(recipient, now)
                return StatusUpdate(chat_id, recipient.status)
            case MessageRefusedError():
                return StatusUpdate(chat_id, RecipientStatus.FAILED, error=why)
            case _:
                return StatusUpdate(chat_id, RecipientStatus.UNKNOWN, error=why)
