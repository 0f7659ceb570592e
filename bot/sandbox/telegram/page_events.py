"""Tells open chat pages what has just happened. It must not know what the events mean or how they travel."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]

EVERYONE = 0
"""The chat number under which things that concern every page are announced."""


class Feed:
    """One queue for each open page; publishing costs nothing while nobody looks."""

    def __init__(self) -> None:
        self._readers: defaultdict[int, set[asyncio.Queue[Event]]] = defaultdict(set)

    def publish(self, chat_id: int, kind: str, **details: Any) -> None:
        """Tell the pages that show this chat; `EVERYONE` tells all pages."""
        if not self._readers:
            return
        chats = list(self._readers) if chat_id == EVERYONE else [chat_id]
        for chat in chats:
            for reader in self._readers.get(chat, ()):
                reader.put_nowait({"kind": kind, **details})

    @contextmanager
    def reading(self, chat_id: int) -> Iterator[asyncio.Queue[Event]]:
        """Subscribe to one chat for as long as the block lasts."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._readers[chat_id].add(queue)
        try:
            yield queue
        finally:
            self._readers[chat_id].discard(queue)
            if not self._readers[chat_id]:
                del self._readers[chat_id]
