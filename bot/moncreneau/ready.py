"""What the windows offer, kept ready: citizens look thousands of times a second, at copies that hardly change.

Made from a copy and our own notes (`marks`), and made anew only when the copy, a note or the minute changes. Must not
know how a copy is come by.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import TypeAlias

from bot.core.model import Slot
from bot.moncreneau.cache import Copy
from bot.moncreneau.local_changes import Desk, Marks, Standing
from bot.moncreneau.schemas import FreeSlot

Window: TypeAlias = tuple[int, date, date]
"""A department and the first and last day, both included."""

Free: TypeAlias = tuple[FreeSlot, ...]

_WORN = 0.25  # the share of a copy's slots that may be hidden before it is read again
_MINUTE = 60.0  # offices begin at full minutes, so between two of them no time passes away


@dataclass(frozen=True, slots=True)
class Ready:
    """What a window offers, as long as nothing of what it was made from changes."""

    copy: Copy[Free]
    notes: int
    minute: int
    in_time: dict[datetime, FreeSlot]
    slots: tuple[Slot, ...] = ()
    times: tuple[datetime, ...] = ()
    """When they begin: what is searched thousands of times a second must not ask each slot."""

    @property
    def worn(self) -> bool:
        """Whether so much of the copy is hidden that it should be read again."""
        return len(self.in_time) * (1 - _WORN) > len(self.slots)

    def between(self, first: date, last: date) -> tuple[Slot, ...]:
        """The slots of these days, both included."""
        begin = bisect_left(self.times, datetime.combine(first, time.min))
        return self.slots[begin : bisect_right(self.times, datetime.combine(last, time.max))]


class Shelf:
    """What is kept ready, by window and desk; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, marks: Marks, now: Callable[[], float], zone: tzinfo) -> None:
        self._marks = marks
        self._now = now
        self._zone = zone
        self.kept: dict[Window, dict[Desk, Ready]] = {}

    def drop(self, window: Window) -> None:
        """Make it anew when it is next asked for, or never."""
        self.kept.pop(window, None)

    def ready(self, window: Window, desk: Desk, copy: Copy[Free]) -> Ready:
        """What the window offers now, made anew only as far as it must be."""
        notes, minute = self._marks.changes[desk], int(self._now() // _MINUTE)
        shelf = self.kept.setdefault(window, {})
        ready = shelf.get(desk)
        if ready is None or ready.copy is not copy or ready.minute != minute:
            in_time = {slot.at: slot for slot in self.in_time(copy)}
            ready = Ready(copy, -1, minute, in_time)
        if ready.notes != notes:
            news = self._marks.since(desk, ready.notes) if ready.notes >= 0 else None
            ready = self._all(desk, ready) if news is None else self.but_for(desk, ready, dict.fromkeys(news, 0))
            ready = shelf[desk] = replace(ready, notes=notes)
        return ready

    def _all(self, desk: Desk, ready: Ready) -> Ready:
        began, offered = ready.copy.began, self._marks.offered
        times = tuple(at for at, slot in ready.in_time.items() if offered(desk, slot, began))
        return replace(ready, slots=tuple(map(Slot, times)), times=times)

    def but_for(self, desk: Desk, ready: Ready, news: Mapping[datetime, int]) -> Ready:
        """The same slots again, but for those about which there is news: so many places more are asked for."""
        slots, times = list(ready.slots), list(ready.times)
        for at, more in news.items():
            if (slot := ready.in_time.get(at)) is None:
                continue
            place = bisect_left(times, at)
            was = place < len(times) and times[place] == at
            offered = self._marks.offered(desk, slot, ready.copy.began, more)
            if offered and not was:
                slots.insert(place, Slot(at))
                times.insert(place, at)
            elif was and not offered:
                del slots[place], times[place]
        return replace(ready, slots=tuple(slots), times=tuple(times))

    def in_time(self, copy: Copy[Free]) -> list[FreeSlot]:
        """The slots without those whose time has passed since they were read; others are the service's business."""
        read, now = (datetime.fromtimestamp(at, self._zone).replace(tzinfo=None) for at in (copy.began, self._now()))
        return [slot for slot in copy.value if not read <= slot.at <= now]

    def in_doubt(self, desk: Desk, copy: Copy[Free], days: tuple[date, date]) -> list[tuple[Slot, Standing]]:
        """The slots of these days that nobody but the service can judge."""
        some = (slot for slot in self.in_time(copy) if days[0] <= slot.at.date() <= days[1])
        judged = ((Slot(slot.at), self._marks.standing(desk, slot, copy.began)) for slot in some)
        return [(slot, standing) for slot, standing in judged if standing is not Standing.TAKEN]
