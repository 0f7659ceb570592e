"""Which slots citizens of ours are about to confirm; must not know whether they are free.

The API has no way to hold a slot. But between the moment when somebody chooses one and the moment when they confirm it,
half a minute or more, the bot need not offer it to others, as long as there are others: two who never want the same
slot cannot disappoint each other, and a race that is not run costs no request. It promises nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

_LASTS = 120.0  # seconds after which a choice counts no more: whoever thinks for longer takes their chance


class Choices:
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
