"""The queue of updates for the bot: numbered, confirmed by offset, dropped when expired.

Knows nothing of an update but its number, its kind and its expiry.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from bot.sandbox.telegram.errors import conflict

JSON = dict[str, Any]

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that Telegram sends only if `allowed_updates` names them."""

MAX_TIMEOUT = 50


class Waiting(NamedTuple):
    """An update that is not confirmed yet; `expires` is in seconds since the epoch."""

    update_id: int
    expires: float
    update: JSON


class UpdateQueue:
    """The updates of one bot, oldest first."""

    def __init__(self, clock: Callable[[], float], first_id: int) -> None:
        self._clock = clock
        self._next_id = first_id
        self._waiting: deque[Waiting] = deque()
        self._arrival = asyncio.Event()
        self._poller: asyncio.Future[None] | None = None
        self.allowed: frozenset[str] | None = None
        self.counts = {"created": 0, "confirmed": 0, "expired": 0, "not_allowed": 0}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, content: JSON, lives_seconds: float) -> JSON:
        """Number an update and queue it, unless its kind is not allowed; returns it in both cases.

        Content with an `update_id` of its own keeps it; that is how tests repeat and reorder updates.
        """
        update = {"update_id": content.get("update_id", self._next_id), **content}
        number: int = update["update_id"]
        self._next_id = max(self._next_id, number + 1)
        kind = next((key for key in content if key != "update_id"), "")
        if not self._is_allowed(kind):
            self.counts["not_allowed"] += 1
            return update
        self._waiting.append(Waiting(number, self._clock() + lives_seconds, update))
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
        return [each.update for each in self._waiting]

    def confirm(self, offset: int) -> None:
        """Remove all updates below `offset`; a negative one keeps only that many from the end."""
        if offset < 0:
            offset = self._waiting[offset].update_id if len(self._waiting) >= -offset else 0
        kept = deque(each for each in self._waiting if each.update_id >= offset)
        self.counts["confirmed"] += len(self._waiting) - len(kept)
        self._waiting = kept

    async def get(self, offset: int, limit: int, timeout: float) -> list[JSON]:  # noqa: ASYNC109 — Telegram's word
        """Confirm below `offset` and return up to `limit` updates, waiting up to `timeout` seconds for the first.

        An older poll that still waits is ended with 409.
        """
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(
                conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
            )
        self.confirm(offset)
        self._expire()
        if not self._waiting and timeout > 0:
            await self._wait(timeout)
            self._expire()
        return [self._waiting[n].update for n in range(min(limit, len(self._waiting)))]

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
        if any(each.expires <= now for each in self._waiting):
            kept = deque(each for each in self._waiting if each.expires > now)
            self.counts["expired"] += len(self._waiting) - len(kept)
            self._waiting = kept
