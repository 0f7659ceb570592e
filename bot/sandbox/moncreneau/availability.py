"""Which slots are taken, and a day's slots as the API shows them.

It must not know who took a slot, nor what a slot costs.
"""

import json
from collections import Counter
from datetime import date, datetime

from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.hours import Grid


class Slots:
    """The occupancy of every slot of every department."""

    def __init__(self, departments: tuple[Department, ...], capacity: int) -> None:
        self._grid = Grid(departments)
        self._capacity = {d.id: capacity if d.capacity is None else d.capacity for d in departments}
        self._taken: Counter[tuple[int, datetime]] = Counter()
        self._shown: dict[tuple[int, date], str] = {}

    def exists(self, department_id: int, at: datetime) -> bool:
        """Tell whether the department has a slot at exactly that time."""
        return self._grid.holds(department_id, at)

    def is_free(self, department_id: int, at: datetime) -> bool:
        """Tell whether one more appointment fits into the slot."""
        return self._taken[department_id, at] < self._capacity[department_id]

    def occupy(self, department_id: int, at: datetime, places: int) -> None:
        """Take that many places of a slot, or give them back when negative."""
        self._taken[department_id, at] += places
        self._shown.pop((department_id, at.date()), None)

    def shown(self, department_id: int, day: date, now: datetime) -> str:
        """Return a day as JSON, `{date, slots: [{time, available, dateTime}]}`, without what is past.

        Coming days are kept as text: writing them out anew for every request would cost more than all the rest.
        """
        if day <= now.date():
            return self._render(department_id, day, now)
        text = self._shown.get((department_id, day))
        if text is None:
            text = self._shown[department_id, day] = self._render(department_id, day, now)
        return text

    def _render(self, department_id: int, day: date, now: datetime) -> str:
        slots = [
            {"time": f"{at:%H:%M}", "available": self.is_free(department_id, at), "dateTime": at.isoformat()}
            for at in self._grid.day(department_id, day)
            if at > now
        ]
        return json.dumps({"date": day.isoformat(), "slots": slots}, separators=(",", ":"))
