"""Watches how long the oldest update has waited that is not done, and tells admins if it is too long.

Whatever the reason (a process that hangs, a database that is slow, citizens in thousands), it is what citizens feel.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.core.health import BotIssue, OperatorIssue

log = logging.getLogger(__name__)
LONGEST = 10.0
"""Seconds that an update may wait. A look at a slow service takes some of them."""
LOOK_EVERY = 5.0
LOOKS = 2
"""Looks in a row that must find it late: a process that takes over after a kill finds old updates, and does them."""
READ_TIMEOUT = 2.0
LATE = OperatorIssue(BotIssue.LATE_UPDATES)


class InboxLag:
    """`oldest` returns when the oldest update was received that is not done, and `now` the time (Unix seconds)."""

    def __init__(
        self,
        oldest: Callable[[], Awaitable[float | None]],
        now: Callable[[], float],
        changed: Callable[[OperatorIssue, bool], None],
    ) -> None:
        self._oldest = oldest
        self._now = now
        self._changed = changed
        self._late_looks = 0
        self._is_told = False

    def restore(self, *, is_told: bool) -> None:
        """Whether an earlier process told admins that updates are late, and not yet that it is over."""
        self._is_told = is_told

    async def age(self) -> float | None:
        """Seconds for which the oldest update has waited; 0 if all are done, None if the database does not answer."""
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                oldest = await self._oldest()
        except Exception:  # noqa: BLE001 — whatever the error, nobody knows
            return None
        return 0.0 if oldest is None else max(self._now() - oldest, 0.0)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._judge(await self.age())

    def _judge(self, age: float | None) -> None:
        if age is None:
            return
        self._late_looks = self._late_looks + 1 if age > LONGEST else 0
        is_late = self._late_looks >= LOOKS
        if is_late != self._is_told and (is_late or not self._late_looks):
            self._is_told = is_late
            self._changed(LATE, is_late)
