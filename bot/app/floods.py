"""Judges every 429: is it that of one chat, of all announcements, or of everything that goes out?

One judgement for the whole process, of citizens' messages and of announcements alike: what the one hears of a chat, the
other obeys. Knows only chats, seconds and the loop's clock.
"""

import asyncio
from dataclasses import dataclass

from bot.app.backoff import either
from bot.app.rate_limits import Overall, PerChat

FLOODED_CHATS = 3
"""So many different chats flooded one after another, and nothing got through in between: it is not the chats."""
KEPT = 60.0
"""Seconds for which a chat's flood is held against the others, at least."""
LOOK = 0.25
"""Seconds between two looks whether an announcement that waits is still wanted."""


@dataclass(frozen=True, slots=True)
class _Strike:
    """A chat's flood: how long it lasts, until when it counts (loop's time), and what met it."""

    retry_after: float
    counts_until: float
    bulk: bool
    edit: bool


class FloodWatch:
    """All floods. Announcements that meet one go on one at a time until something gets through."""

    def __init__(self, overall: Overall, per_chat: PerChat) -> None:
        self._overall = overall
        self._per_chat = per_chat
        self._row: dict[int, _Strike] = {}
        self._bulk_until = 0.0
        self._under_way = 0
        self._answered = asyncio.Event()

    def went(self, *, edit: bool = False) -> None:
        """Something got through to a chat. An edit says nothing of messages: edits have more room."""
        if self._row:
            self._row = {chat: each for chat, each in self._row.items() if edit and not each.edit}
            self._answered.set()

    def struck(self, chat_id: int, retry_after: float, *, bulk: bool = False, edit: bool = False) -> None:
        """A chat was flooded: nobody writes to it before `retry_after`; perhaps nobody writes to anybody."""
        now = asyncio.get_running_loop().time()
        self._per_chat.flooded(chat_id, now, retry_after)
        self._row = {chat: each for chat, each in self._row.items() if each.counts_until > now}
        met = self._row.get(chat_id)
        bulk, edit = bulk or (met is not None and met.bulk), edit and (met is None or met.edit)
        self._row[chat_id] = _Strike(retry_after, now + max(KEPT, 2 * retry_after), bulk, edit)
        if len(self._row) < FLOODED_CHATS:
            return
        # One chat of them may be flooded for an hour; what holds for all of them is the least of it.
        wait = min(each.retry_after for each in self._row.values())
        self._bulk_until = max(self._bulk_until, now + wait)
        if not all(each.bulk for each in self._row.values()):
            self._overall.flooded(wait)

    def pause(self) -> float:
        """Seconds for which no announcement goes out."""
        return max(0.0, self._bulk_until - asyncio.get_running_loop().time())

    async def let_through(self, halted: asyncio.Event) -> bool:
        """Wait until an announcement may go out, and count it as under way. False: halted before that.

        After a flood the next one waits until all that are under way are answered, or one of them got through.
        """
        while not halted.is_set():
            if wait := self.pause():
                await either(halted, wait)
            elif self._row and self._under_way:
                self._answered.clear()
                await either(self._answered, LOOK)
            else:
                self._under_way += 1
                return True
        return False

    def answered(self) -> None:
        """One that was let through is under way no more."""
        self._under_way -= 1
        self._answered.set()
