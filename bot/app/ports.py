"""What the shell asks of the world outside: the moncreneau API and the time.

Only shapes and meanings stand here; `bot.moncreneau` implements the API over HTTP, tests use other implementations of
the same protocol. Nothing here knows HTTP, SQL or Telegram.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from bot.core.model import Appointment, Department, Order, Slot, Trouble

Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


class Fate(Enum):
    """What a failed request did to the world; only writes care."""

    REFUSED = "refused"  # surely not done, and asking the same again is pointless
    NOT_SENT = "not sent"  # surely not done; the same may be asked again later
    UNKNOWN = "unknown"  # may have been done: ask what happened before asking again


class ApiError(Exception):
    """A request to the moncreneau API failed. Carries no key, name or chat id, so that it may be logged."""

    fate: Fate
    trouble: Trouble
    retry_after: float | None
    """Seconds before which the same request must not be sent again, where the service said so."""


class Moncreneau(Protocol):
    """The moncreneau API as the conversation uses it. Every method raises `ApiError`."""

    async def departments(self) -> tuple[Department, ...]:
        """All departments that take appointments, active ones only; may be some minutes old."""

    async def availability(self, department_id: int, first: date, last: date) -> tuple[Slot, ...]:
        """The free slots from `first` to `last` (both included), earliest first; may be up to a minute old."""

    async def appointment(self, appointment_id: int) -> Appointment | None:
        """One appointment as it is now, or None where the API knows none of that number."""

    async def appointments(self, owner: str, *, settling: bool = False) -> tuple[Appointment, ...]:
        """All appointments, of every status, whose `externalUserId` is `owner`, in order of time.

        They are read afresh, through all pages. `settling` marks a read that settles an unknown outcome: it is as
        urgent as a write.
        """

    async def book(self, order: Order) -> Appointment:
        """Create the appointment: exactly one POST, never repeated in here."""

    async def cancel(self, appointment_id: int) -> None:
        """Cancel the appointment: exactly one DELETE, never repeated in here. 404 raises with APPOINTMENT_GONE."""
