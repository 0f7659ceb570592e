"""The office time for scheduled starts. It ignores a machine's clock that jumps ahead for a while.

A clock may be days ahead until NTP corrects it, and a broadcast that was started then cannot be undone. Knows nothing
of what is scheduled.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

JUMP = timedelta(minutes=1)
"""How far a clock may differ from the expected time before it is doubted."""
DOUBTED = timedelta(minutes=10)
"""How long a jump must last before it is accepted. After a suspension the clock jumps as well, correctly."""


class SteadyClock:
    """Reads `office_time`; the first reading is accepted as it is.

    `ahead` gives the seconds by which the machine's clock is ahead of another one on the network, as far as is known.
    """

    def __init__(self, office_time: Callable[[], datetime], ahead: Callable[[], float] = lambda: 0.0) -> None:
        self._office_time = office_time
        self._ahead = ahead
        self._believed: tuple[datetime, float] | None = None
        self._doubted_since: float | None = None

    def __call__(self) -> datetime:
        """The office time; while the clock is ahead of the time expected by the loop's clock, the expected time."""
        loop_time = asyncio.get_running_loop().time()
        shown = self._office_time()
        if abs(ahead := timedelta(seconds=self._ahead())) > JUMP:
            shown -= ahead
        if self._believed is not None:
            then, since = self._believed
            expected = then + timedelta(seconds=loop_time - since)
            if shown - expected > JUMP:
                self._doubted_since = loop_time if self._doubted_since is None else self._doubted_since
                if loop_time - self._doubted_since < DOUBTED.total_seconds():
                    return expected
        self._believed, self._doubted_since = (shown, loop_time), None
        return shown
