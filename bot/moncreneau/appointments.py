"""Citizens who look at their own appointments, again and again if they like; must not know HTTP.

What one citizen asks concerns nobody else, so one who keeps asking must not use up what all others need. Questions that
come together are one request, a list serves for some seconds unless its owner books or cancels meanwhile, and an owner
has so many requests an hour for looking and as many for cancelling. Whoever settles an unknown outcome does not ask
here: for that only the service's own word at that moment is good enough.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from bot.core.model import Appointment
from bot.moncreneau.cache import Ages, Cache, Tally
from bot.moncreneau.errors import BudgetSpent
from bot.moncreneau.headers import HOUR
from bot.moncreneau.quota import Kind

ALLOWED = 60
"""Requests an hour of one owner, for looking and for cancelling each."""
SERVES = 10.0
"""Seconds for which a list serves."""
_KEPT = 5000
_AGES = Ages(fresh=SERVES, stale=SERVES, last=SERVES)

Found: TypeAlias = tuple[Appointment, ...]
Read: TypeAlias = Callable[[str, Kind], Coroutine[Any, Any, Found]]
_Key: TypeAlias = tuple[str, Kind, int]


@dataclass(slots=True)
class _Visitor:
    """An owner who looked lately."""

    state: int
    """Another number after each booking and cancelling: lists read before belong to an earlier one."""
    looks: dict[Kind, deque[float]] = field(default_factory=dict)
    """When the service was asked on the owner's behalf, within the last hour."""


class Visits:
    """`read` asks the service, `now` gives Unix seconds, `up` whether the service counts as up."""

    def __init__(self, read: Read, now: Callable[[], float], tally: Tally, up: Callable[[], bool]) -> None:
        self._read = read
        self._now = now
        self._lists: Cache[_Key, Found] = Cache(now, tally, up=up)
        self.flights = self._lists.flights
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._states = count()

    async def look(self, owner: str, kind: Kind) -> Found:
        """All that `owner` has, some seconds old at most.

        Raises what reading raises, and `BudgetSpent` where the owner's own share of the hour is used up.
        """
        visitor = self._visitor(owner)
        keys = [(owner, each, visitor.state) for each in (kind, Kind.READ, Kind.URGENT)]
        fresh = (copy for key in keys if (copy := self._lists.peek(key)) and self._lists.age(copy) <= SERVES)
        if copy := next(fresh, None):
            return copy.value
        if keys[0] not in self.flights:
            self._count(visitor.looks.setdefault(kind, deque()))
        return (await self._lists.get(keys[0], lambda: self._read(owner, kind), _AGES)).value

    def changed(self, owner: str) -> None:
        """Something happens to what the owner has: lists that were begun to be read before serve no more."""
        if visitor := self._visitors.get(owner):
            visitor.state = next(self._states)

    def cancelled(self, number: int) -> None:
        """The same, where it is not said whose the appointment is."""
        holders = {key[0] for key, copy in self._lists if any(each.id == number for each in copy.value)}
        for owner in holders | {key[0] for key in self.flights}:
            self.changed(owner)

    def _visitor(self, owner: str) -> _Visitor:
        visitor = self._visitors.setdefault(owner, _Visitor(next(self._states)))
        self._visitors.move_to_end(owner)
        if len(self._visitors) > _KEPT:
            self._visitors.popitem(last=False)
        return visitor

    def _count(self, looks: deque[float]) -> None:
        now = self._now()
        while looks and not 0 <= now - looks[0] < HOUR:
            looks.popleft()
        if len(looks) >= ALLOWED:
            raise BudgetSpent(retry_after=looks[0] + HOUR - now)
        looks.append(now)
