"""What we did to slots ourselves, noted beside the copies of what the service said; must not know HTTP or copies.

A note counts against readings that began before it. What the API tells of a slot is often only "free", not how many
places it has, so after a booking of ours nobody knows whether there is another place. The next reading shows it, and so
a department is learnt: `room` is the most bookings of ours that a slot of it had while it was still offered. A slot
with more than that is hidden until it is read again. Hidden, not refused: who chose it before may still ask for it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.moncreneau.models import FreeSlot

_SURE = 10.0  # seconds for which the service's "not available" is taken at its word
_YOUNG = 120.0  # and for which it counts that a reading did not offer a slot
_MOST = 5000  # notes kept
_LATEST = 64  # of which so many may be new to whoever made something of them, before it is made anew


@dataclass(slots=True)
class Mark:
    """What we know of a slot beyond the copies. Unix seconds."""

    taken: float | None = None
    """When the service said that it is not available."""
    booked: list[float] = field(default_factory=list)
    """When bookings of ours were made that no reading has shown yet."""
    seen: int = 0
    """How many bookings of ours readings have shown."""
    unsure: float | None = None
    """When a booking of ours may have been made."""
    freed: float | None = None
    """When a booking of ours was cancelled."""


_NO_MARK = Mark()


class Marks:
    """Notes by department and time of the slot."""

    def __init__(self) -> None:
        self._marks: dict[tuple[int, datetime], Mark] = {}
        self._room: dict[int, int] = {}
        self.changes: Counter[int] = Counter()
        """How often something about a department was noted: what was made of its notes is good while this stands."""
        self._latest: dict[int, deque[datetime]] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def at(self, department_id: int, at: datetime) -> Mark:
        """The note on a slot, to write on at once."""
        key = (department_id, at)
        mark = self._marks.pop(key, None) or Mark()
        self._marks[key] = mark
        self._changed(department_id, at)
        while len(self._marks) > _MOST:
            oldest = next(iter(self._marks))
            self._changed(*oldest)
            del self._marks[oldest]
        return mark

    def noted(self, department_id: int, at: datetime, began: float) -> bool:
        """Whether something happened to the slot in our own hands since then."""
        mark = self._marks.get((department_id, at), _NO_MARK)
        times = (*mark.booked, mark.taken, mark.unsure, mark.freed)
        return any(noted is not None and noted >= began for noted in times)

    def since(self, department_id: int, changes: int) -> tuple[datetime, ...] | None:
        """The slots about which something was noted since `changes` was so; None where everything may be different."""
        news = self.changes[department_id] - changes
        latest = self._latest.get(department_id, deque())
        return tuple(latest)[len(latest) - news :] if news <= len(latest) else None

    def _changed(self, department_id: int, at: datetime) -> None:
        self.changes[department_id] += 1
        self._latest.setdefault(department_id, deque(maxlen=_LATEST)).append(at)

    def offered(self, department_id: int, slot: FreeSlot, began: float, more: int = 0) -> bool:
        """Whether a slot that was free in a reading begun then should be offered, with `more` places asked for."""
        mark = self._marks.get((department_id, slot.at), _NO_MARK)
        if mark is _NO_MARK and not more:
            return True
        if mark.taken is not None and mark.taken >= began:
            return False
        ours = sum(at >= began for at in mark.booked) + more
        if slot.left is not None:
            return slot.left > ours
        # A slot hidden for some minutes disappoints nobody, a refused booking does.
        ours += mark.unsure is not None and mark.unsure >= began
        return not ours or mark.seen + ours <= self._room.get(department_id, 0)

    def known_taken(self, department_id: int, at: datetime, slot: FreeSlot | None, began: float, now: float) -> bool:
        """Whether asking for the slot is in vain, by the service's own word; `slot` is how the newest reading had it.

        `began` is when that reading was begun, 0 where there is none; `slot` is None where it did not offer it.
        """
        mark = self._marks.get((department_id, at), _NO_MARK)
        if slot is None and 0 <= now - began <= _YOUNG and (mark.freed is None or mark.freed < began):
            return True
        if mark.taken is not None and 0 <= now - mark.taken <= _SURE and (slot is None or mark.taken >= began):
            return True
        ours = sum(booked >= began for booked in mark.booked)
        if slot is None or not ours:
            return False
        # Where the service tells no number, nobody knows how many places are left: the booking itself decides.
        return slot.left is not None and slot.left <= ours

    def learn(
        self, department_id: int, first: datetime, last: datetime, free: Iterable[FreeSlot], began: float
    ) -> None:
        """Compare our bookings between these times with a reading that began after them."""
        offered = {slot.at for slot in free}
        self.changes[department_id] += 1
        self._latest.pop(department_id, None)
        for (department, at), mark in list(self._marks.items()):
            if department != department_id or not first <= at < last:
                continue
            later = [booked for booked in mark.booked if booked >= began]
            news = len(mark.booked) - len(later)
            mark.seen, mark.booked = mark.seen + news, later
            room = self._room.get(department_id, 0)
            if at in offered and mark.seen > room:
                self._room[department_id] = mark.seen

    def freed(self, department_id: int, at: datetime, now: float) -> None:
        """Note that a booking of ours was cancelled."""
        mark = self.at(department_id, at)
        mark.taken, mark.freed = None, now
        if mark.booked:
            mark.booked.pop()
        else:
            mark.seen = max(0, mark.seen - 1)
