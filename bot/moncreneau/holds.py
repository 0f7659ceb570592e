"""Slots that citizens are about to confirm, so that they are not offered to others. Must not know what is free.

The API cannot reserve a slot. Holds live in memory: a restart forgets them, and then the booking decides.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TypeAlias

LASTS = 180.0
"""Seconds from a citizen's last action after which their hold ends."""

Desk: TypeAlias = tuple[int, int | None]
"""A department and the chosen member of staff, if any: their slots are taken independently of each other."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is held, and until when (Unix seconds)."""

    at: datetime
    until: float


class SlotHolds:
    """At most one hold per citizen; `now` returns Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._holds: dict[Desk, dict[str, Hold]] = {}
        self._desks: dict[str, Desk] = {}

    def hold(self, owner: str, desk: Desk, at: datetime, *, confirmed: bool = False) -> None:
        """Hold a slot instead of any other of this citizen; a confirmed one is held until `release`."""
        self.release(owner)
        self._desks[owner] = desk
        self._holds.setdefault(desk, {})[owner] = Hold(at, inf if confirmed else self._now() + LASTS)

    def release(self, owner: str) -> None:
        """End the hold of a citizen, if there is one."""
        if desk := self._desks.pop(owner, None):
            del self._holds[desk][owner]

    def has(self, owner: str, desk: Desk, at: datetime) -> bool:
        """Whether this citizen holds this slot."""
        hold = self._holds.get(desk, {}).get(owner)
        return hold is not None and hold.at == at and hold.until >= self._now()

    def held(self, desk: Desk) -> Counter[datetime]:
        """How many citizens hold each slot of a desk."""
        now = self._now()
        holds = self._holds.get(desk, {})
        for owner in [owner for owner, hold in holds.items() if hold.until < now]:
            self.release(owner)
        return Counter(hold.at for hold in holds.values())
