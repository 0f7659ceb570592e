"""Fail points: named places between two steps where a test can kill this process.

`BOT_CRASH_AT="turn committed:3"` kills it with SIGKILL when it reaches the point for the third time. Without the
variable `reach` is an empty function. Knows nothing of what the steps do.
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
"""In the order in which a booking reaches them."""


def planned(plan: str) -> Callable[[str], None]:
    """The function `reach` for a plan (`point:times`). Raises `ValueError` for an unknown point."""
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
