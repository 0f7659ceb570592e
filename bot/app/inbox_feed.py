"""Passes stored updates to the conversations, each once and as far as possible in the order of their ids.

Webhooks bring updates in any order, and several processes may store them, so the inbox is the only place that has all.
It is looked at when something arrived, and every second in any case. Ids are sequential (Bot API, `Update.update_id`):
where one is missing, the updates behind it wait a moment for it, because a message and a press of one chat come on two
connections. An update that comes later is processed when it comes. Knows neither Telegram nor SQL.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.app.backoff import wait_event
from bot.app.conversations import Conversations
from bot.app.records import StoredUpdate
from bot.logs import scrubbed

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
"""Seconds between two looks, if nothing arrives: another process may have stored an update without telling."""
GAP_SECONDS = 0.25
"""How long updates wait for one with a lower id. A new connection of Telegram takes three round trips."""
MAX_GAP = 100
"""A larger distance between two ids is a new beginning, not a gap: Telegram chooses a new id after a quiet week."""
FULL, FULL_PAUSE = 2000, 0.05
"""The number of updates in memory at which the others wait in the inbox, and the seconds until the next look."""


class Inbox(Protocol):
    """The stored updates."""

    async def open_update_ids(self) -> Sequence[int]:
        """The ids of all updates that are not done, in order."""

    async def updates(self, ids: Sequence[int]) -> tuple[StoredUpdate, ...]:
        """The updates with these ids that are not done, in order."""


class InboxFeed:
    """The only one that passes updates on while it runs.

    `newest` is the highest id that the inbox ever had; `known` are the ids that the conversations already have.
    """

    def __init__(self, inbox: Inbox, conversations: Conversations, newest: int, known: Iterable[int] = ()) -> None:
        self._inbox = inbox
        self._conversations = conversations
        self._newest = newest
        self._known = set(known)
        self._wake = asyncio.Event()
        self._gap_since: float | None = None

    def look_soon(self) -> None:
        """Something was stored."""
        self._wake.set()

    async def run(self) -> None:
        """Pass updates on until cancelled. What was not passed on stays in the inbox."""
        while True:
            self._wake.clear()
            pause = LOOK_EVERY
            try:
                pause = await self.look()
            except Exception as error:  # whatever the error: updates must go on
                log.exception("looking for updates failed: %s", type(error).__name__, exc_info=scrubbed(error))
            await wait_event(self._wake, pause)

    async def look(self) -> float:
        """Pass on what is new in the inbox; returns the seconds until the next look."""
        open_ids = await self._inbox.open_update_ids()
        fresh = [each for each in open_ids if each not in self._known]
        # An id stays known as long as its update is open. A later look cannot show it as open again.
        self._known.intersection_update(open_ids)
        ready, pause = self._in_order(fresh)
        if len(ready) > (room := max(FULL - self._conversations.waiting, 0)):
            ready, pause = ready[:room], FULL_PAUSE
        if ready:
            updates = await self._inbox.updates(ready)
            self._known.update(ready)
            self._newest = max(self._newest, *ready)
            self._conversations.accept(updates)
        return pause

    def _in_order(self, fresh: Sequence[int]) -> tuple[Sequence[int], float]:
        """The updates that can be passed on now, and the seconds until the next look."""
        newest = self._newest
        ready = []
        for each in fresh:
            if newest + 1 < each <= newest + MAX_GAP:
                break
            ready.append(each)
            newest = max(newest, each)
        if len(ready) == len(fresh):
            self._gap_since = None
            return ready, LOOK_EVERY
        now = asyncio.get_running_loop().time()
        if self._gap_since is None or newest > self._newest:
            self._gap_since = now
        left = self._gap_since + GAP_SECONDS - now
        if left > 0:
            return ready, left
        self._gap_since = None
        return fresh, LOOK_EVERY
