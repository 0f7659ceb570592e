"""Publishes changes of a chat to the chat pages that show it. Knows nothing of what the events mean."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]

EVERYONE = 0
"""The chat id under which events for all pages are published."""


class PageEvents:
    """One queue for each open page. Publishing costs nothing while no page is open."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[int, set[asyncio.Queue[Event]]] = defaultdict(set)

    def publish(self, chat_id: int, kind: str, **details: Any) -> None:
        """Send an event to the pages that show this chat; `EVERYONE` reaches all pages."""
        if not self._subscribers:
            return
        chats = list(self._subscribers) if chat_id == EVERYONE else [chat_id]
        for chat in chats:
            for queue in self._subscribers.get(chat, ()):
                queue.put_nowait({"kind": kind, **details})

    @contextmanager
    def subscribed(self, chat_id: int) -> Iterator[asyncio.Queue[Event]]:
        """Receive the events of one chat for as long as the block lasts."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._subscribers[chat_id].add(queue)
        try:
            yield queue
        finally:
            self._subscribers[chat_id].discard(queue)
            if not self._subscribers[chat_id]:
                del self._subscribers[chat_id]
