"""The queue of updates for the bot: numbered, confirmed by offset or by delivery, dropped when expired.

Knows nothing of an update but its number, its kind, its chat and its expiry.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.telegram.errors import TelegramError, conflict

JSON = dict[str, Any]

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that Telegram sends only if `allowed_updates` names them."""

MAX_TIMEOUT = 50
MESSAGES = frozenset({"message", "edited_message", "channel_post", "edited_channel_post"})
PRESSES, MEMBERSHIPS = 3 << 33, 5 << 33
"""The offset to the id of a user or chat that names the queue of their presses and of the bot's memberships."""


@dataclass(slots=True, eq=False)
class QueuedUpdate:
    """An update that is not confirmed yet; times are in seconds since the epoch.

    `queue`, `due`, `delay`, `failures` and `in_flight` are of its delivery to a webhook.
    """

    update_id: int
    expires: float
    update: JSON
    queue: int
    due: float
    delay: int = 1
    failures: int = 0
    in_flight: bool = False


class UpdateQueue:
    """The updates of one bot, oldest first."""

    def __init__(self, clock: Callable[[], float], first_id: int) -> None:
        self._clock = clock
        self._next_id = first_id
        self._queued: deque[QueuedUpdate] = deque()
        self._arrival = asyncio.Event()
        self._poller: asyncio.Future[None] | None = None
        self.allowed: frozenset[str] | None = None
        self.counts = {"created": 0, "confirmed": 0, "expired": 0, "not_allowed": 0}

    def __len__(self) -> int:
        return len(self._queued)

    def put(self, content: JSON, lives_seconds: float) -> JSON:
        """Number an update and queue it, unless its kind is not allowed; returns it in both cases.

        Content with an `update_id` of its own keeps it; that is how tests repeat and reorder updates.
        """
        update = {"update_id": content.get("update_id", self._next_id), **content}
        number: int = update["update_id"]
        self._next_id = max(self._next_id, number + 1)
        if not self._is_allowed(_kind_of(update)):
            self.counts["not_allowed"] += 1
            return update
        now = self._clock()
        self._queued.append(QueuedUpdate(number, now + lives_seconds, update, queue_of(update), now))
        self.counts["created"] += 1
        self._arrival.set()
        return update

    def _is_allowed(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    @property
    def is_polled(self) -> bool:
        """Tell whether a long poll is waiting."""
        return self._poller is not None

    def pending(self) -> list[JSON]:
        """Return the updates that are not expired."""
        self._expire()
        return [each.update for each in self._queued]

    def heads(self) -> Iterator[QueuedUpdate]:
        """Return the first update of each queue that has none in flight."""
        self._expire()
        busy = {each.queue for each in self._queued if each.in_flight}
        for each in self._queued:
            if each.queue not in busy:
                busy.add(each.queue)
                yield each

    def confirm(self, offset: int) -> None:
        """Remove all updates below `offset`; a negative one keeps only that many from the end."""
        if offset < 0:
            offset = self._queued[offset].update_id if len(self._queued) >= -offset else 0
        kept = deque(each for each in self._queued if each.update_id >= offset)
        self.counts["confirmed"] += len(self._queued) - len(kept)
        self._queued = kept

    def remove(self, queued: QueuedUpdate) -> None:
        """Remove an update that was delivered."""
        self._take_out(queued, "confirmed")

    def drop(self, queued: QueuedUpdate) -> None:
        """Remove an update that could not be delivered in time."""
        self._take_out(queued, "expired")

    def _take_out(self, queued: QueuedUpdate, outcome: str) -> None:
        if queued in self._queued:
            self._queued.remove(queued)
            self.counts[outcome] += 1

    async def get(self, offset: int, limit: int, timeout: float) -> list[JSON]:  # noqa: ASYNC109 — Telegram's word
        """Confirm below `offset` and return up to `limit` updates, waiting up to `timeout` seconds for the first.

        An older poll that still waits is ended with 409.
        """
        self.end_poll(
            conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
        )
        self.confirm(offset)
        self._expire()
        if not self._queued and timeout > 0:
            await self._wait(timeout)
            self._expire()
        return [self._queued[n].update for n in range(min(limit, len(self._queued)))]

    def end_poll(self, error: TelegramError) -> None:
        """End the long poll that waits, if any, with an error."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(error)

    async def _wait(self, seconds: float) -> None:
        self._arrival.clear()
        me = self._poller = asyncio.get_running_loop().create_future()
        arrival = asyncio.ensure_future(self._arrival.wait())
        try:
            await asyncio.wait({me, arrival}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if me.done():
                me.result()
        finally:
            arrival.cancel()
            if self._poller is me:
                self._poller = None
            if not me.done():
                me.cancel()

    def _expire(self) -> None:
        now = self._clock()
        if any(each.expires <= now for each in self._queued):
            kept = deque(each for each in self._queued if each.expires > now or each.in_flight)
            self.counts["expired"] += len(self._queued) - len(kept)
            self._queued = kept


def queue_of(update: JSON) -> int:
    """Return the number of the queue in which an update goes to a webhook.

    Telegram's server keeps messages in order by chat, presses by user, memberships of the bot by chat
    (tdlib/telegram-bot-api, `Client.cpp`, `webhook_queue_id`). Every other update is a queue of its own.
    """
    kind = _kind_of(update)
    if kind in MESSAGES and (chat_id := chat_id_of(update)) is not None:
        return chat_id
    if kind == "my_chat_member" and (chat_id := chat_id_of(update)) is not None:
        return chat_id + MEMBERSHIPS
    if kind == "callback_query" and (user_id := _id_in(update[kind], "from")) is not None:
        return user_id + PRESSES
    return -(1 << 60) - int(update["update_id"])


def chat_id_of(update: JSON) -> int | None:
    """Return the chat of an update, `None` if it has none."""
    content = update.get(_kind_of(update))
    if isinstance(content, dict) and "message" in content:
        content = content["message"]
    return _id_in(content, "chat")


def _id_in(content: Any, name: str) -> int | None:
    found = content.get(name) if isinstance(content, dict) else None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) else None


def _kind_of(update: JSON) -> str:
    return next((key for key in update if key != "update_id"), "")
