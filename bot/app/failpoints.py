"""Named places between two steps, where a test can end this process as a power cut would.

`BOT_CRASH_AT="turn committed:3"` kills it with SIGKILL the third time it gets there. Without the variable `reach` is
an empty function. Knows nothing of what the steps are.
"""

import os
import signal
from collections.abc import Callable

VARIABLE = "BOT_CRASH_AT"
POINTS = (
    "update received",
    "update stored",
    "batch written",
    "batch committed",
    "turn taken",
    "turn committed",
    "before request",
    "after answer",
    "outcome committed",
    "delivery sent",
)
"""In the order in which a booking gets there."""


def planned(plan: str) -> Callable[[str], None]:
    """What `reach` does under this plan (`point:times`). Raises `ValueError` for a plan that names no point."""
    if not plan:
        return _go_on
    point, _, times = plan.partition(":")
    if point not in POINTS:
        raise ValueError(f"{VARIABLE}: {point!r} is none of {', '.join(POINTS)}")
    left = int(times or 1)

    def count(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if reached == point and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def _go_on(_point: str) -> None:
    pass


reach = planned(os.environ.get(VARIABLE, ""))
