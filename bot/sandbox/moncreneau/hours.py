"""Which times a department offers on a day: opening hours cut into slots.

Pure: it must not know which of them are taken, nor what time it is.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.sandbox.moncreneau.departments import DAYS, Department


class Grid:
    """The times of all departments, each day worked out once."""

    def __init__(self, departments: tuple[Department, ...]) -> None:
        self._departments = {department.id: department for department in departments}
        self._day = lru_cache(maxsize=10_000)(self._cut)

    def day(self, department_id: int, day: date) -> tuple[datetime, ...]:
        """Return the beginnings of all slots on `day`, earliest first; none where the office is closed."""
        return self._day(department_id, day)

    def holds(self, department_id: int, at: datetime) -> bool:
        """Tell whether a slot begins exactly at `at`."""
        return at in self._day(department_id, at.date())

    def _cut(self, department_id: int, day: date) -> tuple[datetime, ...]:
        department = self._departments[department_id]
        length = timedelta(minutes=department.slot_duration)
        slots = []
        for start, end in department.opening_hours.get(DAYS[day.weekday()], ()):
            at = datetime.fromisoformat(f"{day.isoformat()}T{start}")
            closing = datetime.fromisoformat(f"{day.isoformat()}T{end}")
            # A slot that would last past closing time is not offered.
            while at + length <= closing:
                slots.append(at)
                at += length
        return tuple(slots)
