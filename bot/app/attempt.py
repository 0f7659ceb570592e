"""One confirmed attempt while a worker carries it out: what it asks for, what is known of it, how it can end.

Also the lookup: which of a citizen's appointments an order made. Knows no SQL and no HTTP, and does not decide when
anything is asked.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from pydantic import TypeAdapter

from bot.app.backoff import Backoff
from bot.app.ports import ApiError, Moncreneau, Need
from bot.app.records import Settled, StoredAttempt
from bot.core.appointment_book import Fact, Source
from bot.core.events import (
    AppointmentCancelled,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Event,
)
from bot.core.model import Appointment, AppointmentStatus, Failure, FailureCode, Order
from bot.core.names import fold, visible
from bot.core.states import BookingAttempt, CancelAttempt

SLOW = 5.0
OWNER = "telegram:"
NOBODY = f"{OWNER}nobody"
"""An owner that no chat has: what the API lists for it is not filtered by owner."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
RAREST = 150.0
"""Seconds to which pauses and lookups grow where the same request loses its answer again and again."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the service's clock may be behind ours; `check` warns of more."""


@dataclass(frozen=True, slots=True)
class LookupDelays:
    """Seconds before each lookup of a request whose answer was lost. If the last one finds nothing, nothing was done.

    A service that acts, or lists what it did, later than that is a limit that `docs/guarantees.md` names.
    """

    lost: tuple[float, ...] = (0.5, 1.5, 4.0, 10.0)
    timed_out: tuple[float, ...] = (2.0, 5.0, 10.0, 20.0)
    """After a request that took long: the service may still be at it."""
    resumed: tuple[float, ...] = (0.5, 15.0)
    """After a restart nobody knows how long a request had been under way, so the last lookup comes when our own time
    limit for it would be over. There may be hundreds of such attempts, hence only two lookups; the first one is for
    those who need not wait."""


DELAYS = LookupDelays()
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
    """What the worker knows of one attempt. `uncertain`: a request may have been carried out without our knowing."""

    stored: StoredAttempt
    uncertain: bool
    retried: bool = False
    withdrawn: bool = False
    withdrawal_seen: bool = False
    failed_before: bool = False
    lost: int = 0
    """How many requests lost their answer."""
    delays: LookupDelays = DELAYS
    first_lookup_delays: tuple[float, ...] = DELAYS.lost
    """The delays that make it sure, after the last request, that nothing was done."""
    lookups: tuple[float, ...] = DELAYS.lost
    """The delays of the lookups that are left."""
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_PAUSE, LONGEST_PAUSE, (0.5, 1.0)))
    failure: Failure | None = None
    never_again: bool = False
    """Whether the same must not be asked again: the API accepted it, or an appointment may be its work or not."""
    presumed_refusal: FailureCode | None = None
    """Why the last request was refused, if it turns out that it was."""
    told: tuple[Failure | None] | None = None
    """What the citizen was last told of why it takes longer."""
    looked: int = 0
    """The number of lookups so far, answered or not."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, attempt: StoredAttempt, delays: LookupDelays = DELAYS, *, resumed: bool) -> Self:
        """A state just opened, or (`resumed`) found open after a restart: then it may have been sent before."""
        lookups = delays.resumed if resumed else delays.lost
        return cls(
            attempt,
            uncertain=resumed,
            retried=resumed,
            withdrawn=attempt.withdrawn,
            delays=delays,
            first_lookup_delays=lookups,
            lookups=lookups,
            never_again=attempt.accepted,
        )

    @property
    def key(self) -> tuple[int, int]:
        """The chat and the attempt's number in it."""
        return self.stored.chat_id, self.stored.number

    def is_first_failure(self) -> bool:
        """Our own code or the database failed; whether that is to be logged: once an attempt."""
        first, self.failed_before = not self.failed_before, True
        return first

    def has_news(self) -> bool:
        """Whether there is something to tell the citizen of why it takes longer that they were not told yet."""
        told, self.told = self.told, (self.failure,)
        return told != self.told

    def answer_lost(self, seconds: float) -> None:
        """A request was under way for so long and its answer was lost: it is to be looked up.

        The first time several lookups come soon: most often the answer alone was lost. Where it happens again the
        service is ill, perhaps for hours, and lookups cost requests that bookings need: one, late, is as sure.
        """
        self.lost += 1
        self.first_lookup_delays = self.lookups = self.delays.timed_out if seconds > SLOW else self.delays.lost
        if self.lost > 1:
            grown = min(sum(self.first_lookup_delays) * 2.0 ** min(self.lost - 1, 10), RAREST)
            self.lookups = (grown * random.uniform(1.0, 1.25),)  # noqa: S311 — jitter, not a secret

    def need(self) -> Need:
        """How urgent the next lookup is: the first ones are; those that follow may go on for hours."""
        self.looked += 1
        return Need.SETTLE if self.looked <= len(self.first_lookup_delays) else Need.SETTLE_AGAIN

    def next_pause(self) -> float:
        """Seconds before the next try; each time longer, and a little different for everybody."""
        return self.backoff.pause(RAREST if self.uncertain else None)

    def booking(self) -> BookingAttempt:
        """The booking that was confirmed."""
        return BOOKINGS.validate_json(self.stored.body)

    def order(self) -> Order:
        """What a booking asks of the API. Raises `ValueError` for a body that is no confirmed booking."""
        draft = self.booking().draft
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
        """The appointment to cancel, as it was when that was confirmed."""
        return CANCELLINGS.validate_json(self.stored.body).ticket.appointment

    def settled(self, outcome: str, appointment_id: int | None = None) -> Settled:
        """The record of its end."""
        return Settled(self.stored.chat_id, self.stored.number, outcome, appointment_id)


# --- the appointment that an order made -------------------------------------------------------------------------------

MadeByOthers = Callable[[Collection[int]], Awaitable[frozenset[int]]]
"""Those of these appointments that another attempt is known to have made; see `Store.made_by_others`."""


class UnclearError(Exception):
    """An appointment may be the order's or a stranger's, and the API does not tell. Nothing may be asked again."""


async def find_made(
    order: Order, placed: datetime, api: Moncreneau, made_by_others: MadeByOthers, need: Need
) -> Appointment | None:
    """The appointment that this order, confirmed at the office time `placed`, made. None: there is none.

    Where the API tells owners, the name does not matter, for some services rewrite names. Where it tells none, the
    exact name must match, and the list must be of this owner alone. Raises `ApiError` where not everything could be
    read (the very appointment may be among it), and `UnclearError`.
    """
    failure: ApiError | None = None
    try:
        listed = await api.appointments(order.owner, need)
    except ApiError as error:
        failure, listed = error, error.seen
    possible = [each for each in listed if _is_possible(order, placed, each)]
    if possible:
        others = await made_by_others([each.id for each in possible])
        possible = [each for each in possible if each.id not in others]
    own = sorted((each for each in possible if each.owner), key=lambda each: _distance(order, each))
    if own:
        return own[0]
    if failure:
        raise failure
    if not possible:
        return None
    named = [each for each in possible if _has_exact_name(order, each)]
    if not named or not await _is_filtered(api, named[-1], need):
        raise UnclearError
    return named[-1]


def _is_possible(order: Order, placed: datetime, appointment: Appointment) -> bool:
    """Whether the order may have made it, whatever name it bears.

    A service may move what it books: then only an appointment that it made for this owner since then counts.
    """
    if (
        appointment.department_id != order.department_id
        or appointment.owner not in {None, order.owner}
        or appointment.status is AppointmentStatus.CANCELLED
        or (order.worker_id is not None and appointment.worker_id not in {None, order.worker_id})
    ):
        return False
    if _minute(appointment.at) == _minute(order.at):
        return True
    created = appointment.created_at
    return appointment.owner is not None and created is not None and created > placed - CLOCKS_DIFFER


def _distance(order: Order, appointment: Appointment) -> tuple[bool, bool, int]:
    """How unlike the order it is: of several the nearest is taken, of equal ones the newest."""
    is_moved = _minute(appointment.at) != _minute(order.at)
    return is_moved, fold(appointment.name) != fold(order.name), -appointment.id


def _has_exact_name(order: Order, appointment: Appointment) -> bool:
    return " ".join(visible(appointment.name).split()) == order.name


async def _is_filtered(api: Moncreneau, appointment: Appointment, need: Need) -> bool:
    """Whether the API lists an appointment without an owner to its owner alone. Costs a request; raises `ApiError`."""
    try:
        strangers = await api.appointments(NOBODY, need)
    except ApiError as error:
        if not error.seen:
            raise
        strangers = error.seen
    return appointment.id not in {each.id for each in strangers}


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


# --- how an attempt ends ----------------------------------------------------------------------------------------------

Ending = tuple[Event, Settled]
"""The event for the conversation, and the record of the outcome."""


def booked(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """There is an appointment."""
    settled = replace(state.settled("booked", appointment.id), facts=(_fact(state, at, appointment),))
    return Booked(at=at, number=state.stored.number, appointment=appointment), settled


def withdrawn(state: AttemptState, at: datetime) -> Ending:
    """The citizen gave it up before anything came of it."""
    return BookingWithdrawn(at=at, number=state.stored.number), state.settled("withdrawn")


def refused(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """There is none, and asking again is pointless."""
    return BookingRefused(at=at, number=state.stored.number, failure=failure), state.settled(failure.code)


def cancelled(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """The appointment is cancelled."""
    gone = replace(appointment, status=AppointmentStatus.CANCELLED)
    settled = replace(state.settled("cancelled"), facts=(_fact(state, at, gone),))
    return AppointmentCancelled(at=at, number=state.stored.number), settled


def not_cancelled(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """The appointment stands, and asking again is pointless."""
    return CancellingRefused(at=at, number=state.stored.number, failure=failure), state.settled(failure.code)


def _fact(state: AttemptState, at: datetime, appointment: Appointment) -> Fact:
    """What the appointment book learns: the appointment as it is now."""
    return Fact(appointment.id, state.stored.chat_id, at.replace(microsecond=0), Source.ATTEMPT, appointment)
