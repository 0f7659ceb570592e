"""Sends every message: in order per chat, rate-limited, retried until Telegram accepts it or finally refuses it.

A delivery is stored before it comes here, and its row is deleted when its outcome is known. After a kill in between it
is sent again: a duplicate is better than a loss, and a repeated edit is not visible. Outdated deliveries are dropped,
so that few wait even in a limited chat. A 429 of one chat delays that chat only; 429s of many chats at once delay all.
Knows nothing of Telegram's formats.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.app.backoff import Backoff, wait_event
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
from bot.app.records import Change, Delivery, Kind, TicketMessage
from bot.logs import scrubbed
from bot.views.plain import without_markup

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
PICTURES = frozenset({Kind.PICTURE, Kind.NEW_PICTURE})
OVERTAKEN = PICTURES | {Kind.DOCUMENT}
"""Kinds that let later messages pass while they fail, because their order does not matter. So do edits of older
messages (`Delivery.amends`)."""
EDIT_TRIES = 5
"""How often an edit of the present screen is tried before the screen is sent as a new message."""
PICTURE_TRIES = 5
"""How often a picture is tried, and an admin's preview. The ticket is complete without it and can be opened again."""
OWN_TRIES = 3
"""How often a delivery is tried if our own code fails on it."""
OUTAGE = 3
"""If messages to so many chats in a row fail, it is an outage."""
STALLED = 600.0
"""Seconds after which operators are told of a waiting message."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A delivery that waits since `since` and is not tried before `due` (both in the loop's time)."""

    delivery: Delivery
    since: float
    due: float = 0.0
    tries: int = 0
    own_failures: int = 0
    backoff: Backoff | None = None
    is_reported: bool = False

    def put_off(self, now: float) -> None:
        """Try it again after a while, each time a longer one."""
        self.backoff = self.backoff or Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self.due = now + self.backoff.pause()


@dataclass(slots=True, eq=False)
class _Queue:
    """The waiting deliveries of one chat, in order, and the one being sent."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    sending: _Waiting | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def first(self, now: float) -> _Waiting | None:
        """The delivery to send next: the first, unless others may pass it and it is not due.

        A later edit of the same message does not pass an earlier one, or the older words would be left in the end.
        """
        passed: list[_Waiting] = []
        for each in self.waiting:
            target = each.delivery.target
            if target is not None and any(target == other.delivery.target for other in passed):
                continue
            if each.due <= now or not _may_be_passed(each.delivery):
                return each
            passed.append(each)
        return min(passed, key=lambda each: each.due, default=None)

    def drop(self, item: _Waiting) -> None:
        """It waits no more."""
        if self.waiting and self.waiting[0] is item:
            self.waiting.popleft()
        elif item in self.waiting:  # not when the chat left meanwhile
            self.waiting.remove(item)


class Outbox:
    """All deliveries that are not sent yet."""

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        global_limiter: GlobalRateLimiter,
        chat_limiter: ChatRateLimiter,
        *,
        office_time: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._office_time = office_time
        self._messenger = messenger
        self._global_limiter = global_limiter
        self._chat_limiter = chat_limiter
        self._queues: dict[int, _Queue] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.floods = FloodControl(global_limiter, chat_limiter)
        self._stopping = False
        self._reachability = ReachabilityLog("Telegram (sending)", failures=1)
        self._failing: set[int] = set()
        """The chats to which a message failed since one last got through."""
        self.refused: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        """Chats whose prepared message was refused, and the messenger's reason."""
        self.sent = 0
        self.failed = 0
        self.outdated = 0
        """Messages that were dropped because they waited until they were too late or untrue."""

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """Accept deliveries that were just stored."""
        now = asyncio.get_running_loop().time()
        for delivery in deliveries:
            chat_id = delivery.chat_id
            queue = self._queues.get(chat_id)
            if queue is None:
                queue = self._queues[chat_id] = _Queue()
            elif queue.waiting:
                self._drop_replaced(delivery, queue)
            queue.waiting.append(_Waiting(delivery, now))
            queue.arrived.set()
            if chat_id not in self._tasks and not self._stopping:
                self._tasks[chat_id] = asyncio.create_task(self._send_all(chat_id, queue))

    def forget(self, chat_id: int) -> None:
        """Drop the deliveries of a chat that blocked the bot. The store deletes their rows in the same change."""
        if queue := self._queues.get(chat_id):
            queue.waiting.clear()

    @property
    def global_limiter(self) -> GlobalRateLimiter:
        """The rate limiter of all messages."""
        return self._global_limiter

    @property
    def chat_limiter(self) -> ChatRateLimiter:
        """The rate limiter of each chat."""
        return self._chat_limiter

    def typing(self, chat_id: int) -> asyncio.Task[None]:
        """Show *typing* in the chat; skipped if the rate limit does not allow it now."""
        return asyncio.create_task(self._messenger.typing(chat_id))

    @property
    def waiting(self) -> int:
        """The number of deliveries that are not sent yet."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    @property
    def stalled(self) -> int:
        """The number of chats whose oldest message has waited for `STALLED` seconds."""
        since = asyncio.get_running_loop().time() - STALLED
        return sum(bool(queue.waiting) and queue.waiting[0].since <= since for queue in self._queues.values())

    async def stop(self, grace: float) -> None:
        """Finish what is being sent, within `grace` seconds; the rest stays stored."""
        self._stopping = True
        tasks = set(self._tasks.values())
        for chat_id, task in self._tasks.items():
            if not self._queues[chat_id].sending:
                task.cancel()
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    def _drop_replaced(self, delivery: Delivery, queue: _Queue) -> None:
        """Drop waiting deliveries that this one makes outdated."""
        replaced = [
            each for each in queue.waiting if each is not queue.sending and _is_replaced(each.delivery, delivery)
        ]
        for each in replaced:
            queue.drop(each)
        if replaced:
            self._store.commit_soon(Change(sent=tuple(each.delivery.id for each in replaced)))

    async def _send_all(self, chat_id: int, queue: _Queue) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (item := queue.first(loop.time())) and not self._stopping:
                if (wait := item.due - loop.time()) > 0:
                    queue.arrived.clear()
                    await wait_event(queue.arrived, wait)
                    continue
                is_edit = item.delivery.kind is Kind.EDIT
                if wait := self._chat_limiter.wait_for(chat_id, loop.time(), edit=is_edit):
                    await asyncio.sleep(wait)
                await (self._global_limiter.edit() if is_edit else self._global_limiter.acquire(item.delivery.urgency))
                # Meanwhile it may have been replaced, or the chat may have left.
                if (item := queue.first(loop.time())) and item.due <= loop.time() and not self._stopping:
                    await self._send(item, queue)
        finally:
            del self._tasks[chat_id]
            if not queue.waiting:
                del self._queues[chat_id]

    async def _send(self, item: _Waiting, queue: _Queue) -> None:
        """Try once to send it; remove it from the queue when its outcome is final."""
        delivery = item.delivery
        newest = max(each.delivery.id for each in queue.waiting)
        queue.sending = item
        try:
            is_late = delivery.not_after is not None and self._office_time() > delivery.not_after
            unchanged = await self._unchanged(delivery)
            if is_late or len(unchanged) < len(delivery.about):
                self.outdated += 1
                queue.drop(item)
                # The citizen is still reminded of the others that the message was about.
                self._store.commit_soon(Change(sent=(delivery.id,), rearmed=() if is_late else unchanged))
                return
            reach("before delivery")
            receipt = await self._deliver(delivery)
        except FloodedError as flood:
            self.floods.limited(delivery.chat_id, flood.retry_after, edit=delivery.kind is Kind.EDIT)
            jitter = random.uniform(0, 0.1)  # noqa: S311 — not a secret
            item.due = asyncio.get_running_loop().time() + flood.retry_after + jitter
        except (NotSentError, MaybeSentError) as error:
            self._not_sent(item, queue, error)
        except ChatLeftError:
            self._leave(delivery.chat_id, queue, newest)
        except MessageRefusedError as error:
            self.failed += 1
            log.error("delivery %d (%s) was refused: %s", delivery.id, delivery.kind, error)  # noqa: TRY400
            self._settled(item, queue, Receipt())
        except Exception as error:  # noqa: BLE001 — whatever our own code raises, the chat must continue
            self._own_failure(item, queue, error)
        else:
            self._settled(item, queue, receipt)
        finally:
            queue.sending = None

    def _settled(self, item: _Waiting, queue: _Queue, receipt: Receipt) -> None:
        """It was sent, or never will be."""
        reach("delivery sent")
        delivery = item.delivery
        self._failing.clear()
        self._reachability.succeeded()
        self.floods.succeeded(edit=delivery.kind is Kind.EDIT)
        self.sent += 1
        queue.drop(item)
        link = delivery.message.qr_link
        known = (link, receipt.file_id) if link and receipt.file_id else None
        number = receipt.message_id or delivery.target
        ticket = None
        if delivery.ticket is not None and number:
            ticket = TicketMessage(delivery.chat_id, number, delivery.ticket, delivery.message.qr_link is not None)
        calendar = delivery.calendar if receipt.message_id else None
        self._store.commit_soon(Change(sent=(delivery.id,), picture=known, ticket_message=ticket, calendar=calendar))

    def _not_sent(self, item: _Waiting, queue: _Queue, error: NotSentError | MaybeSentError) -> None:
        """Handle a failed try: try again, give up a picture, or send a screen as a new message."""
        now, kind = asyncio.get_running_loop().time(), item.delivery.kind
        # In an outage nothing can be sent, so it does not count against the picture or the edit.
        item.tries += isinstance(error, MaybeSentError)
        if kind in PICTURES | {Kind.PREPARED} and item.tries >= PICTURE_TRIES:
            self.failed += 1
            what = "preview" if kind is Kind.PREPARED else "picture"
            log.warning("a %s is given up after %d tries: %s", what, item.tries, error)
            if kind is Kind.PREPARED:
                self.refused.put_nowait((item.delivery.chat_id, str(error)))
            queue.drop(item)
            self._store.commit_soon(Change(sent=(item.delivery.id,)))
            return
        if kind is Kind.EDIT and not item.delivery.amends and item.tries >= EDIT_TRIES:
            item.delivery = replace(item.delivery, kind=Kind.SEND, target=None)
        item.put_off(now)
        if now - item.since >= STALLED and not item.is_reported:
            item.is_reported = True
            log.warning("the oldest message of a chat has waited for ten minutes: %s", error)
        if not _may_be_passed(item.delivery):
            self._failing.add(item.delivery.chat_id)
        if len(self._failing) >= OUTAGE:
            self._reachability.failed(str(error))

    def _own_failure(self, item: _Waiting, queue: _Queue, error: Exception) -> None:
        """Handle a failure of our own code: try again, then without markup and buttons, then give up."""
        item.own_failures += 1
        delivery = item.delivery
        if item.own_failures <= OWN_TRIES:
            item.put_off(asyncio.get_running_loop().time())
            if item.own_failures == OWN_TRIES and delivery.kind in {Kind.SEND, Kind.EDIT}:
                item.delivery = replace(delivery, kind=Kind.SEND, target=None, message=without_markup(delivery.message))
            return
        self.failed += 1
        name, trace = type(error).__name__, scrubbed(error)
        words = "delivery %d (%s) is given up, our own code fails on it: %s"
        log.error(words, delivery.id, delivery.kind, name, exc_info=trace)
        self._settled(item, queue, Receipt())

    def _leave(self, chat_id: int, queue: _Queue, newest: int) -> None:
        """The chat has left: drop all up to `newest`. What was queued later is for a chat that returned."""
        dropped = [each for each in queue.waiting if each.delivery.id <= newest]
        for each in dropped:
            queue.drop(each)
        numbers = tuple(each.delivery.id for each in dropped)
        self._store.commit_soon(Change(sent=numbers) if queue.waiting else Change(left=chat_id))

    async def _unchanged(self, delivery: Delivery) -> tuple[int, ...]:
        """The appointments that it is about which have not changed while it waited."""
        entries = [(await self._store.entry(number), version) for number, version in delivery.about]
        return tuple(entry.appointment_id for entry, version in entries if entry and entry.version == version)

    async def _deliver(self, delivery: Delivery) -> Receipt:
        link = delivery.message.qr_link
        file_id = await self._store.picture(link) if delivery.kind is Kind.PICTURE and link else None
        try:
            return await self._messenger.deliver(delivery, file_id)
        except (EditLostError, MessageRefusedError) as error:
            return await self._deliver_otherwise(delivery, file_id, error)

    async def _deliver_otherwise(self, delivery: Delivery, file_id: str | None, error: Exception) -> Receipt:
        """The replacement of a refused delivery. Raises `MessageRefusedError` if there is none."""
        match delivery.kind:
            case Kind.EDIT if delivery.amends:
                return Receipt()
            case Kind.EDIT:
                # The message cannot be edited: send the screen as a new one.
                return await self._deliver(replace(delivery, kind=Kind.SEND, target=None))
            case Kind.SEND:
                log.error("a message was refused and is sent without markup and buttons: %s", error)
                plain = replace(delivery, message=without_markup(delivery.message))
                return await self._messenger.deliver(plain, None)
            case Kind.VENUE:
                return await self._deliver(replace(delivery, kind=Kind.SEND))
            case Kind.PICTURE if file_id is not None:
                return await self._messenger.deliver(delivery, None)
            case Kind.PREPARED:
                self.refused.put_nowait((delivery.chat_id, str(error)))
        raise error


def _may_be_passed(delivery: Delivery) -> bool:
    return delivery.kind in OVERTAKEN or (delivery.kind is Kind.EDIT and delivery.amends)


def _is_replaced(old: Delivery, new: Delivery) -> bool:
    """Whether a newer delivery makes an older one outdated.

    Only the newest counts: of the screens, of the edits of one message, of equal messages, of files with one name.
    """
    if old.screen is not None and new.screen is not None:
        return True
    if new.supersedes is not None and old.ticket == new.supersedes and old.kind is not Kind.EDIT:
        # The QR code of an appointment that the office moved still holds; that of a cancelled one does not.
        return old.kind is Kind.SEND or (old.kind in PICTURES and new.ticket != old.ticket)
    if old.kind is Kind.EDIT or new.kind is Kind.EDIT:
        return old.kind is new.kind and old.target == new.target and old.amends == new.amends
    if old.kind is Kind.DOCUMENT:
        return new.kind is Kind.DOCUMENT and old.document == new.document
    if old.kind not in {Kind.SEND, Kind.VENUE, *PICTURES} or old.screen is not None:
        return False
    return old.kind is new.kind and old.message == new.message
