"""The free slots of departments, remembered frugally; must not know HTTP.

One read serves many citizens: a window is widened to two weeks, days are cut out of it, and what happens in our own
hands (a booking made, a slot refused) is noted beside the copy instead of throwing the copy away. A note counts against
copies whose reading began before it; the next reading tells the truth again.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from bot.core.model import Slot
from bot.moncreneau.cache import Ages, Cache, Copy, Tally
from bot.moncreneau.models import FreeSlot

Window: TypeAlias = tuple[int, date, date]
"""A department and the first and last day, both included."""

Fetch: TypeAlias = Callable[[int, date, date], Coroutine[Any, Any, tuple[FreeSlot, ...]]]

LAST = 900.0  # seconds after which a copy serves nobody any more
ACTIVE = 600.0  # seconds for which a window that somebody asked for counts as active
_SURE = 30.0  # seconds for which the service's "not available" is taken at its word
_MARKS = 5000  # notes kept at most
_WIDE = timedelta(days=13)  # added to the first day asked for: two weeks cost the same one request as a day


@dataclass(slots=True)
class _Mark:
    """What we know of a slot since it was last read: refused at `taken`, or booked by us at these times."""

    taken: float | None = None
    booked: list[float] = field(default_factory=list)


class SlotCache:
    """Availability by department and window; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, fetch: Fetch, now: Callable[[], float], zone: tzinfo, tally: Tally) -> None:
        self._fetch = fetch
        self._now = now
        self._zone = zone
        self._cache: Cache[Window, tuple[FreeSlot, ...]] = Cache(now, tally)
        self._asked: dict[Window, float] = {}
        self._marks: dict[tuple[int, datetime], _Mark] = {}

    @property
    def active(self) -> int:
        """How many windows citizens have asked for in the last minutes, at least 1."""
        since = self._now() - ACTIVE
        self._asked = {window: at for window, at in self._asked.items() if at >= since}
        return max(1, len(self._asked))

    async def get(self, department_id: int, first: date, last: date, ages: Ages) -> tuple[Slot, ...]:
        """The free slots from `first` to `last`, earliest first. Raises what reading them raises."""
        window = self._window(department_id, first, last)
        self._asked[window] = self._now()
        copy = await self._cache.get(window, lambda: self._fetch(*window), ages)
        now = self._now()
        return tuple(
            Slot(slot.at)
            for slot in copy.value
            if first <= slot.at.date() <= last
            and self._left(department_id, slot, copy)
            and not self._passed(slot, copy, now)
        )

    def booked(self, department_id: int, at: datetime) -> None:
        """Note that we took (or may have taken) one place of a slot."""
        self._mark(department_id, at).booked.append(self._now())

    def refused(self, department_id: int, at: datetime) -> None:
        """Note that the service says that the slot is not available."""
        self._mark(department_id, at).taken = self._now()

    def freed(self, department_id: int, at: datetime) -> None:
        """Note that an appointment of ours was cancelled: the slot has one place more than we knew."""
        mark = self._marks.get((department_id, at))
        if mark is not None:
            mark.taken = None
            del mark.booked[-1:]

    def known_taken(self, department_id: int, at: datetime) -> bool:
        """Whether the service itself said a moment ago that the slot is not available, and nothing newer is known."""
        mark = self._marks.get((department_id, at))
        if mark is None or mark.taken is None or not 0 <= self._now() - mark.taken <= _SURE:
            return False
        return all(
            copy.began <= mark.taken or slot.at != at
            for (department, first, last), copy in self._cache
            if department == department_id and first <= at.date() <= last
            for slot in copy.value
        )

    def forget(self, department_id: int) -> None:
        """Read the department's slots afresh when they are next asked for."""
        for window, _ in list(self._cache):
            if window[0] == department_id:
                self._cache.drop(window)

    async def aclose(self) -> None:
        """Stop what is being read."""
        await self._cache.flights.aclose()

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

    def _left(self, department_id: int, slot: FreeSlot, copy: Copy[tuple[FreeSlot, ...]]) -> bool:
        mark = self._marks.get((department_id, slot.at))
        if mark is None:
            return True
        if mark.taken is not None and mark.taken >= copy.began:
            return False
        ours = sum(at >= copy.began for at in mark.booked)
        # Where the API tells only "free" our own booking may have been the last place: not offered until it is read
        # again, because a slot hidden for some minutes disappoints nobody and a refused booking does.
        return not ours if slot.left is None else slot.left > ours

    def _passed(self, slot: FreeSlot, copy: Copy[tuple[FreeSlot, ...]], now: float) -> bool:
        """Whether the slot's time came after it was read; what the service offers although past is its business."""
        return copy.began <= slot.at.replace(tzinfo=self._zone).timestamp() <= now

    def _mark(self, department_id: int, at: datetime) -> _Mark:
        key = (department_id, at)
        mark = self._marks.pop(key, None) or _Mark()
        self._marks[key] = mark
        while len(self._marks) > _MARKS:
            del self._marks[next(iter(self._marks))]
        return mark
