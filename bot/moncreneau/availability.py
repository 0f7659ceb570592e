"""The free slots of departments, remembered frugally; must not know HTTP.

One read serves many citizens: a window is widened to two weeks, days are cut out of it, and what happens in our own
hands (a booking made, a slot refused) is noted beside the copy (`changes`) instead of throwing the copy away. A copy of
which bookings have worn away a quarter is read again after half a minute, however busy the hour.

What the windows offer, kept ready: citizens look thousands of times a second, at copies that hardly change.

Made from a copy and our own notes (`changes`), and made anew only when the copy, a note or the minute changes. Must not
know how a copy is come by.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from math import inf
from typing import Any, TypeAlias

from bot.app.ports import ApiError
from bot.core.model import Slot
from bot.moncreneau.cache import Ages, Cache, CacheStats, Copy
from bot.moncreneau.local_changes import Desk, LocalChanges, SlotVerdict, SoftHolds
from bot.moncreneau.schemas import FreeSlot

Window: TypeAlias = tuple[int, date, date]
"""A department and the first and last day, both included."""

Free: TypeAlias = tuple[FreeSlot, ...]

_WORN = 0.25  # the share of a copy's slots that may be hidden before it is read again
_MINUTE = 60.0  # offices begin at full minutes, so between two of them no time passes away


@dataclass(frozen=True, slots=True)
class Offer:
    """What a window offers, as long as nothing of what it was made from changes."""

    copy: Copy[Free]
    notes: int
    minute: int
    in_time: dict[datetime, FreeSlot]
    slots: tuple[Slot, ...] = ()
    times: tuple[datetime, ...] = ()
    """When they begin: what is searched thousands of times a second must not ask each slot."""

    @property
    def is_depleted(self) -> bool:
        """Whether so much of the copy is hidden that it should be read again."""
        return len(self.in_time) * (1 - _WORN) > len(self.slots)

    def between(self, first: date, last: date) -> tuple[Slot, ...]:
        """The slots of these days, both included."""
        begin = bisect_left(self.times, datetime.combine(first, time.min))
        return self.slots[begin : bisect_right(self.times, datetime.combine(last, time.max))]


class OfferCache:
    """What is kept ready, by window and desk; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, changes: LocalChanges, now: Callable[[], float], zone: tzinfo) -> None:
        self._changes = changes
        self._now = now
        self._zone = zone
        self.kept: dict[Window, dict[Desk, Offer]] = {}

    def drop(self, window: Window) -> None:
        """Make it anew when it is next asked for, or never."""
        self.kept.pop(window, None)

    def ready(self, window: Window, desk: Desk, copy: Copy[Free]) -> Offer:
        """What the window offers now, made anew only as far as it must be."""
        notes, minute = self._changes.changes[desk], int(self._now() // _MINUTE)
        offers = self.kept.setdefault(window, {})
        ready = offers.get(desk)
        if ready is None or ready.copy is not copy or ready.minute != minute:
            in_time = {slot.at: slot for slot in self.in_time(copy)}
            ready = Offer(copy, -1, minute, in_time)
        if ready.notes != notes:
            news = self._changes.since(desk, ready.notes) if ready.notes >= 0 else None
            ready = self._all(desk, ready) if news is None else self.but_for(desk, ready, dict.fromkeys(news, 0))
            ready = offers[desk] = replace(ready, notes=notes)
        return ready

    def _all(self, desk: Desk, ready: Offer) -> Offer:
        began, offered = ready.copy.began, self._changes.offered
        times = tuple(at for at, slot in ready.in_time.items() if offered(desk, slot, began))
        return replace(ready, slots=tuple(map(Slot, times)), times=times)

    def but_for(self, desk: Desk, ready: Offer, news: Mapping[datetime, int]) -> Offer:
        """The same slots again, but for those about which there is news: so many places more are asked for."""
        slots, times = list(ready.slots), list(ready.times)
        for at, more in news.items():
            if (slot := ready.in_time.get(at)) is None:
                continue
            place = bisect_left(times, at)
            was = place < len(times) and times[place] == at
            offered = self._changes.offered(desk, slot, ready.copy.began, more)
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

    def in_doubt(self, desk: Desk, copy: Copy[Free], days: tuple[date, date]) -> list[tuple[Slot, SlotVerdict]]:
        """The slots of these days that nobody but the service can judge."""
        some = (slot for slot in self.in_time(copy) if days[0] <= slot.at.date() <= days[1])
        judged = ((Slot(slot.at), self._changes.verdict(desk, slot, copy.began)) for slot in some)
        return [(slot, verdict) for slot, verdict in judged if verdict is not SlotVerdict.TAKEN]


Fetch: TypeAlias = Callable[[int, date, date], Coroutine[Any, Any, Free]]

LAST = 900.0  # seconds after which a copy is read again, however busy the hour
LONGEST = 1800.0  # seconds after which it serves nobody any more, although it cannot be read again
_QUIET = (
    1.5  # times as long a copy is good in a busy hour if the last reading brought nothing but what we noted ourselves
)
_REFUSED = 3  # times as soon a copy is read again once the service has refused a slot that it offers
_CALM_HOUR = (
    60.0  # an hour is calm as long as copies need not be older than this, and then a refusal ends a copy's life
)
_ACTIVE = 600.0  # seconds for which a window that somebody asked for counts as active
_WIDE = timedelta(days=13)  # added to the first day asked for: two weeks cost the same one request as a day
_WORN_AGE = 30.0  # but not younger than this
_PLENTY = 12  # slots that must be left to offer before one is kept from others because somebody is about to confirm it
_AFRESH = Ages(fresh=-1, stale=-1, last=-1)
_RATHER_AFRESH = replace(_AFRESH, last=inf)


class SlotCache:
    """Availability by department and window.

    `now` gives Unix seconds, `zone` is the office's, `up` tells whether the service counts as up.
    """

    def __init__(
        self,
        fetch: Fetch,
        now: Callable[[], float],
        zone: tzinfo,
        tally: CacheStats,
        up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._zone = zone
        self._cache: Cache[Window, Free] = Cache(now, tally, up=up)
        self._asked: dict[Window, float] = {}
        self._changes = LocalChanges()
        self._offers = OfferCache(self._changes, now, zone)
        self._choices = SoftHolds(now)
        self._quiet: set[Window] = set()
        self._refused: dict[int, float] = {}

    @property
    def active(self) -> int:
        """How many windows citizens have asked for in the last minutes, at least 1."""
        since = self._now() - _ACTIVE
        for window in [window for window, at in self._asked.items() if at < since]:
            del self._asked[window]
            self._offers.drop(window)
            self._quiet.discard(window)
        return max(1, len(self._asked))

    async def get(
        self, department_id: int, first: date, last: date, ages: Ages, worker_id: int | None = None
    ) -> tuple[Slot, ...]:
        """The free slots from `first` to `last`, earliest first. Raises what reading them raises."""
        window, desk = self._window(department_id, first, last), (department_id, worker_id)
        self._asked[window] = self._now()
        ages = self._ages(window, desk, ages)
        copy = await self._cache.get(window, lambda: self._read(window), ages)
        ready = self._offers.ready(window, desk, copy)
        if chosen := None if worker_id else self._choices.of(department_id):
            others = self._offers.but_for(desk, ready, chosen)
            ready = others if len(others.slots) >= _PLENTY else ready
        return ready.between(first, last) or await self._last_resort(window, desk, copy, (first, last))

    def _ages(self, window: Window, desk: Desk, ages: Ages) -> Ages:
        """How old the copy of this window may be, by what happened there."""
        known, calm = self._cache.peek(window), ages.fresh <= _CALM_HOUR
        if calm and known is not None and self._refused.get(window[0], 0.0) > known.began:
            return replace(ages, fresh=-1, stale=-1)  # a stranger was there first: the copy is not what it was
        if known is not None and self._offers.ready(window, desk, known).is_depleted:
            return replace(ages, fresh=min(ages.fresh, _WORN_AGE), stale=_WORN_AGE)
        if window in self._quiet and not calm:
            return Ages(_QUIET * ages.fresh, _QUIET * ages.stale, ages.last)
        return ages

    async def _last_resort(
        self, window: Window, desk: Desk, copy: Copy[Free], days: tuple[date, date]
    ) -> tuple[Slot, ...]:
        """What to offer where all that a copy has left may have been taken by ourselves.

        Nobody is told that nothing is free because of a note: it is read again, unless a reading has shown already that
        these slots take several; and what is still in doubt is offered, for the booking itself decides.
        """
        if not (doubtful := self._offers.in_doubt(desk, copy, days)):
            return ()
        if not any(verdict is SlotVerdict.PROVEN for _, verdict in doubtful):
            with suppress(ApiError):
                copy = await self._cache.get(window, lambda: self._read(window), _RATHER_AFRESH)
            if found := self._offers.ready(window, desk, copy).between(*days):
                return found
        return tuple(slot for slot, _ in self._offers.in_doubt(desk, copy, days))

    def chosen(self, owner: str, choice: tuple[int, datetime] | None) -> None:
        """Note which slot a citizen is about to confirm, or that it is none any more."""
        self._choices.note(owner, choice)

    def booked(self, department_id: int, at: datetime, worker_id: int | None = None) -> None:
        """Note that we took one place of a slot."""
        self._changes.at((department_id, worker_id), at).booked.append(self._now())

    def unsure(self, department_id: int, at: datetime, worker_id: int | None = None) -> None:
        """Note that we may have taken one place of a slot."""
        self._changes.at((department_id, worker_id), at).unsure = self._now()

    def refused(self, department_id: int, at: datetime, worker_id: int | None = None) -> None:
        """Note that the service says that the slot is not available."""
        self._changes.at((department_id, worker_id), at).taken = self._now()
        self._refused[department_id] = self._now()

    def freed(self, department_id: int, at: datetime) -> None:
        """Note that an appointment was cancelled: the slot has one place more than we knew, and copies offer it."""
        self._changes.freed(department_id, at, self._now())
        if at <= datetime.fromtimestamp(self._now(), self._zone).replace(tzinfo=None):
            return
        for window, copy in self._cache:
            covers = window[0] == department_id and window[1] <= at.date() <= window[2]
            if covers and all(slot.at != at for slot in copy.value):
                counts = any(slot.left is not None for slot in copy.value)
                place = FreeSlot(at, 1 if counts else None)
                copy.value = tuple(sorted((*copy.value, place), key=lambda slot: slot.at))
                self._offers.drop(window)

    async def surely_taken(self, department_id: int, at: datetime) -> bool:
        """Whether asking for the slot is in vain, by the service's own word.

        Where we took places since the newest reading, perhaps the last one, the slots are read first. That costs the
        one request which a refused booking would cost, and what it tells serves everybody; a refusal serves nobody.
        """
        window, copy, slot = self._newest(department_id, at)
        if copy is not None and slot is not None and not self._changes.offered((department_id, None), slot, copy.began):
            if self.known_taken(department_id, at):
                return True
            with suppress(ApiError):
                await self._cache.get(window, lambda: self._read(window), _AFRESH)
        return self.known_taken(department_id, at)

    def known_taken(self, department_id: int, at: datetime) -> bool:
        """Whether the service said so a moment ago, or its last place went to one of ours."""
        _, copy, slot = self._newest(department_id, at)
        began = 0.0 if copy is None else copy.began
        return self._changes.known_taken((department_id, None), at, slot, began, self._now())

    def _newest(self, department_id: int, at: datetime) -> tuple[Window, Copy[Free] | None, FreeSlot | None]:
        """The window that the slot is in, its copy, and the slot as it stands there."""
        window = self._window(department_id, at.date(), at.date())
        copy = self._cache.peek(window)
        return window, copy, next((slot for slot in copy.value if slot.at == at), None) if copy else None

    def forget(self, department_id: int) -> None:
        """Read the department's slots afresh when they are next asked for."""
        for window, _ in list(self._cache):
            if window[0] == department_id:
                self._cache.drop(window)

    def call_off(self) -> None:
        """Nobody waits any longer for what is being read."""
        self._cache.single_flight.call_off()

    async def aclose(self) -> None:
        """Stop what is being read."""
        await self._cache.single_flight.aclose()

    async def _read(self, window: Window) -> Free:
        began = self._now()
        free = await self._fetch(*window)
        department_id, first, last = window
        known = self._cache.peek(window)
        (self._quiet.add if known and self._is_no_news(department_id, known, free) else self._quiet.discard)(window)
        end = datetime.combine(last, time.max)
        self._changes.learn(department_id, datetime.combine(first, time.min), end, free, began)
        return free

    def _is_no_news(self, department_id: int, known: Copy[Free], free: Free) -> bool:
        """Whether a new reading differs from a copy in nothing but what we noted ourselves: strangers are not at it."""
        different = {slot.at for slot in self._offers.in_time(known)} ^ {slot.at for slot in free}
        return all(self._changes.noted(department_id, at, known.began) for at in different)

    def _window(self, department_id: int, first: date, last: date) -> Window:
        """The window to read: one that is at hand or under way and covers what is asked, else a wide one.

        One that begins before today is left behind at midnight: the service need not accept its first day any more.
        """
        begins = min(first, datetime.fromtimestamp(self._now(), self._zone).date())

        def fits(window: Window) -> bool:
            return window[0] == department_id and begins <= window[1] <= first and last <= window[2]

        def serves(window: Window, copy: Copy[Free]) -> bool:
            return fits(window) and self._cache.age(copy) <= LONGEST

        known = [(copy.began, window) for window, copy in self._cache if serves(window, copy)]
        if known:
            return max(known)[1]
        flying = next(filter(fits, self._cache.single_flight), None)
        return flying or (department_id, first, max(last, first + _WIDE))
