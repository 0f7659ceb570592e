"""Which slots citizens of ours are about to confirm; must not know whether they are free.

The API has no way to hold a slot. But between the moment when somebody chooses one and the moment when they confirm it,
half a minute or more, the bot need not offer it to others, as long as there are others: two who never want the same
slot cannot disappoint each other, and a race that is not run costs no request. It promises nothing.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

_LASTS = 120.0  # seconds after which a choice counts no more: whoever thinks for longer takes their chance


class Choices:
    """The present choice of each owner; `now` gives Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._departments: dict[int, dict[str, tuple[datetime, float]]] = {}
        self._where: dict[str, int] = {}

    def note(self, owner: str, choice: tuple[int, datetime] | None) -> None:
        """Note what somebody is about to confirm, or that it is nothing any more."""
        before = self._where.pop(owner, None)
        if before is not None:
            del self._departments[before][owner]
        if choice is not None:
            department_id, at = choice
            self._departments.setdefault(department_id, {})[owner] = (at, self._now())
            self._where[owner] = department_id

    def of(self, department_id: int) -> Counter[datetime]:
        """How many are about to confirm each slot of a department; old choices are forgotten on the way."""
        here, since = self._departments.get(department_id, {}), self._now() - _LASTS
        for owner in [owner for owner, (_, noted) in here.items() if noted < since]:
            self.note(owner, None)
        return Counter(at for at, _ in here.values())
