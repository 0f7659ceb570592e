"""Our own bookings and refusals of slots since the last reading. Must not know what is offered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.moncreneau.holds import Desk


@dataclass(slots=True)
class SlotChange:
    """The changes of one slot, in Unix seconds. A reading that begins later includes them."""

    booked: list[float] = field(default_factory=list)
    """When we booked a place, or may have booked one."""
    refused: float | None = None
    """When the API refused the slot."""


class LocalChanges:
    """The changes by desk and slot; `now` returns Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changes: dict[Desk, dict[datetime, SlotChange]] = {}

    def booked(self, desk: Desk, at: datetime) -> None:
        """Record that we booked one place of a slot, or may have."""
        self._change(desk, at).booked.append(self._now())

    def refused(self, desk: Desk, at: datetime) -> None:
        """Record that the API refused the slot."""
        self._change(desk, at).refused = self._now()

    def of(self, desk: Desk) -> dict[datetime, SlotChange]:
        """The changes at one desk."""
        return self._changes.get(desk, {})

    def booked_since(self, department_id: int, began: float) -> set[datetime]:
        """The slots of a department, of all its desks, in which we booked places since `began`."""
        changes = (each for desk, slots in self._changes.items() if desk[0] == department_id for each in slots.items())
        return {at for at, change in changes if any(booked >= began for booked in change.booked)}

    def was_read(self, department_id: int, first: date, last: date, began: float) -> None:
        """Drop the changes that a reading of these days, begun at `began`, includes."""
        for slots in (slots for desk, slots in self._changes.items() if desk[0] == department_id):
            for at, change in list(slots.items()):
                if first <= at.date() <= last:
                    change.booked = [booked for booked in change.booked if booked >= began]
                    if change.refused is not None and change.refused < began:
                        change.refused = None
                    if not change.booked and change.refused is None:
                        del slots[at]

    def _change(self, desk: Desk, at: datetime) -> SlotChange:
        return self._changes.setdefault(desk, {}).setdefault(at, SlotChange())
