"""Progress messages: one per admin and broadcast, edited in place through the outbox.

Edits are not stored: after a restart the newest broadcasts are drawn again. If several edits of one message wait in
the outbox, only the newest is sent, and a refused one is dropped. Must not know texts or Telegram.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from bot.app.backoff import wait_event
from bot.app.records import Delivery, DeliveryIds, Kind, Urgency
from bot.broadcast.model import Broadcast, BroadcastSnapshot
from bot.broadcast.ports import NOWHERE, BroadcastRepository, ProgressMessage
from bot.logs import scrubbed
from bot.views.message import Message

log = logging.getLogger(__name__)
INTERVAL = 3.0
"""Seconds between two edits while a broadcast is being sent or recalled."""


class ProgressMessages:
    """Draws the progress of broadcasts for the admins who follow them.

    `may_follow` is whether somebody may still see a broadcast. `snapshot` reads a broadcast, `moving` lists those whose
    counts are changing, `accept` hands edits to the outbox. `draw_left` draws what a message shows that is left for a
    newer one.
    """

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        repository: BroadcastRepository,
        may_follow: Callable[[int, Broadcast], bool],
        draw: Callable[[BroadcastSnapshot, ProgressMessage], Message],
        *,
        draw_left: Callable[[int, str], Message],
        snapshot: Callable[[int], Awaitable[BroadcastSnapshot | None]],
        moving: Callable[[], Collection[int]],
        accept: Callable[[tuple[Delivery, ...]], None],
        ids: DeliveryIds,
    ) -> None:
        self._repository = repository
        self._may_follow = may_follow
        self._draw = draw
        self._draw_left = draw_left
        self._snapshot = snapshot
        self._moving = moving
        self._accept = accept
        self._ids = ids
        self._due: set[int] = set()
        self._wake = asyncio.Event()
        self._shown: dict[tuple[int, int], tuple[int, Message]] = {}

    async def put(self, progress: ProgressMessage) -> None:
        """Show the broadcast in this message from now on, and in no other one of this admin."""
        known = await self._repository.progress_messages(progress.number)
        await self._repository.put_progress_message(progress)
        for each in known:
            if each.chat_id == progress.chat_id and each.message_id not in {NOWHERE, progress.message_id}:
                # It would keep the status and the buttons that it has now.
                self._edit(each, self._draw_left(each.number, progress.locale))
        self._shown.pop((progress.chat_id, progress.message_id), None)
        self.touch(progress.number)

    async def clear(self, chat_id: int, message_id: int) -> None:
        """Forget a progress message, because the message shows something else now."""
        await self._repository.clear_progress_message(chat_id, message_id)
        self._shown.pop((chat_id, message_id), None)

    def touch(self, number: int) -> None:
        """Redraw a broadcast, because it changed."""
        self._due.add(number)
        self._wake.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            await wait_event(self._wake, INTERVAL)
            self._wake.clear()
            due, self._due = self._due | set(self._moving()), set()
            for number in sorted(due):
                try:
                    await self._refresh(number)
                except Exception as error:
                    name = type(error).__name__
                    log.exception("progress of broadcast %d not drawn: %s", number, name, exc_info=scrubbed(error))

    async def _refresh(self, number: int) -> None:
        snapshot = await self._snapshot(number)
        if snapshot is None:
            return
        for progress in await self._repository.progress_messages(number):
            if self._may_follow(progress.chat_id, snapshot.broadcast) and progress.message_id != NOWHERE:
                self._edit(progress, self._draw(snapshot, progress))

    def _edit(self, progress: ProgressMessage, message: Message) -> None:
        place = (progress.chat_id, progress.message_id)
        if self._shown.get(place) == (progress.number, message):
            return
        self._shown[place] = (progress.number, message)
        chat_id, target = place
        edit = Delivery(
            self._ids.next(), chat_id, Kind.EDIT, message, target=target, urgency=Urgency.NOTICE, amends=True
        )
        self._accept((edit,))
