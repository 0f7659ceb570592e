"""Our own bookings and refusals of slots since the last reading. Must not know what is offered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.moncreneau.holds import Desk


@dataclass(slots=True)
class SlotChange:
    """The changes of one slot, in Unix seconds. A reading that begins later includes them."""

    booked: list[float] = field(default_factory=list)
    """When we booked a place."""
    perhaps: dict[str, float] = field(default_factory=dict)
    """By citizen, when we may have booked one for them: its response did not say."""
    refused: float | None = None
    """When the API refused the slot."""

    def places(self, since: float, *, but: str = "") -> int:
        """How many places we took since then, or may have taken for anybody but one citizen.

        Whoever is told that their booking was not made may choose its slot again.
        """
        booked = len([at for at in self.booked if at >= since])
        if not self.perhaps:  # nearly always, and all changed slots are counted for every screen with slots
            return booked
        return booked + sum(at >= since and owner != but for owner, at in self.perhaps.items())


class LocalChanges:
    """The changes by desk and slot; `now` returns Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changes: dict[Desk, dict[datetime, SlotChange]] = {}

    def booked(self, desk: Desk, at: datetime, owner: str = "") -> None:
        """Record that we booked one place of a slot, for this citizen."""
        change = self._change(desk, at)
        change.perhaps.pop(owner, None)
        change.booked.append(self._now())

    def perhaps_booked(self, desk: Desk, at: datetime, owner: str) -> None:
        """Record that we may have booked one place of a slot for this citizen; every try is for the same place."""
        self._change(desk, at).perhaps[owner] = self._now()

    def refused(self, desk: Desk, at: datetime) -> None:
        """Record that the API refused the slot."""
        self._change(desk, at).refused = self._now()

    def of(self, desk: Desk) -> dict[datetime, SlotChange]:
        """The changes at one desk."""
        return self._changes.get(desk, {})

    def booked_since(self, department_id: int, began: float) -> set[datetime]:
        """The slots of a department, of all its desks, in which we booked places since `began`."""
        changes = (each for desk, slots in self._changes.items() if desk[0] == department_id for each in slots.items())
        return {at for at, change in changes if change.places(began)}

    def was_read(self, department_id: int, first: date, last: date, began: float) -> None:
        """Drop the changes that a reading of these days, begun at `began`, includes."""
        for slots in (slots for desk, slots in self._changes.items() if desk[0] == department_id):
            for at, change in list(slots.items()):
                if first <= at.date() <= last:
                    change.booked = [booked for booked in change.booked if booked >= began]
                    change.perhaps = {owner: when for owner, when in change.perhaps.items() if when >= began}
                    if change.refused is not None and change.refused < began:
                        change.refused = None
                    if not change.booked and not change.perhaps and change.refused is None:
                        del slots[at]

    def _change(self, desk: Desk, at: datetime) -> SlotChange:
        return self._changes.setdefault(desk, {}).setdefault(at, SlotChange())
