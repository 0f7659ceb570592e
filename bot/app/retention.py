"""Forgets what was kept for long enough: unfinished bookings every hour, all else once a night.

The periods are in `bot.core.retention`.

It may be killed at any point and runs again: every deletion may be repeated. Knows no tables.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core import retention
from bot.logs import scrubbed

log = logging.getLogger(__name__)
NIGHT = range(2, 5)
"""The hours of the office's clock in which it runs."""
ONCE, OVERDUE = timedelta(hours=20), timedelta(hours=48)
"""The shortest time between two runs, and that after which a bot that is off at night runs it by day."""
WRONG_CLOCK = 3600.0
"""By so many seconds the machine's clock may be wrong. With a worse one nothing is deleted: it could be everything."""
CHECK_EVERY = 1200.0
UNFINISHED_EVERY = 3600.0
"""Citizens read that an unfinished booking is kept for 24 hours, which a run each night would make 48."""


class RetentionRepository(Protocol):
    """The deletions. `datetime` is office time, `float` are Unix seconds."""

    async def last_run(self) -> float:
        """When it ran last; 0 if it never did."""

    async def record_run(self, at: float) -> None:
        """Record that it ran."""

    async def forget_appointments(self, started: datetime, settled: float) -> None:
        """Forget appointments that began before, with their timers and messages, and attempts settled before."""

    async def forget_recipients(self, ended: datetime) -> None:
        """Forget who got the broadcasts that ended before."""

    async def forget_questions(self, asked: date) -> None:
        """Forget the questions about a visit that were asked before and not answered."""

    async def forget_erased(self, now: datetime) -> None:
        """Forget what counted of erased chats until now."""

    async def forget_unfinished(self, since: float, seen: float) -> None:
        """Forget the unfinished bookings of chats that wrote last between these."""

    async def forget_names(self, now: datetime) -> None:
        """Forget the names that no booking used for long by then."""

    async def erase_silent(self, seen: float, now: datetime) -> tuple[int, ...]:
        """Erase some chats that wrote last before `seen` and expect nothing; returns them, none if there are none."""


class Retention:
    """`clock_gap` returns the seconds by which the machine's clock is wrong, None if nobody tells.

    `erased` is told the chats that were erased.
    """

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        *,
        repository: RetentionRepository,
        unix_time: Callable[[], float],
        office_time: Callable[[], datetime],
        clock_gap: Callable[[], float | None],
        erased: Callable[[int], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._repository = repository
        self._unix_time = unix_time
        self._office_time = office_time
        self._clock_gap = clock_gap
        self._erased = erased
        self._pause = pause
        self._unfinished_at: float | None = None
        """When the unfinished bookings were last forgotten by the hour; None: not since the start."""

    async def run(self) -> None:
        """Run every hour and every night, until cancelled."""
        while True:
            try:
                await self.forget_unfinished()
                await self.run_if_due()
            except Exception as error:
                log.exception("old data could not be deleted: %s", type(error).__name__, exc_info=scrubbed(error))
            await self._pause(CHECK_EVERY)

    async def forget_unfinished(self) -> None:
        """Forget the bookings that were left unfinished a day ago, if that was not done within the hour."""
        now, last = self._unix_time(), self._unfinished_at
        if self._is_clock_wrong() or (last is not None and 0 <= now - last < UNFINISHED_EVERY):
            return
        period = retention.UNFINISHED_BOOKING.total_seconds()
        since = await self._repository.last_run() if last is None else min(last, now - UNFINISHED_EVERY)
        await self._repository.forget_unfinished(since - period, now - period)
        self._unfinished_at = now

    def _is_clock_wrong(self) -> bool:
        return abs(self._clock_gap() or 0.0) > WRONG_CLOCK

    async def run_if_due(self) -> bool:
        """Forget what is old, if it is time to; returns whether it was."""
        if self._is_clock_wrong():
            return False
        last = await self._repository.last_run()
        since = timedelta(seconds=self._unix_time() - last)
        is_night = self._office_time().hour in NIGHT
        if since < (ONCE if is_night else OVERDUE):
            return False
        await self._forget(last)
        return True

    async def _forget(self, last: float) -> None:
        now, office = self._unix_time(), self._office_time()
        await self._repository.forget_appointments(
            office - retention.APPOINTMENTS, now - retention.APPOINTMENTS.total_seconds()
        )
        await self._repository.forget_recipients(office - retention.RECIPIENTS)
        await self._repository.forget_erased(office)
        await self._repository.forget_questions((office - retention.OPEN_QUESTIONS).date())
        unfinished = retention.UNFINISHED_BOOKING.total_seconds()
        await self._repository.forget_unfinished(last - unfinished, now - unfinished)
        await self._repository.forget_names(office)
        silent = now - retention.SILENT_CHATS.total_seconds()
        while erased := await self._repository.erase_silent(silent, office):
            for chat_id in erased:
                self._erased(chat_id)
        await self._repository.record_run(now)
