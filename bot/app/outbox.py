"""The one way out: every message, in order per chat, paced, tried until it is surely sent or surely refused.

A delivery is stored before it comes here and its row goes when the messenger has said what became of it, so a kill
in between sends it again: a duplicate is better than a loss, and an edit that is made twice is one edit. A chat's
flood wait stops that chat alone; floods in many chats at once slow everybody. Knows nothing of Telegram's formats.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Iterable

from bot.app.backoff import Backoff
from bot.app.failpoints import reach
from bot.app.ports import (
    ChatLeftError,
    EditLostError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    Messenger,
    NotSentError,
    Receipt,
    Store,
)
from bot.app.rate_limits import ChatRateLimiter, FloodControl, GlobalRateLimiter
from bot.app.reachability import ReachabilityLog
from bot.app.records import Change, Delivery, Kind
from bot.logs import scrubbed

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
TRIES = 3
"""How often a delivery is tried on which our own code fails."""


class Outbox:
    """All messages on their way."""

    def __init__(
        self, store: Store, messenger: Messenger, overall: GlobalRateLimiter, per_chat: ChatRateLimiter
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._overall = overall
        self._per_chat = per_chat
        self._queues: dict[int, deque[Delivery]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._on_wire: set[int] = set()
        self.floods = FloodControl(overall, per_chat)
        self._stopping = False
        self._reachability = ReachabilityLog("Telegram (sending)")
        self.refused: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        """Chats whose prepared message was refused, and the messenger's reason."""
        self.sent = 0
        self.failed = 0

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """Take over what was just stored."""
        for delivery in deliveries:
            queue = self._queues.setdefault(delivery.chat_id, deque())
            self._drop_replaced(delivery, queue)
            queue.append(delivery)
            if delivery.chat_id not in self._tasks and not self._stopping:
                task = asyncio.create_task(self._empty(delivery.chat_id, queue))
                self._tasks[delivery.chat_id] = task

    def forget(self, chat_id: int) -> None:
        """Drop what waits for a chat that has left. The store drops its rows with the same change."""
        if queue := self._queues.get(chat_id):
            queue.clear()

    @property
    def overall(self) -> GlobalRateLimiter:
        """The pace that everything shares which goes out."""
        return self._overall

    @property
    def per_chat(self) -> ChatRateLimiter:
        """The room in each chat, which everything shares that goes there."""
        return self._per_chat

    def typing(self, chat_id: int) -> asyncio.Task[None]:
        """Show that the bot is at work; lost if it cannot be shown now."""
        return asyncio.create_task(self._messenger.typing(chat_id))

    @property
    def waiting(self) -> int:
        """How many deliveries are not sent yet."""
        return sum(len(queue) for queue in self._queues.values())

    async def stop(self, grace: float) -> None:
        """Finish what is on the wire, within `grace` seconds; the rest stays stored."""
        self._stopping = True
        tasks = set(self._tasks.values())
        for chat_id, task in self._tasks.items():
            if chat_id not in self._on_wire:
                task.cancel()
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    def _drop_replaced(self, delivery: Delivery, queue: deque[Delivery]) -> None:
        """Of the edits that amend one message only the newest waits; the first of the queue may be in flight."""
        if not delivery.amends:
            return
        for each in tuple(queue)[1:]:
            if each.amends and each.target == delivery.target:
                queue.remove(each)
                self._store.commit_soon(Change(sent=(each.id,)))

    async def _empty(self, chat_id: int, queue: deque[Delivery]) -> None:
        loop = asyncio.get_running_loop()
        try:
            while queue and not self._stopping:
                delivery = queue[0]
                if _outdated(delivery, queue):
                    queue.popleft()
                    self._store.commit_soon(Change(sent=(delivery.id,)))
                    continue
                if wait := self._per_chat.wait_for(chat_id, loop.time(), edit=delivery.kind is Kind.EDIT):
                    await asyncio.sleep(wait)
                await self._send(delivery, queue)
        finally:
            del self._tasks[chat_id]
            if not queue:
                del self._queues[chat_id]

    async def _send(self, delivery: Delivery, queue: deque[Delivery]) -> None:
        """Send the first of the queue until it is settled, then take it off."""
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        failed_before = 0
        while not self._stopping:
            await (self._overall.edit() if delivery.kind is Kind.EDIT else self._overall.turn(delivery.urgency))
            if not queue or queue[0] is not delivery:
                return  # the chat left while this waited
            last = max(each.id for each in queue)
            self._on_wire.add(delivery.chat_id)
            try:
                receipt = await self._attempt(delivery)
            except FloodedError as flood:
                self._on_wire.discard(delivery.chat_id)
                await self._flooded(delivery, flood.retry_after)
                continue
            except (NotSentError, MaybeSentError) as error:
                self._on_wire.discard(delivery.chat_id)
                self._reachability.failed(str(error))
                await asyncio.sleep(backoff.pause())
                _step_aside(delivery, queue)
                continue
            except ChatLeftError:
                self._drop(delivery.chat_id, queue, last)
                return
            except MessageRefusedError as error:
                self.failed += 1
                log.error("delivery %d (%s) was refused: %s", delivery.id, delivery.kind, error)  # noqa: TRY400
                receipt = Receipt()
            except Exception as error:
                failed_before += 1
                if failed_before < TRIES:
                    await asyncio.sleep(backoff.pause())
                    continue
                self.failed += 1
                log.exception(
                    "delivery %d (%s) is given up, our own code fails on it: %s",
                    delivery.id,
                    delivery.kind,
                    type(error).__name__,
                    exc_info=scrubbed(error),
                )
                receipt = Receipt()
            finally:
                self._on_wire.discard(delivery.chat_id)
            reach("delivery sent")
            self._reachability.succeeded()
            self.floods.went(edit=delivery.kind is Kind.EDIT)
            self.sent += 1
            if queue and queue[0] is delivery:
                queue.popleft()
            picture = (delivery.message.qr_link, receipt.file_id) if receipt.file_id else None
            known = (picture[0], picture[1]) if picture and picture[0] else None
            self._store.commit_soon(Change(sent=(delivery.id,), picture=known))
            return

    def _drop(self, chat_id: int, queue: deque[Delivery], last: int) -> None:
        """The chat has left: drop all up to `last`. What was queued while we heard of it is for one who returned."""
        dropped = tuple(each.id for each in queue if each.id <= last)
        later = [each for each in queue if each.id > last]
        queue.clear()
        queue.extend(later)
        self._store.commit_soon(Change(sent=dropped) if queue else Change(left=chat_id))

    async def _attempt(self, delivery: Delivery) -> Receipt:
        link = delivery.message.qr_link
        file_id = await self._store.picture(link) if delivery.kind is Kind.PICTURE and link else None
        try:
            return await self._messenger.deliver(delivery, file_id)
        except EditLostError:
            if delivery.amends:
                return Receipt()
            # The screen is gone from the phone: show it anew rather than not at all.
            return await self._messenger.deliver(_anew(delivery), None)
        except MessageRefusedError as error:
            if delivery.amends:
                return Receipt()
            if delivery.kind is Kind.PREPARED:
                self.refused.put_nowait((delivery.chat_id, str(error)))
            if file_id is None:
                raise
            return await self._messenger.deliver(delivery, None)

    async def _flooded(self, delivery: Delivery, retry_after: float) -> None:
        self.floods.struck(delivery.chat_id, retry_after, edit=delivery.kind is Kind.EDIT)
        await asyncio.sleep(retry_after + random.uniform(0, 0.1))  # noqa: S311 — jitter, not a secret


def _step_aside(delivery: Delivery, queue: deque[Delivery]) -> None:
    """A file that does not get through lets the messages behind it pass; its place among them does not matter."""
    if delivery.kind is Kind.DOCUMENT and queue and queue[0] is delivery:
        queue.rotate(-1)


def _outdated(delivery: Delivery, queue: deque[Delivery]) -> bool:
    """A later edit of the same message waits right behind: only that one is worth a call."""
    if delivery.kind is not Kind.EDIT or len(queue) < 2:  # noqa: PLR2004 — itself and one more
        return False
    follower = queue[1]
    return follower.kind is Kind.EDIT and follower.target == delivery.target


def _anew(delivery: Delivery) -> Delivery:
    return Delivery(
        id=delivery.id,
        chat_id=delivery.chat_id,
        kind=Kind.SEND,
        message=delivery.message,
        screen=delivery.screen,
        urgency=delivery.urgency,
    )
