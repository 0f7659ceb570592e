"""The free slots of departments, remembered frugally; must not know HTTP.

One read serves many citizens: a window is widened to two weeks, days are cut out of it, and what happens in our own
hands (a booking made, a slot refused) is noted beside the copy (`marks`) instead of throwing the copy away. A copy of
which bookings have worn away a quarter is read again after half a minute, however busy the hour.

Reading is what citizens do most, so what a window offers is kept ready and made anew only when the copy, a note or the
minute changes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias

from bot.core.model import Slot
from bot.moncreneau.cache import Ages, Cache, Copy, Tally
from bot.moncreneau.marks import Marks
from bot.moncreneau.models import FreeSlot

Window: TypeAlias = tuple[int, date, date]
"""A department and the first and last day, both included."""

Free: TypeAlias = tuple[FreeSlot, ...]

Fetch: TypeAlias = Callable[[int, date, date], Coroutine[Any, Any, Free]]

LAST = 900.0  # seconds after which a copy serves nobody any more
_ACTIVE = 600.0  # seconds for which a window that somebody asked for counts as active
_WIDE = timedelta(days=13)  # added to the first day asked for: two weeks cost the same one request as a day
_WORN = 0.25  # the share of a copy's slots that may be hidden before it is read again
_WORN_AGE = 30.0  # but not younger than this
_MINUTE = 60.0  # offices begin at full minutes, so between two of them no time passes away


@dataclass(frozen=True, slots=True)
class _Ready:
    """What a window offers, as long as nothing of what it was made from changes."""

    copy: Copy[Free]
    notes: int
    minute: int
    slots: tuple[Slot, ...]
    worn: bool
    """Whether so much of the copy is hidden that it should be read again."""

    def between(self, first: date, last: date) -> tuple[Slot, ...]:
        """The slots of these days, both included."""
        begin = bisect_left(self.slots, datetime.combine(first, time.min), key=_beginning)
        return self.slots[begin : bisect_right(self.slots, datetime.combine(last, time.max), key=_beginning)]


class SlotCache:
    """Availability by department and window; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, fetch: Fetch, now: Callable[[], float], zone: tzinfo, tally: Tally) -> None:
        self._fetch = fetch
        self._now = now
        self._zone = zone
        self._cache: Cache[Window, Free] = Cache(now, tally)
        self._asked: dict[Window, float] = {}
        self._marks = Marks()
        self._shelf: dict[Window, _Ready] = {}

    @property
    def active(self) -> int:
        """How many windows citizens have asked for in the last minutes, at least 1."""
        since = self._now() - _ACTIVE
        for window in [window for window, at in self._asked.items() if at < since]:
            del self._asked[window]
            self._shelf.pop(window, None)
        return max(1, len(self._asked))

    async def get(self, department_id: int, first: date, last: date, ages: Ages) -> tuple[Slot, ...]:
        """The free slots from `first` to `last`, earliest first. Raises what reading them raises."""
        window = self._window(department_id, first, last)
        self._asked[window] = self._now()
        known = self._cache.peek(window)
        if known is not None and self._ready(window, known).worn:
            ages = replace(ages, fresh=min(ages.fresh, _WORN_AGE), stale=_WORN_AGE)
        copy = await self._cache.get(window, lambda: self._read(window), ages)
        return self._ready(window, copy).between(first, last)

    def booked(self, department_id: int, at: datetime) -> None:
        """Note that we took one place of a slot."""
        self._marks.at(department_id, at).booked.append(self._now())

    def unsure(self, department_id: int, at: datetime) -> None:
        """Note that we may have taken one place of a slot."""
        self._marks.at(department_id, at).unsure = self._now()

    def refused(self, department_id: int, at: datetime) -> None:
        """Note that the service says that the slot is not available."""
        self._marks.at(department_id, at).taken = self._now()

    def freed(self, department_id: int, at: datetime) -> None:
        """Note that an appointment of ours was cancelled: the slot has one place more than we knew."""
        self._marks.freed(department_id, at)

    def known_taken(self, department_id: int, at: datetime) -> bool:
        """Whether asking for the slot is surely in vain: the service said so, or its last place went to one of ours."""
        window = self._window(department_id, at.date(), at.date())
        copy = self._cache.peek(window)
        slot = None if copy is None else next((slot for slot in copy.value if slot.at == at), None)
        return self._marks.known_taken(department_id, at, slot, 0.0 if copy is None else copy.began, self._now())

    def forget(self, department_id: int) -> None:
        """Read the department's slots afresh when they are next asked for."""
        for window, _ in list(self._cache):
            if window[0] == department_id:
                self._cache.drop(window)

    async def aclose(self) -> None:
        """Stop what is being read."""
        await self._cache.flights.aclose()

    async def _read(self, window: Window) -> Free:
        began = self._now()
        free = await self._fetch(*window)
        department_id, first, last = window
        end = datetime.combine(last, time.max)
        self._marks.learn(department_id, datetime.combine(first, time.min), end, free, began)
        return free

    def _window(self, department_id: int, first: date, last: date) -> Window:
        """The window to read: one that is at hand or under way and covers what is asked, else a wide one.

        One that begins before today is left behind at midnight: the service need not accept its first day any more.
        """
        begins = min(first, datetime.fromtimestamp(self._now(), self._zone).date())

        def fits(window: Window) -> bool:
            return window[0] == department_id and begins <= window[1] <= first and last <= window[2]

        known = [(copy.began, window) for window, copy in self._cache if fits(window) and self._cache.age(copy) <= LAST]
        if known:
            return max(known)[1]
        flying = next(filter(fits, self._cache.flights), None)
        return flying or (department_id, first, max(last, first + _WIDE))

    def _ready(self, window: Window, copy: Copy[Free]) -> _Ready:
        """What the window offers now, made anew only where it must be."""
        notes, minute = self._marks.changes[window[0]], int(self._now() // _MINUTE)
        ready = self._shelf.get(window)
        if ready is None or ready.copy is not copy or ready.notes != notes or ready.minute != minute:
            in_time = self._in_time(copy)
            slots = tuple(Slot(slot.at) for slot in in_time if self._marks.offered(window[0], slot, copy.began))
            ready = _Ready(copy, notes, minute, slots, worn=len(in_time) * (1 - _WORN) > len(slots))
            self._shelf[window] = ready
        return ready

    def _in_time(self, copy: Copy[Free]) -> list[FreeSlot]:
        """The slots without those whose time has passed since they were read; others are the service's business."""
        read, now = (datetime.fromtimestamp(at, self._zone).replace(tzinfo=None) for at in (copy.began, self._now()))
        return [slot for slot in copy.value if not read <= slot.at <= now]


def _beginning(slot: Slot) -> datetime:
    return slot.at
