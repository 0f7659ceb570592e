"""The slots of departments: cached, refreshed in the background, and never offered to two of our citizens.

One reading serves all citizens. While some look at a department or hold one of its slots, it is read again as often as
`freshness` allows, and nobody waits for that. One citizen keeps one department fresh, and causes at most `READINGS`
other readings an hour, so that one chat cannot use up the hour of all. Slots that were booked or held since
(`local_changes`, `holds`) are not offered. Must not know HTTP.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from operator import attrgetter
from statistics import median
from typing import Any, TypeAlias

from bot.app.backoff import Backoff
from bot.app.hourly_limiter import HourlyLimiter
from bot.app.ports import ApiError, SlotChoice
from bot.core.health import ChatLimit
from bot.core.model import Slot
from bot.moncreneau import freshness
from bot.moncreneau.cache import Ages, Cache, CacheStats, Copy
from bot.moncreneau.errors import QuotaExhausted
from bot.moncreneau.freshness import RequestHour
from bot.moncreneau.holds import Desk, SlotHolds
from bot.moncreneau.local_changes import LocalChanges
from bot.moncreneau.schemas import FreeSlot

Window: TypeAlias = tuple[int, date, date]
"""A department and the first and last day, both included."""
Fetch: TypeAlias = Callable[[int, date, date], Coroutine[Any, Any, tuple[FreeSlot, ...]]]

WATCHED = 60.0
"""Seconds after a citizen's last action for which a window is kept fresh."""
RETRY = 15.0
"""Seconds, about, before a reading in the background that failed is tried again; then twice as many."""
LONGEST_NAP = 2.0
"""Seconds after which the allowed age is computed again, because strangers or a rush may have come meanwhile."""
EMPTY = 10.0
"""Seconds. "Nothing is free" is never based on an older reading."""
READINGS = 30
"""The most readings that one citizen may cause within an hour because no cached copy is fresh enough."""
REMEMBERED = 500
"""The number of ages of shown slots from which the median is computed."""


_at = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Reading:
    """A response of the API: its slots as free and as perhaps free, and how many places each has (None: not told)."""

    free: tuple[Slot, ...]
    perhaps: tuple[Slot, ...]
    places: dict[datetime, int | None]


class Availability:
    """`fetch` reads slots, `now` returns Unix seconds, `zone` is the office's, `hour` returns what the quota allows.

    `reached` counts the readings that a citizen was refused.
    """

    def __init__(  # noqa: PLR0913 — what it needs, passed by name
        self,
        fetch: Fetch,
        now: Callable[[], float],
        zone: tzinfo,
        *,
        stats: CacheStats,
        hour: Callable[[], RequestHour | None],
        reached: Counter[ChatLimit] | None = None,
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._zone = zone
        self._hour = hour
        self._cache: Cache[Window, Reading] = Cache(now, stats)
        self._holds = SlotHolds(now)
        self._changes = LocalChanges(now)
        self._limiter = HourlyLimiter[str](READINGS, now)
        self._reached = Counter() if reached is None else reached
        self._watches: dict[str, tuple[Window, float]] = {}
        """The window that each citizen looked at last, and when."""
        self._refreshing: dict[Window, asyncio.Task[None]] = {}
        self._strangers: dict[int, deque[float]] = {}
        self._ages: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def age_shown(self) -> float | None:
        """The median age of the slots that were shown recently, in seconds; None if none were."""
        return median(self._ages) if self._ages else None

    async def get(  # noqa: PLR0913 — what a reading is of, and whom it is for
        self,
        owner: str,
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,
        *,
        wanted: datetime | None = None,
    ) -> tuple[Slot, ...]:
        """The slots to offer, earliest first. Slots that are perhaps free are offered only on days without free ones.

        `wanted` is called gone only by a new reading, because a citizen of ours may have given it up since the last.
        Raises what reading raises, and `QuotaExhausted` if `owner` may cause no more readings.
        """
        window, desk = (department_id, first, last), (department_id, worker_id)
        age = max(self._allowed_age(window), freshness.WAITS)
        copy = await self._copy(owner, window, Ages(good=age, last=freshness.UNREADABLE))
        free, perhaps = self._offered(desk, copy, owner)
        if not (free or perhaps) and self._cache.age(copy) > EMPTY:
            copy = await self._copy(owner, window, Ages(good=EMPTY, last=EMPTY))
            free, perhaps = self._offered(desk, copy, owner)
        if wanted and all(slot.at != wanted for slot in free) and self._cache.age(copy) > 0:
            copy = await self._copy(owner, window, Ages(good=0.0, last=0.0))
            free, perhaps = self._offered(desk, copy, owner)
        self._ages.append(max(0.0, self._now() - copy.began))  # a clock may be set back
        full = {day for day in {slot.at.date() for slot in perhaps} if not _has_slot_on(day, free)}
        free += [slot for slot in perhaps if slot.at.date() in full]
        return tuple(sorted(free, key=_at))

    def hold(self, owner: str, choice: SlotChoice | None, *, check: bool = False) -> datetime | None:
        """See `Moncreneau.hold`."""
        if choice is None:
            self._holds.release(owner)
            return None
        desk = (choice.department_id, choice.worker_id)
        is_kept = self._holds.has(owner, desk, choice.at)
        self._holds.release(owner)
        newest = self._newest(choice.department_id)
        if newest:
            self._watch(owner, newest[0])
        at: datetime | None = choice.at
        if check and newest and not choice.confirmed:
            at = self._nearest(desk, choice.at, newest[1], owner)
        elif check and not is_kept and self._is_held(desk, choice.at, newest[1] if newest else None):
            at = None
        if at:
            self._holds.hold(owner, desk, at, confirmed=choice.confirmed)
        return at

    def known(self, department_id: int) -> tuple[frozenset[datetime], float] | None:
        """The free slots of the newest reading that nobody holds, and its age in seconds; None without a reading."""
        newest = self._newest(department_id)
        if newest is None:
            return None
        free, _ = self._offered((department_id, None), newest[1], "")
        return frozenset(slot.at for slot in free), self._cache.age(newest[1])

    async def read(self, department_id: int, first: date, last: date, fetch: Fetch) -> None:
        """Read slots by `fetch`, or wait for the reading that is under way. Raises what that raises."""
        window = (department_id, first, last)
        await self._cache.refresh(window, lambda: self._read(window, fetch))

    def booked(self, department_id: int, at: datetime, worker_id: int | None = None, owner: str = "") -> None:
        """Record that we booked one place of a slot."""
        self._changes.booked((department_id, worker_id), at, owner)

    def perhaps_booked(self, department_id: int, at: datetime, worker_id: int | None, owner: str) -> None:
        """Record that we may have booked one place of a slot for a citizen; they may choose it again."""
        self._changes.perhaps_booked((department_id, worker_id), at, owner)

    def refused(self, department_id: int, at: datetime, worker_id: int | None = None) -> None:
        """Record that the API refused the slot: somebody outside the bot took it."""
        self._changes.refused((department_id, worker_id), at)
        self._met_strangers(department_id, 1)

    async def aclose(self) -> None:
        """Stop refreshing."""
        tasks = list(self._refreshing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._cache.single_flight.aclose()

    # --- what is offered ---------------------------------------------------------------------------------------------

    def _offered(self, desk: Desk, copy: Copy[Reading], owner: str) -> tuple[list[Slot], list[Slot]]:
        """The slots still to come that are free for this citizen, and those that are perhaps free; earliest first."""
        reading, taken = copy.value, self._taken(desk, copy, owner)
        first = bisect_right(reading.free, self._office_now(), key=_at)
        free = [slot for slot in reading.free[first:] if slot.at not in taken]
        return free, [slot for slot in reading.perhaps[first:] if taken.get(slot.at)]

    def _taken(
        self, desk: Desk, copy: Copy[Reading], owner: str, among: Collection[datetime] = ()
    ) -> dict[datetime, bool]:
        """The slots (`among` these, if any) that are held, or were booked or refused since the reading.

        Each with whether it is perhaps free: its holder may not book it, or it may have another place.
        """
        held, changes, places_of = self._holds.held(desk), self._changes.of(desk), _places(desk, copy)
        taken: dict[datetime, bool] = {}
        for at in among or {*held, *changes}:
            change, places = changes.get(at), places_of.get(at)
            booked = change.places(copy.began, but=owner) if change else 0
            if change and change.refused is not None and change.refused >= copy.began:
                taken[at] = False
            elif booked + held.get(at, 0) >= (places or 1):
                taken[at] = places is None or booked < places
        return taken

    def _nearest(self, desk: Desk, wanted: datetime, copy: Copy[Reading], owner: str) -> datetime | None:
        """The wanted slot, or the nearest free one instead, on the same day if possible; None if there is none.

        Slots that others hold are used only if no others are left.
        """
        is_coming = wanted in copy.value.places and wanted > self._office_now()
        if is_coming and not self._taken(desk, copy, owner, {wanted}):
            return wanted
        free, perhaps = self._offered(desk, copy, owner)
        offered = free or perhaps
        after = bisect_left(offered, wanted, key=_at)
        beside = [slot.at for slot in offered[max(after - 1, 0) : after + 1]]
        return min(beside, key=lambda at: (at.date() != wanted.date(), abs(at - wanted)), default=None)

    def _is_held(self, desk: Desk, at: datetime, copy: Copy[Reading] | None) -> bool:
        """Whether citizens hold all places of a slot."""
        return self._holds.held(desk)[at] >= ((copy and _places(desk, copy).get(at)) or 1)

    # --- how old it may be -------------------------------------------------------------------------------------------

    def _allowed_age(self, window: Window) -> float:
        since = self._now() - freshness.CONTESTED_SPAN
        met = self._strangers.get(window[0], deque())
        while met and met[0] < since:
            met.popleft()
        windows = len(self._watched() | {window})
        return freshness.slot_age(self._hour(), windows, contested=len(met) >= freshness.CONTESTED)

    async def _copy(self, owner: str, window: Window, ages: Ages) -> Copy[Reading]:
        """A reading as old as `ages` allows, which is kept fresh for a while."""
        known = self._cache.peek(window)
        if self._cache.age(known) > ages.good and window not in self._cache.single_flight:
            if wait := self._limiter.wait(owner):
                self._reached[ChatLimit.READINGS] += 1
                if known and self._cache.age(known) <= ages.last:
                    return known
                raise QuotaExhausted(retry_after=wait)
            self._limiter.count(owner)
        self._watch(owner, window)
        return await self._cache.get(window, lambda: self._read(window), ages)

    def _watch(self, owner: str, window: Window) -> None:
        """Keep a window fresh for a while, instead of any other of this citizen."""
        self._watches[owner] = window, self._now()
        if window not in self._refreshing:
            self._refreshing[window] = asyncio.create_task(self._keep_fresh(window))

    def _watched(self) -> set[Window]:
        """The windows that citizens look at."""
        since = self._now() - WATCHED
        return {window for window, at in self._watches.values() if at > since}

    async def _keep_fresh(self, window: Window) -> None:
        backoff, retry_at = Backoff(RETRY, freshness.LONGEST), 0.0
        try:
            while window in self._watched():
                due_in = self._allowed_age(window) - self._cache.age(self._cache.peek(window))
                if (wait := max(due_in, retry_at - self._now())) > 0:
                    await asyncio.sleep(min(wait, LONGEST_NAP))
                    continue
                try:
                    await self._cache.refresh(window, lambda: self._read(window))
                    backoff.reset()
                except ApiError:
                    retry_at = self._now() + backoff.pause()
        finally:
            del self._refreshing[window]
            self._watches = {owner: each for owner, each in self._watches.items() if each[0] != window}

    async def _read(self, window: Window, fetch: Fetch | None = None) -> Reading:
        began = self._now()
        department_id, first, last = window
        free = await (fetch or self._fetch)(department_id, first, last)
        reading = Reading(
            free=tuple(Slot(each.at) for each in free),
            perhaps=tuple(Slot(each.at, perhaps=True) for each in free),
            places={each.at: each.left for each in free},
        )
        known = self._cache.peek(window)
        if known and began - known.began <= freshness.CONTESTED_SPAN:
            now = self._office_now()
            gone = {at for at in known.value.places.keys() - reading.places.keys() if at > now}
            ours = self._changes.booked_since(department_id, known.began)
            self._met_strangers(department_id, len(gone - ours))
        self._changes.was_read(department_id, first, last, began)
        return reading

    def _met_strangers(self, department_id: int, slots: int) -> None:
        met = self._strangers.setdefault(department_id, deque(maxlen=freshness.CONTESTED))
        met.extend([self._now()] * slots)

    def _newest(self, department_id: int) -> tuple[Window, Copy[Reading]] | None:
        copies = [(window, copy) for window, copy in self._cache if window[0] == department_id]
        return max(copies, key=lambda each: each[1].began, default=None)

    def _office_now(self) -> datetime:
        return datetime.fromtimestamp(self._now(), self._zone).replace(tzinfo=None)


def _has_slot_on(day: date, slots: list[Slot]) -> bool:
    """Whether one of the slots, which are in order of time, is on this day."""
    first = bisect_left(slots, datetime.combine(day, time.min), key=_at)
    return first < len(slots) and slots[first].at.date() == day


def _places(desk: Desk, copy: Copy[Reading]) -> Mapping[datetime, int | None]:
    """The places of each slot, where known; the API does not tell those of one member of staff."""
    return copy.value.places if desk[1] is None else {}
