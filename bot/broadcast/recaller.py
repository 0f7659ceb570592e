"""Takes a broadcast back: deletes its messages, for as long as Telegram still allows it. Deleting twice does no harm.

A message that cannot be deleted stays `sent`, with the reason: who has it still has it. One that is too old by our own
clock is not even asked for. Knows nothing of Telegram's formats.
"""

import asyncio
import time

from bot.app.ports import FloodedError, MaybeSentError, NotSentError, SendError
from bot.app.rate_limits import ChatRateLimiter
from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import BroadcastSender, Recipient, RecipientRepository, StatusUpdate
from bot.broadcast.run import BroadcastRun, StatusWriter, recipients_to_send
from bot.broadcast.throttle import BroadcastThrottle

AT_ONCE = 50
DELETABLE = 48 * 3600.0
"""Seconds for which a bot may delete what it sent (Bot API, `deleteMessage`)."""
PAUSE = 2.0
TOO_OLD, NO_NUMBER, WAS_GONE = "older than 48 hours", "its number is unknown", "it was gone already"


class Recaller:
    """All recalls, at the pace of broadcasts."""

    def __init__(
        self,
        recipients_repository: RecipientRepository,
        sender: BroadcastSender,
        throttle: BroadcastThrottle,
        per_chat: ChatRateLimiter,
    ) -> None:
        self._roll = recipients_repository
        self._herald = sender
        self._lane = throttle
        self._per_chat = per_chat

    async def carry(self, rounds: BroadcastRun) -> bool:
        """Take back from everybody. Returns whether all was tried; False: it was halted before that.

        Raises what made it impossible to go on, when all that were on the wire are heard of.
        """
        status_writer = StatusWriter(self._roll, rounds.plan.number)
        rounds.began = asyncio.get_running_loop().time()
        maybe: set[int] = set()
        try:
            async for recipient, _ in recipients_to_send(self._roll, rounds):
                if recipient.at < time.time() - DELETABLE:
                    self._kept(rounds, recipient, status_writer, TOO_OLD)
                elif not recipient.message_id:
                    self._kept(rounds, recipient, status_writer, NO_NUMBER)
                elif not self._put_off(rounds, recipient) and await self._lane.enter(rounds.halted):
                    task = asyncio.create_task(self._recall(rounds, recipient, status_writer, maybe))
                    rounds.on_wire.add(task)
                    task.add_done_callback(rounds.on_wire.discard)
            while rounds.on_wire:
                await asyncio.wait(rounds.on_wire)
        finally:
            for task in rounds.on_wire:
                task.cancel()
        await status_writer.close()
        if rounds.error:
            raise rounds.error
        return not rounds.halted.is_set()

    def _put_off(self, rounds: BroadcastRun, recipient: Recipient) -> bool:
        now = asyncio.get_running_loop().time()
        if wait := self._per_chat.flood_left(recipient.chat_id, now):
            rounds.defer(recipient, now + wait)
        return bool(wait)

    async def _recall(
        self, rounds: BroadcastRun, recipient: Recipient, status_writer: StatusWriter, maybe: set[int]
    ) -> None:
        """One message; `maybe` are the chats whose message an earlier try may have deleted."""
        chat_id, message_id = recipient.chat_id, recipient.message_id
        breaker, floods = self._lane.breaker, self._lane.floods
        now = asyncio.get_running_loop().time
        try:
            was_there = await self._herald.recall(chat_id, message_id)
        except FloodedError as flood:
            breaker.good()
            floods.struck(chat_id, flood.retry_after, bulk=True)
            rounds.defer(recipient, now() + flood.retry_after)
        except (NotSentError, MaybeSentError) as error:
            breaker.bad(str(error))
            if isinstance(error, MaybeSentError):
                maybe.add(chat_id)
            rounds.defer(recipient, now() + PAUSE)
        except SendError as error:
            breaker.good()
            self._kept(rounds, recipient, status_writer, str(error))
        except Exception as error:  # noqa: BLE001 — our own code: see `carry`
            rounds.fails(error)
        else:
            breaker.good()
            floods.went()
            why = None if was_there or chat_id in maybe else WAS_GONE
            status_writer.soon(StatusUpdate(chat_id, RecipientStatus.RECALLED, message_id, why))
            rounds.moved(RecipientStatus.SENT, RecipientStatus.RECALLED)
            rounds.done += 1
        finally:
            self._lane.leave()

    @staticmethod
    def _kept(rounds: BroadcastRun, recipient: Recipient, status_writer: StatusWriter, why: str) -> None:
        """It stays on the phone."""
        status_writer.soon(
            StatusUpdate(
                recipient.chat_id, RecipientStatus.SENT, recipient.message_id, f"cannot be recalled: {why}"[:200]
            )
        )
        rounds.kept += 1
        rounds.done += 1
