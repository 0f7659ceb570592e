"""One confirmed attempt in the clerk's hands: what it asks for, what is known of it, how long to look and to wait.

Knows the core's attempts and their stored form; asks nobody anything.
"""

import asyncio
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from bot.app.records import Settled, StoredAttempt
from bot.core.flows import Attempt, CancelAttempt
from bot.core.model import Appointment, Order, Status, Trouble
from bot.core.names import fold

LOOKS = (0.5, 1.5, 4.0)
LONG_LOOKS = (2.0, 5.0, 10.0, 20.0)
"""Seconds before each look whether a request with a lost answer was carried out (long ones after a time limit: the
service may still be at it); when the last look finds nothing, it was not. A service that acts later than that after
the connection was lost is the limit that we name."""
RESUMED_LOOKS = (0.5, 1.5, 4.0, 4.5, 5.0)
"""After a restart nobody knows how long a request was under way: as long, in all, as we would have waited for it."""
SLOW = 5.0
OWNER = "telegram:"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
BOOKINGS: TypeAdapter[Attempt] = TypeAdapter(Attempt)
CANCELLINGS: TypeAdapter[CancelAttempt] = TypeAdapter(CancelAttempt)


def owner_of(chat_id: int) -> str:
    """The `externalUserId` of a chat."""
    return f"{OWNER}{chat_id}"


def chat_of(owner: str) -> int | None:
    """The chat of an `externalUserId`; None where it is none of ours."""
    number = owner.removeprefix(OWNER)
    return int(number) if number != owner and number.removeprefix("-").isdecimal() else None


@dataclass(slots=True)
class Case:
    """One attempt in hand. `uncertain`: a request may have been carried out unseen."""

    stored: StoredAttempt
    uncertain: bool
    retried: bool = False
    withdrawn: bool = False
    heeded: bool = False
    stumbled: bool = False
    looks: tuple[float, ...] = LOOKS
    pause: float = FIRST_PAUSE
    trouble: Trouble | None = None
    nudge: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self) -> Order:
        """What a booking asks of the API. Raises `ValueError` for a body that is no confirmed booking."""
        draft = BOOKINGS.validate_json(self.stored.body).draft
        if draft.at is None or draft.name is None:
            raise ValueError("a booking without a time or a name was confirmed")
        return Order(
            department_id=draft.department.id,
            at=draft.at,
            name=draft.name,
            owner=owner_of(self.stored.chat_id),
            worker_id=draft.worker.id if draft.worker else None,
        )

    def appointment_id(self) -> int:
        """What a cancelling is about."""
        return CANCELLINGS.validate_json(self.stored.body).ticket.appointment.id

    def settled(self, outcome: str, appointment_id: int | None = None) -> Settled:
        """The record of its end."""
        return Settled(self.stored.chat_id, self.stored.number, outcome, appointment_id)


def made_by(order: Order, appointment: Appointment) -> bool:
    """Whether this appointment is what the order asked for. The name is compared as people read it."""
    return (
        appointment.department_id == order.department_id
        and appointment.at == order.at
        and fold(appointment.name) == fold(order.name)
        and appointment.status is not Status.CANCELLED
    )
