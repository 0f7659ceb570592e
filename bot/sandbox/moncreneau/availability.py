"""Which slots a department offers, which of them are taken, and a day of them as the API shows it.

It must not know who booked a slot, nor what a booking costs.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.sandbox.moncreneau.departments import DAYS, Department


class Availability:
    """The slots of all departments. Slots and rendered days are cached: availability is what clients ask for most.

    `departments` may change; `forget` must then be called.
    """

    def __init__(self, departments: Mapping[int, Department], default_capacity: int) -> None:
        self._departments = departments
        self._default_capacity = default_capacity
        self._booked: Counter[tuple[int, datetime]] = Counter()
        self._slots: dict[tuple[int, date], tuple[datetime, ...]] = {}
        self._rendered: dict[tuple[int, date], str] = {}

    def exists(self, department_id: int, at: datetime) -> bool:
        """Tell whether a slot of the department begins at exactly that time."""
        return at in self._slots_of(department_id, at.date())

    def is_free(self, department_id: int, at: datetime) -> bool:
        """Tell whether one more appointment fits into the slot."""
        capacity = self._departments[department_id].capacity
        return self._booked[department_id, at] < (self._default_capacity if capacity is None else capacity)

    def book(self, department_id: int, at: datetime) -> None:
        """Count one appointment in the slot."""
        self._count(department_id, at, 1)

    def release(self, department_id: int, at: datetime) -> None:
        """Count one appointment less in the slot."""
        self._count(department_id, at, -1)

    def day_json(self, department_id: int, day: date, now: datetime) -> str:
        """Return a day as JSON text, `{date, slots: [{time, available, dateTime}]}`, without past slots."""
        if day <= now.date():
            return self._render(department_id, day, now)
        text = self._rendered.get((department_id, day))
        if text is None:
            text = self._rendered[department_id, day] = self._render(department_id, day, now)
        return text

    def free_slots(self, department_id: int, first: date, days: int, now: datetime) -> list[datetime]:
        """Return the start of each coming slot that is free, earliest first."""
        wanted = (first + timedelta(days=n) for n in range(days))
        slots = (at for day in wanted for at in self._slots_of(department_id, day))
        return [at for at in slots if at > now and self.is_free(department_id, at)]

    def forget(self) -> None:
        """Drop what was derived from the departments, because one of them changed."""
        self._slots.clear()
        self._rendered.clear()

    def _count(self, department_id: int, at: datetime, change: int) -> None:
        self._booked[department_id, at] += change
        self._rendered.pop((department_id, at.date()), None)

    def _render(self, department_id: int, day: date, now: datetime) -> str:
        slots = [
            {"time": f"{at:%H:%M}", "available": self.is_free(department_id, at), "dateTime": at.isoformat()}
            for at in self._slots_of(department_id, day)
            if at > now
        ]
        return json.dumps({"date": day.isoformat(), "slots": slots}, separators=(",", ":"))

    def _slots_of(self, department_id: int, day: date) -> tuple[datetime, ...]:
        slots = self._slots.get((department_id, day))
        if slots is None:
            slots = self._slots[department_id, day] = _slots_of(self._departments[department_id], day)
        return slots


def _slots_of(department: Department, day: date) -> tuple[datetime, ...]:
    """Return the start of each slot of a day, earliest first; none if the department is closed."""
    length = timedelta(minutes=department.slot_duration)
    slots = []
    for start, end in department.opening_hours.get(DAYS[day.weekday()], ()):
        at = datetime.fromisoformat(f"{day.isoformat()}T{start}")
        closing = datetime.fromisoformat(f"{day.isoformat()}T{end}")
        # A slot that would end after closing time is not offered.
        while at + length <= closing:
            slots.append(at)
            at += length
    return tuple(slots)
