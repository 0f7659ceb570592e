"""One confirmed attempt in the clerk's hands: what it asks for, what is known of it, how long to look and to wait.

Knows the core's attempts and their stored form; asks nobody anything.

What an attempt ends with: the event for its conversation, and the record of its end. Asks nobody anything.

Looks among a citizen's appointments for the one that an order made. Knows no attempts and no waiting.
"""

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from pydantic import TypeAdapter

from bot.app.ports import ApiError, Moncreneau, Need
from bot.app.records import Made, Settled, StoredAttempt
from bot.core.events import (
    AppointmentCancelled,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Event,
)
from bot.core.model import Appointment, AppointmentStatus, Failure, FailureCode, Order
from bot.core.names import fold
from bot.core.states import BookingAttempt, CancelAttempt

LOOKUP_DELAYS = (0.5, 1.5, 4.0)
LONG_LOOKUP_DELAYS = (2.0, 5.0, 10.0, 20.0)
"""Seconds before each look whether a request with a lost answer was carried out (long ones after a time limit: the
service may still be at it); when the last look finds nothing, it was not. A service that acts later than that after
the connection was lost is the limit that we name."""
RESUMED_LOOKUP_DELAYS = (0.5, 15.0)
"""After a restart nobody knows how long a request was under way: as long, in all, as we would have waited for it. There
may be hundreds of them, and the last look decides; the first is for those who need not wait for it."""
SLOW = 5.0
OWNER = "telegram:"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
RAREST = 150.0
"""Seconds to which pauses and looks grow where the same request loses its answer again and again."""
BOOKINGS: TypeAdapter[BookingAttempt] = TypeAdapter(BookingAttempt)
CANCELLINGS: TypeAdapter[CancelAttempt] = TypeAdapter(CancelAttempt)


def owner_of(chat_id: int) -> str:
    """The `externalUserId` of a chat."""
    return f"{OWNER}{chat_id}"


def chat_of(owner: str) -> int | None:
    """The chat of an `externalUserId`; None where it is none of ours."""
    number = owner.removeprefix(OWNER)
    return int(number) if number != owner and number.removeprefix("-").isdecimal() else None


@dataclass(slots=True)
class AttemptState:
    """One attempt in hand. `uncertain`: a request may have been carried out unseen."""

    stored: StoredAttempt
    uncertain: bool
    retried: bool = False
    withdrawn: bool = False
    withdrawal_seen: bool = False
    failed_before: bool = False
    lost: int = 0
    """How many requests lost their answer."""
    first_lookup_delays: tuple[float, ...] = LOOKUP_DELAYS
    """For how long must be looked at least, after the last request."""
    looks: tuple[float, ...] = LOOKUP_DELAYS
    """The looks that are left."""
    pause: float = FIRST_PAUSE
    failure: Failure | None = None
    accepted_unreadable: bool = False
    """Whether it must not be asked for again: the API said that it is booked, or may say so, in words that cannot be
    read."""
    presumed_refusal: FailureCode | None = None
    """Why the last request was refused, if it turns out that it was."""
    told: tuple[Failure | None] | None = None
    """What the citizen was last told of why it takes longer."""
    looked: int = 0
    """How often was looked what became of it, whether that was answered or not."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, attempt: StoredAttempt, *, resumed: bool) -> Self:
        """A state just opened, or (`resumed`) found open after a restart: then it may have been sent before."""
        looks = RESUMED_LOOKUP_DELAYS if resumed else LOOKUP_DELAYS
        withdrawn = attempt.withdrawn
        return cls(
            attempt,
            uncertain=resumed,
            retried=resumed,
            withdrawn=withdrawn,
            first_lookup_delays=looks,
            looks=looks,
            accepted_unreadable=attempt.accepted,
        )

    def is_first_failure(self) -> bool:
        """Our own code or the database failed; whether that is to be said: once an attempt."""
        first, self.failed_before = not self.failed_before, True
        return first

    def has_news(self) -> bool:
        """Whether the citizen is to be told something of why it takes longer that they were not told yet."""
        told, self.told = self.told, (self.failure,)
        return told != self.told

    def answer_lost(self, seconds: float) -> None:
        """A request was under way for so long and its answer was lost: it is to be looked for.

        The first time several looks come soon: most often the answer alone was lost. Where it happens again the service
        is ill, perhaps for hours, and looks cost what bookings need: one, late, is as sure.
        """
        self.lost += 1
        self.first_lookup_delays = self.looks = LONG_LOOKUP_DELAYS if seconds > SLOW else LOOKUP_DELAYS
        if self.lost > 1:
            grown = min(sum(self.first_lookup_delays) * 2.0 ** min(self.lost - 1, 10), RAREST)
            self.looks = (grown * random.uniform(1.0, 1.25),)  # noqa: S311 — jitter, not a secret

    def need(self) -> Need:
        """How urgent the next look is: the first ones are; those that follow may go on for hours."""
        self.looked += 1
        return Need.SETTLE if self.looked <= len(self.first_lookup_delays) else Need.SETTLE_AGAIN

    def next_pause(self) -> float:
        """Seconds before the next try; each time longer, and a little different for everybody."""
        longest = RAREST if self.uncertain else LONGEST_PAUSE
        pause = min(self.pause, longest)
        self.pause = min(pause * 2, longest)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 — as above

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

    def appointment(self) -> Appointment:
        """What a cancelling is about, as it was when it was confirmed."""
        return CANCELLINGS.validate_json(self.stored.body).ticket.appointment

    def settled(self, outcome: str, appointment_id: int | None = None) -> Settled:
        """The record of its end."""
        return Settled(self.stored.chat_id, self.stored.number, outcome, appointment_id)


def matches_order(order: Order, appointment: Appointment) -> bool:
    """Whether this appointment is what the order asked for. The name is compared as people read it."""
    return (
        appointment.department_id == order.department_id
        and appointment.at == order.at
        and fold(appointment.name) == fold(order.name)
        and appointment.status is not AppointmentStatus.CANCELLED
    )


Ending = tuple[Event, Settled]


def booked(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """There is an appointment."""
    made = Made(appointment.id, appointment.department_id, appointment.at)
    settled = replace(state.settled("booked", appointment.id), made=made)
    return Booked(at=at, number=state.stored.number, appointment=appointment), settled


def withdrawn(state: AttemptState, at: datetime) -> Ending:
    """The citizen gave it up before anything came of it."""
    return BookingWithdrawn(at=at, number=state.stored.number), state.settled("withdrawn")


def refused(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """There is none, and asking again is pointless."""
    return BookingRefused(at=at, number=state.stored.number, failure=failure), state.settled(failure.code)


def cancelled(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """The appointment stands no more."""
    settled = replace(state.settled("cancelled"), cancelled=appointment.id)
    return AppointmentCancelled(at=at, number=state.stored.number), settled


def not_cancelled(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """The appointment stands, and asking again is pointless."""
    return CancellingRefused(at=at, number=state.stored.number, failure=failure), state.settled(failure.code)


async def find_made(order: Order, api: Moncreneau, earlier: frozenset[int], need: Need) -> Appointment | None:
    """The appointment that this order made, not one that an `earlier` order of the chat made; None: there is none.

    Raises `ApiError` where nobody can tell: among those that cannot be read may be the very one.
    """
    failure: ApiError | None = None
    try:
        appointments = await api.appointments(order.owner, need)
    except ApiError as error:
        failure, appointments = error, error.seen
    found = next((each for each in appointments if each.id not in earlier and matches_order(order, each)), None)
    if failure and not found:
        raise failure
    return found
