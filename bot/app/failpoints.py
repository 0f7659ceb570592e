"""Fail points: named places between two steps where a test can kill or freeze this process.

`BOT_CRASH_AT="turn committed:3"` kills it with SIGKILL when it reaches the point for the third time, and
`"turn committed:3:STOP"` freezes it with SIGSTOP. Without the variable `reach` is an empty function. Knows nothing of
what the steps do.
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
    "before delivery",
    "delivery sent",
)
"""In the order in which a booking reaches them."""
LEASE_POINTS = ("lease taken", "lease renewed")
"""Reached only where one of several processes leads."""

SIGNALS = {"": signal.SIGKILL, "KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}


def planned(plan: str) -> Callable[[str], None]:
    """The function `reach` for a plan (`point:times:signal`). Raises `ValueError` for an unknown point or signal."""
    if not plan:
        return _go_on
    point, times, name = (*plan.split(":", 2), "", "")[:3]
    if point not in (*POINTS, *LEASE_POINTS):
        raise ValueError(f"{VARIABLE}: {point!r} is none of {', '.join((*POINTS, *LEASE_POINTS))}")
    left = int(times or 1)
    if name not in SIGNALS:
        raise ValueError(f"{VARIABLE}: {name!r} is none of {', '.join(filter(None, SIGNALS))}")

    def count(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if reached == point and left == 0:
            os.kill(os.getpid(), SIGNALS[name])

    return count


def _go_on(_point: str) -> None:
    pass


reach = planned(os.environ.get(VARIABLE, ""))
