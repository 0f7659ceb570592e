"""How the API stands, as plain values for `/status` and the metrics; must not know how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.model import Problem


@dataclass(frozen=True, slots=True)
class Stats:
    """How the service stands, for staff. Times are aware, in UTC; None means not known."""

    reachable: bool
    limit: int | None
    remaining: int | None
    reset: datetime | None
    blocked_until: datetime | None
    hits: int
    """Reads answered from memory, stale copies and shared requests included."""
    misses: int
    """Reads for which the service had to be asked."""
    requests: Mapping[str, int]
    """Requests tried since the start, by urgency: `read`, `settle`, `write`."""
    booked: int
    """Bookings made since the start."""
    last_error: str | None
    """Status and code, nothing else."""
    last_error_at: datetime | None
    troubles: frozenset[Problem]
    """What the operator must mend: OUT_OF_CREDITS, NO_ACCESS."""
