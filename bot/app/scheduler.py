"""Finds the timers that are due and gives each of their chats a turn.

One query looks for them all; nothing is kept in memory but which chats have a turn queued. A failed or killed turn
leaves its timers, so the next look finds them again. Knows neither SQL nor what the timers are for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from bot.app.conversations import ChatTurn
from bot.app.records import Change
from bot.app.reminders import TimerRepository
from bot.core import dates
from bot.logs import scrubbed

log = logging.getLogger(__name__)
AT_ONCE = 500
"""Timers of one look. More wait for the next one, so that citizens' turns come in between."""
PAUSE, SHORT_PAUSE = 10.0, 0.5
"""Seconds between two looks; the second while there are more timers than one look takes."""
FORGET_EVERY, KEEP = timedelta(hours=1), timedelta(hours=1)


class Scheduler:
    """Looks for due timers until it is cancelled.

    `play` queues a turn of a chat, `turn` makes one. `office_time` must not jump ahead with a wrong machine clock: the
    timers of the days in between would be dropped as late.
    """

    def __init__(
        self,
        timers: TimerRepository,
        turn: Callable[[int], Awaitable[Change]],
        play: Callable[[int, ChatTurn, Callable[[], None]], None],
        office_time: Callable[[], datetime],
    ) -> None:
        self._timers = timers
        self._turn = turn
        self._play = play
        self._office_time = office_time
        self._queued: set[int] = set()
        self._forgot_at: datetime | None = None

    async def run(self) -> None:
        """Look again and again."""
        while True:
            pause = PAUSE
            try:
                if await self.look() >= AT_ONCE:
                    pause = SHORT_PAUSE
                await self._forget()
            except Exception as error:  # whatever the error: the next look may succeed
                log.exception("looking for timers failed: %s", type(error).__name__, exc_info=scrubbed(error))
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """Queue a turn for each chat with due timers; returns how many timers were found. At night nothing is sent."""
        now = self._office_time()
        if dates.is_night(now):
            return 0
        due = await self._timers.due(now, AT_ONCE + len(self._queued))
        for chat_id in dict.fromkeys(due):
            if chat_id not in self._queued:
                self._queued.add(chat_id)
                self._play(chat_id, partial(self._turn, chat_id), partial(self._queued.discard, chat_id))
        return len(due)

    async def _forget(self) -> None:
        """Delete what nobody will ever be sent, once an hour."""
        now = self._office_time()
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            await self._timers.forget(now - KEEP)
