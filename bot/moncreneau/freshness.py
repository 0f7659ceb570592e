"""Computes how old the slots that citizens see may be. Pure; must not know what is cached, nor how it is read.

Writes (bookings, cancellations) come first. Readings may use the **spare** requests: what is left of the hour above the
reserve, less the writes to expect at the rate of the last five minutes. The windows (a department and a range of days)
that citizens look at share them evenly until the reset:

    age = windows x time / spare requests

A window is *contested* while strangers take its slots: then time is the next five minutes, not the whole rest of the
hour, so that a rush is read every few seconds and slows down smoothly if it lasts. If no requests are spare, slots are
read only when a citizen needs them, at most every 15 minutes. If the service does not tell its quota, half of the
documented one is used.
"""

from dataclasses import dataclass

RATE_SPAN = 300.0
"""Seconds over which the rate of writes is measured, and within which a contested window may use the spare requests."""
CONTESTED, CONTESTED_SPAN = 2, 60.0
"""So many slots taken by strangers within so many seconds make a window contested."""
SHORTEST, SHORTEST_CONTESTED = 10.0, 2.0
"""Seconds. Reading a window more often is of no use."""
LONGEST = 900.0
"""Seconds after which slots are read again even if no requests are spare."""
UNREADABLE = 1800.0
"""Seconds for which cached slots are shown if they cannot be read."""
WAITS = 25.0
"""Seconds. Older slots are not shown while requests are spare; the citizen waits for a reading."""


@dataclass(frozen=True, slots=True)
class RequestHour:
    """The state of the hourly quota."""

    left: int
    """Requests that are left above the reserve for writes."""
    seconds: float
    """Seconds until the quota resets."""
    writes: int
    """Writes of the last `RATE_SPAN` seconds."""


UNKNOWN = RequestHour(left=500, seconds=3600.0, writes=0)
"""What may be used if the service tells no quota: half of the 1000 requests an hour that its quick start documents."""


def slot_age(hour: RequestHour | None, windows: int, *, contested: bool) -> float:
    """Seconds after which slots are read again if citizens look at `windows` windows; `hour` is None if unknown."""
    if hour is None:
        hour, contested = UNKNOWN, False
    shortest = SHORTEST_CONTESTED if contested else SHORTEST
    time = min(hour.seconds, RATE_SPAN) if contested else hour.seconds
    spare = hour.left - hour.writes / RATE_SPAN * time
    return min(max(windows * time / spare, shortest), LONGEST) if spare > 0 else LONGEST
