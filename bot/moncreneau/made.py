"""The appointments that were made here a moment ago, told without asking; must not know HTTP or slots.

A citizen who cancels what they have just booked need not be shown it by the service: the service decides on cancelling
anyway, and says so if the appointment stands no longer.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from bot.core.model import Appointment, Status

_REMEMBERED = 2000
_TOLD = 900.0  # seconds for which an appointment is told as its booking was answered


class Made:
    """What was made, by number; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, now: Callable[[], float], zone: tzinfo) -> None:
        self._now = now
        self._zone = zone
        self._made: OrderedDict[int, tuple[Appointment, float]] = OrderedDict()

    def add(self, appointment: Appointment, owner: str) -> None:
        """Remember an appointment that was just made for `owner`."""
        self._made[appointment.id] = (replace(appointment, owner=owner), self._now())
        if len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)

    def told(self, owner: str, number: int) -> Appointment | None:
        """That appointment, if it is the owner's, was made a moment ago, and is still to come."""
        made, at = self._made.get(number, (None, 0.0))
        if made is None or made.owner != owner or made.status is not Status.SCHEDULED:
            return None
        coming = made.at > datetime.fromtimestamp(self._now(), self._zone).replace(tzinfo=None)
        return made if coming and 0 <= self._now() - at <= _TOLD else None

    def forget(self, number: int) -> None:
        """Something happens to it: it is told no more."""
        self._made.pop(number, None)
