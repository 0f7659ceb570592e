"""In a group the bot says one thing, now and then: come to the private chat. Knows no session and stores none."""

import time
from collections.abc import Callable

from bot.app.records import Delivery, Kind, Urgency
from bot.app.turn import Ids
from bot.views.message import Message

QUIET = 60.0
"""Seconds between two hints in one group: it is read by many."""
MANY = 1000


class GroupHints:
    """Whether it is time for a hint, and the hint itself."""

    def __init__(self, render: Callable[[str], Message]) -> None:
        self._render = render
        self._last: dict[int, float] = {}
        self._ids = Ids()

    def hint(self, chat_id: int, locale: str) -> Delivery | None:
        """The hint for this group, or None where one was given a moment ago."""
        now = time.monotonic()
        if now - self._last.get(chat_id, -QUIET) < QUIET:
            return None
        if len(self._last) > MANY:
            self._last.clear()
        self._last[chat_id] = now
        return Delivery(self._ids.next(), chat_id, Kind.SEND, self._render(locale), urgency=Urgency.NOTICE)
