"""Recalls a broadcast: deletes its messages, as long as Telegram allows it. Deleting twice does no harm.

A message that cannot be deleted stays `sent`, with the reason. For one that is too old no call is made. Knows nothing
of Telegram's formats.
"""

import asyncio
import time

from bot.app.circuit_breaker import Call
from bot.app.ports import FloodedError, MaybeSentError, NotSentError, SendError
from bot.app.rate_limits import ChatRateLimiter
from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import BroadcastSender, Recipient, RecipientRepository, StatusUpdate
from bot.broadcast.run import BroadcastRun, StatusWriter, recipients_to_send
from bot.broadcast.throttle import BroadcastThrottle

MAX_RECALLS_IN_FLIGHT = 50
"""Calls at once."""
DELETABLE = 48 * 3600.0
"""Seconds for which a bot may delete what it sent (Bot API, `deleteMessage`)."""
RETRY_AFTER = 2.0
"""Seconds before a call that got no answer is made again."""
TOO_OLD, NO_ID, ALREADY_DELETED = "older than 48 hours", "its number is unknown", "it was gone already"
"""Reasons, for the report."""


class Recaller:
    """Recalls broadcasts, at their sending rate."""

    def __init__(
        self,
        recipients: RecipientRepository,
        sender: BroadcastSender,
        throttle: BroadcastThrottle,
        chat_limiter: ChatRateLimiter,
    ) -> None:
        self._recipients = recipients
        self._sender = sender
        self._throttle = throttle
        self._chat_limiter = chat_limiter

    async def recall_all(self, run: BroadcastRun) -> bool:
        """Delete all messages. Returns whether every recipient was processed; False: it was halted.

        Raises the error that made it impossible to go on, after all calls in flight are answered.
        """
        status_writer = StatusWriter(self._recipients, run.plan.number)
        run.began = asyncio.get_running_loop().time()
        unconfirmed: set[int] = set()
        try:
            async for recipient, _ in recipients_to_send(self._recipients, run):
                if recipient.at < time.time() - DELETABLE:
                    self._keep(run, recipient, status_writer, TOO_OLD)
                elif not recipient.message_id:
                    self._keep(run, recipient, status_writer, NO_ID)
                elif not self._deferred(run, recipient) and (call := await self._throttle.acquire(run.halted)):
                    task = asyncio.create_task(self._recall(run, recipient, status_writer, unconfirmed, call))
                    run.in_flight.add(task)
                    task.add_done_callback(run.in_flight.discard)
            while run.in_flight:
                await asyncio.wait(run.in_flight)
        finally:
            for task in run.in_flight:
                task.cancel()
        await status_writer.close()
        if run.error:
            raise run.error
        return not run.halted.is_set()

    def _deferred(self, run: BroadcastRun, recipient: Recipient) -> bool:
        now = asyncio.get_running_loop().time()
        if wait := self._chat_limiter.flood_left(recipient.chat_id, now):
            run.defer(recipient, now + wait)
        return bool(wait)

    async def _recall(
        self, run: BroadcastRun, recipient: Recipient, status_writer: StatusWriter, unconfirmed: set[int], call: Call
    ) -> None:
        """One message; in the chats of `unconfirmed` an earlier call may have deleted it."""
        chat_id, message_id = recipient.chat_id, recipient.message_id
        floods = self._throttle.floods
        now = asyncio.get_running_loop().time
        try:
            existed = await self._sender.recall(chat_id, message_id)
        except FloodedError as flood:
            call.answered()
            floods.limited(chat_id, flood.retry_after, bulk=True)
            run.defer(recipient, now() + flood.retry_after)
        except (NotSentError, MaybeSentError) as error:
            call.failed(str(error))
            if isinstance(error, MaybeSentError):
                unconfirmed.add(chat_id)
            run.defer(recipient, now() + RETRY_AFTER)
        except SendError as error:
            call.answered()
            self._keep(run, recipient, status_writer, str(error))
        except Exception as error:  # noqa: BLE001 — raised by `recall_all`
            run.abort(error)
        else:
            call.answered()
            floods.succeeded()
            why = None if existed or chat_id in unconfirmed else ALREADY_DELETED
            status_writer.record(StatusUpdate(chat_id, RecipientStatus.RECALLED, message_id, why))
            run.moved(RecipientStatus.SENT, RecipientStatus.RECALLED)
            run.done += 1
        finally:
            self._throttle.release(call)

    @staticmethod
    def _keep(run: BroadcastRun, recipient: Recipient, status_writer: StatusWriter, why: str) -> None:
        """Record that the message stays, and why."""
        status_writer.record(
            StatusUpdate(
                recipient.chat_id, RecipientStatus.SENT, recipient.message_id, f"cannot be recalled: {why}"[:200]
            )
        )
        run.unrecallable += 1
        run.done += 1
