"""What we did to slots ourselves, noted beside the copies of what the service said; must not know HTTP or copies.

A note counts against readings that began before it. What the API tells of a slot is often only "free", not how many
places it has, so after a booking of ours nobody knows whether there is another place. The next reading shows it, and so
a department is learnt: `learnt_capacity` is the most bookings of ours that a slot of it had while it was still offered.
A slot
with more than that is hidden until it is read again. Hidden, not refused: who chose it before may still ask for it, and
it is shown all the same where there is nothing else. What the API says is not told by member of staff, but a booking
with one of them takes no place of another's: each has notes of their own.

Which slots citizens of ours are about to confirm; must not know whether they are free.

The API has no way to hold a slot. But between the moment when somebody chooses one and the moment when they confirm it,
half a minute or more, the bot need not offer it to others, as long as there are others: two who never want the same
slot cannot disappoint each other, and a race that is not run costs no request. It promises nothing.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from bot.moncreneau.schemas import FreeSlot

_SURE = 10.0  # seconds for which the service's "not available" is taken at its word
_YOUNG = 60.0  # and for which it counts that a reading no longer offered a slot after a booking of ours
_MOST = 5000  # notes kept
_LATEST = 64  # of which so many may be new to whoever made something of them, before it is made anew

Desk: TypeAlias = tuple[int, int | None]
"""A department, and the member of staff where the department lets one be chosen."""


class SlotVerdict(Enum):
    """How a slot stands that a reading offered."""

    FREE = "free"
    HIDDEN = "hidden"  # our own bookings may have taken its last place
    PROVEN = "proven"  # the same, but it was offered in a reading after a booking of ours: it has room for several
    TAKEN = "taken"  # by the service's own word


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


class LocalChanges:
    """Notes by desk and time of the slot."""

    def __init__(self) -> None:
        self._changes: dict[tuple[Desk, datetime], Mark] = {}
        self._room: dict[Desk, int] = {}
        self.changes: Counter[Desk] = Counter()
        """How often something about a desk was noted: what was made of its notes is good while this stands."""
        self._latest: dict[Desk, deque[datetime]] = {}

    def __len__(self) -> int:
        return len(self._changes)

    def at(self, desk: Desk, at: datetime) -> Mark:
        """The note on a slot, to write on at once."""
        key = (desk, at)
        mark = self._changes.pop(key, None) or Mark()
        self._changes[key] = mark
        self._changed(desk, at)
        while len(self._changes) > _MOST:
            oldest = next(iter(self._changes))
            self._changed(*oldest)
            del self._changes[oldest]
        return mark

    def noted(self, department_id: int, at: datetime, began: float) -> bool:
        """Whether something happened to the slot in our own hands since then, at whatever desk."""
        desks = [desk for desk in self.changes if desk[0] == department_id]
        changes = (self._changes.get((desk, at), _NO_MARK) for desk in desks)
        times = (time for mark in changes for time in (*mark.booked, mark.taken, mark.unsure, mark.freed))
        return any(noted is not None and noted >= began for noted in times)

    def since(self, desk: Desk, changes: int) -> tuple[datetime, ...] | None:
        """The slots about which something was noted since `changes` was so; None where everything may be different."""
        news = self.changes[desk] - changes
        latest = self._latest.get(desk, deque())
        return tuple(latest)[len(latest) - news :] if news <= len(latest) else None

    def _changed(self, desk: Desk, at: datetime) -> None:
        self.changes[desk] += 1
        self._latest.setdefault(desk, deque(maxlen=_LATEST)).append(at)

    def offered(self, desk: Desk, slot: FreeSlot, began: float, more: int = 0) -> bool:
        """Whether a slot that was free in a reading begun then should be offered, with `more` places asked for."""
        return self.verdict(desk, slot, began, more) is SlotVerdict.FREE

    def verdict(self, desk: Desk, slot: FreeSlot, began: float, more: int = 0) -> SlotVerdict:
        """How a slot stands that was free in a reading begun then, with `more` places asked for."""
        mark = self._changes.get((desk, slot.at), _NO_MARK)
        if mark is _NO_MARK and not more:
            return SlotVerdict.FREE
        if mark.taken is not None and mark.taken >= began:
            return SlotVerdict.TAKEN
        ours = len([at for at in mark.booked if at >= began]) + more
        if slot.left is not None:
            return SlotVerdict.FREE if slot.left > ours else SlotVerdict.TAKEN
        # A slot hidden for some minutes disappoints nobody, a refused booking does.
        ours += mark.unsure is not None and mark.unsure >= began
        if not ours or mark.seen + ours <= self._room.get(desk, 0):
            return SlotVerdict.FREE
        return SlotVerdict.PROVEN if mark.seen else SlotVerdict.HIDDEN

    def known_taken(self, desk: Desk, at: datetime, slot: FreeSlot | None, began: float, now: float) -> bool:
        """Whether asking for the slot is in vain on hard evidence; everything else the booking itself decides.

        `began` is when the newest reading was begun, `slot` how it had the slot: None where it did not offer it. Such a
        reading alone proves nothing: a stranger's place may be free again. But the service refused this very slot a
        moment ago, or a booking of ours took what a young reading then shows to have been the last place.
        """
        mark = self._changes.get((desk, at), _NO_MARK)
        if mark.taken is not None and 0 <= now - mark.taken <= _SURE and (slot is None or mark.taken >= began):
            return True
        if slot is None:
            given_back = mark.freed is not None and mark.freed >= began
            return bool(mark.seen) and not given_back and 0 <= now - began <= _YOUNG
        ours = len([booked for booked in mark.booked if booked >= began])
        # Where the service tells no number, nobody knows how many places are left: the booking itself decides.
        return bool(ours) and slot.left is not None and slot.left <= ours

    def learn(
        self, department_id: int, first: datetime, last: datetime, free: Iterable[FreeSlot], began: float
    ) -> None:
        """Compare our bookings between these times with a reading that began after them."""
        offered = {slot.at for slot in free}
        for desk in [desk for desk in self.changes if desk[0] == department_id]:
            self.changes[desk] += 1
            self._latest.pop(desk, None)
        for (desk, at), mark in list(self._changes.items()):
            if desk[0] != department_id or not first <= at < last:
                continue
            later = [booked for booked in mark.booked if booked >= began]
            news = len(mark.booked) - len(later)
            mark.seen, mark.booked = mark.seen + news, later
            if at in offered and mark.seen > self._room.get(desk, 0):
                self._room[desk] = mark.seen

    def freed(self, department_id: int, at: datetime, now: float) -> None:
        """Note that a booking of ours was cancelled; with whom it was is not known, so it counts at every desk."""
        desks = {desk for desk in self.changes if desk[0] == department_id and (desk, at) in self._changes}
        for desk in desks | {(department_id, None)}:
            mark = self.at(desk, at)
            mark.taken, mark.freed = None, now
            if mark.booked:
                mark.booked.pop()
            else:
                mark.seen = max(0, mark.seen - 1)


_LASTS = 120.0  # seconds after which a choice counts no more: whoever thinks for longer takes their chance


class SoftHolds:
    """The present choice of each owner; `now` gives Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._choices: dict[str, tuple[int, datetime, float]] = {}
        self._counts: dict[int, Counter[datetime]] = {}

    def note(self, owner: str, choice: tuple[int, datetime] | None) -> None:
        """Note what somebody is about to confirm, or that it is nothing any more."""
        self._forget(owner)
        if choice is not None:
            department_id, at = choice
            self._choices[owner] = (department_id, at, self._now())
            self._counts.setdefault(department_id, Counter())[at] += 1

    def of(self, department_id: int) -> Mapping[datetime, int]:
        """How many are about to confirm each slot of a department."""
        since = self._now() - _LASTS
        while self._choices:
            owner, (_, _, noted) = next(iter(self._choices.items()))  # the oldest: a newer one is put at the end
            if noted >= since:
                break
            self._forget(owner)
        return self._counts.get(department_id, {})

    def _forget(self, owner: str) -> None:
        known = self._choices.pop(owner, None)
        if known is not None:
            department_id, at, _ = known
            counts = self._counts[department_id]
            counts[at] -= 1
            if not counts[at]:
                del counts[at]
