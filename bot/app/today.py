"""What was asked of the API and what came of it since midnight in the office, over restarts.

The parts count from their own start; this adds up by day what they say. Knows no clock but the office's.
"""

import json
from collections.abc import Callable
from datetime import datetime

FACT = "today"


class Today:
    """Two figures of one day: requests sent, bookings made. `requests` and `booked` give totals since the start."""

    def __init__(
        self, office_time: Callable[[], datetime], requests: Callable[[], int], booked: Callable[[], int]
    ) -> None:
        self._now = office_time
        self._totals = (requests, booked)
        self._seen = (requests(), booked())
        self._day = office_time().date().isoformat()
        self._figures = (0, 0)

    def restore(self, kept: str | None) -> None:
        """Go on from what an earlier process kept, if it is of today; whatever else it holds counts as nothing."""
        try:
            day, requests, booked = json.loads(kept or "[]")
        except (ValueError, TypeError):
            return
        if day == self._day and isinstance(requests, int) and isinstance(booked, int):
            self._figures = (self._figures[0] + requests, self._figures[1] + booked)

    def figures(self) -> tuple[int, int]:
        """Requests and bookings of this day so far."""
        day, totals = self._now().date().isoformat(), (self._totals[0](), self._totals[1]())
        if day != self._day:
            self._day, self._figures = day, (0, 0)
        self._figures = tuple(
            figure + total - seen for figure, total, seen in zip(self._figures, totals, self._seen, strict=True)
        )  # type: ignore[assignment]
        self._seen = totals
        return self._figures

    def kept(self) -> str:
        """What to keep over a restart."""
        return json.dumps([self._day, *self.figures()])
