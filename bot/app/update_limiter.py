"""Limits the updates that one chat sends before it is answered, so that a script cannot keep the bot busy for itself.

A token bucket for each chat: a burst of `BURST`, then `PER_SECOND`. Only updates that come while an earlier one of the
chat still waits take a token, so a chat that waits for each answer is never limited, however fast it is. In memory
only: a restart grants a new burst.
"""

from collections import Counter
from collections.abc import Callable

from bot.app.records import Delivery, DeliveryIds, Kind, Urgency
from bot.core.health import ChatLimit
from bot.views.message import Message

BURST = 30
PER_SECOND = 2.0
QUIET = 60.0
"""Seconds between two notices to one chat."""
MANY_CHATS = 10_000


class UpdateLimiter:
    """`render` makes the notice in a locale, `now` returns seconds, `reached` counts the updates that are dropped."""

    def __init__(
        self,
        render: Callable[[str], Message],
        ids: DeliveryIds,
        now: Callable[[], float],
        reached: Counter[ChatLimit],
    ) -> None:
        self._render = render
        self._ids = ids
        self._now = now
        self._reached = reached
        self._full: dict[int, float] = {}  # when each chat's bucket is full again
        self._told: dict[int, float] = {}

    def admits(self, chat_id: int) -> bool:
        """Take a token of the chat; False if it has none."""
        now = self._now()
        full = max(self._full.get(chat_id, now), now) + 1 / PER_SECOND
        if full - now > BURST / PER_SECOND:
            self._reached[ChatLimit.UPDATES] += 1
            return False
        self._full[chat_id] = full
        if len(self._full) > MANY_CHATS:
            self._full = {chat: at for chat, at in self._full.items() if at > now}
        return True

    def is_notice_due(self, chat_id: int) -> bool:
        """Whether the chat must be told now; counts as told from then on."""
        now = self._now()
        self._told = {chat: at for chat, at in self._told.items() if now - at < QUIET}
        if chat_id in self._told:
            return False
        self._told[chat_id] = now
        return True

    def notice(self, chat_id: int, locale: str) -> Delivery:
        """What the chat is told."""
        return Delivery(self._ids.next(), chat_id, Kind.SEND, self._render(locale), urgency=Urgency.NOTICE)
