"""The state of one attempt in the worker: what it requests, what is known of it, and its possible outcomes.

Also the lookup: which of a citizen's appointments an order made. Knows no SQL and no HTTP, and does not decide when a
request is sent.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from bot.app.backoff import Backoff
from bot.app.ports import ApiError, Moncreneau, Need
from bot.app.records import AttemptKind, Replaced, Settled, StoredAttempt
from bot.core.appointment_book import Fact, Source
from bot.core.events import (
    AppointmentCancelled,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Event,
    Moved,
    OldNotCancelled,
    ReplacementBooked,
)
from bot.core.json_codec import JsonCodec
from bot.core.model import Appointment, AppointmentStatus, Draft, Failure, FailureCode, Order
from bot.core.names import fold, visible
from bot.core.states import BookingAttempt, CancelAttempt, MoveAttempt
from bot.core.statistics import Count, Counted

SLOW = 5.0
OWNER = "telegram:"
CHAT = re.compile(rf"{OWNER}(-?[0-9]{{1,16}})")
"""Telegram's numbers have 52 bits. Anybody who may write to the API may write any owner."""
NOBODY = f"{OWNER}nobody"
"""An owner that no chat has. If the API lists appointments for it, it ignores the filter."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
RAREST = 150.0
"""Seconds to which pauses and lookup delays grow if responses are lost repeatedly."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the API's clock may be behind ours; `check` warns of more."""


@dataclass(frozen=True, slots=True)
class LookupDelays:
    """Seconds before each lookup after a lost response. If the last one finds nothing, the request was not carried out.

    `docs/guarantees.md` names the limit: an API that carries out or lists a request later than that.
    """

    lost: tuple[float, ...] = (0.5, 1.5, 4.0, 10.0)
    timed_out: tuple[float, ...] = (2.0, 5.0, 10.0, 20.0)
    """After a request that took long: the API may still be carrying it out."""
    resumed: tuple[float, ...] = (0.5, 15.0)
    """After a restart it is unknown how long a request had taken, so the last lookup comes when its time limit would be
    over. There may be hundreds of such attempts, so there are only two lookups; the first one is for requests that had
    already been carried out."""


DELAYS = LookupDelays()
BOOKINGS = JsonCodec(BookingAttempt)
CANCELLINGS = JsonCodec(CancelAttempt)
MOVES = JsonCodec(MoveAttempt)


def owner_of(chat_id: int) -> str:
    """The `externalUserId` of a chat."""
    return f"{OWNER}{chat_id}"


def chat_of(owner: str) -> int | None:
    """The chat of an `externalUserId`; None if it is not one of this bot."""
    found = CHAT.fullmatch(owner)
    return int(found[1]) if found else None


@dataclass(slots=True)
class AttemptState:
    """The worker's knowledge of one attempt. `uncertain`: a request may have been carried out unnoticed."""

    stored: StoredAttempt
    uncertain: bool
    is_new: bool = False
    """Whether this process stored it a moment ago, so that no other can have closed it."""
    retried: bool = False
    withdrawn: bool = False
    withdrawal_seen: bool = False
    has_failed: bool = False
    delays: LookupDelays = DELAYS
    first_lookup_delays: tuple[float, ...] = DELAYS.lost
    """The delays of all lookups that are needed after the last request."""
    lookup_delays: tuple[float, ...] = DELAYS.lost
    """The delays of the lookups still to be made."""
    late_lookups: Backoff | None = None
    """The delays of the single lookups after further lost responses; None: none was lost yet."""
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_PAUSE, LONGEST_PAUSE, (0.5, 1.0)))
    failure: Failure | None = None
    must_not_repeat: bool = False
    """Whether the request must not be sent again: the API accepted it, or an appointment might be its result."""
    presumed_refusal: FailureCode | None = None
    """Why the last request was refused, if lookups show that nothing was done."""
    told: tuple[Failure | None] | None = None
    """The cause of the delay that the citizen was last told."""
    looked: int = 0
    """The number of lookups so far, answered or not."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    delay_notice: asyncio.TimerHandle | None = None
    """Tells the citizen that it takes longer."""

    @classmethod
    def of(cls, attempt: StoredAttempt, delays: LookupDelays = DELAYS, *, resumed: bool) -> Self:
        """The state of a new attempt, or (`resumed`) of one found open after a restart, which may have been sent."""
        lookups = delays.resumed if resumed else delays.lost
        return cls(
            attempt,
            uncertain=resumed,
            is_new=not resumed,
            retried=resumed,
            withdrawn=attempt.withdrawn,
            delays=delays,
            first_lookup_delays=lookups,
            lookup_delays=lookups,
            must_not_repeat=attempt.accepted,
        )

    @property
    def key(self) -> tuple[int, int]:
        """The chat and the attempt's number in it."""
        return self.stored.chat_id, self.stored.number

    def record_failure(self) -> bool:
        """Record a failure of our own code or the database; returns whether it is the first one, to be logged."""
        first, self.has_failed = not self.has_failed, True
        return first

    def record_cause(self) -> bool:
        """Record that the citizen is told the cause of the delay; returns whether it is a new one."""
        told, self.told = self.told, (self.failure,)
        return told != self.told

    def response_lost(self, seconds: float) -> None:
        """Schedule lookups after a response was lost; the request had taken so many `seconds`.

        After the first loss there are several, soon: usually only the response was lost. After further losses the API
        has a problem, perhaps for hours, and lookups cost requests that bookings need: one late lookup is as reliable.
        """
        self.first_lookup_delays = self.lookup_delays = self.delays.timed_out if seconds > SLOW else self.delays.lost
        shortest = sum(self.first_lookup_delays)
        if self.late_lookups:
            self.lookup_delays = (max(shortest, self.late_lookups.pause()),)
        else:
            self.late_lookups = Backoff(2 * shortest, RAREST, (1.0, 1.25))

    def next_need(self) -> Need:
        """The urgency of the next lookup. The first ones are urgent; later ones may go on for hours."""
        self.looked += 1
        return Need.SETTLE if self.looked <= len(self.first_lookup_delays) else Need.SETTLE_AGAIN

    def next_pause(self) -> float:
        """Seconds before the next try, growing and random."""
        return self.backoff.pause(RAREST if self.uncertain else None)

    def booking(self) -> BookingAttempt:
        """The booking that was confirmed."""
        return BOOKINGS.read(self.stored.body)

    def move(self) -> MoveAttempt:
        """The move that was confirmed, in its present phase."""
        return MOVES.read(self.stored.body)

    def begin_cancelling_old(self, stored: StoredAttempt) -> None:
        """Go on with the second phase of a move, as stored: nothing of the first one counts any more."""
        self.stored = stored
        self.uncertain = self.retried = self.must_not_repeat = False
        self.looked = 0
        self.late_lookups = None
        self.first_lookup_delays = self.lookup_delays = self.delays.lost
        self.failure = self.presumed_refusal = self.told = None
        self.backoff.reset()

    def order(self, draft: Draft) -> Order:
        """The order for a confirmed draft. Raises `ValueError` if it is not complete."""
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
        return CANCELLINGS.read(self.stored.body).ticket.appointment

    def settled(self, outcome: str, appointment_id: int | None = None) -> Settled:
        """The record of the outcome."""
        return Settled(self.stored.chat_id, self.stored.number, outcome, appointment_id)


# --- the appointment that an order made -------------------------------------------------------------------------------

MadeByOthers = Callable[[Collection[int]], Awaitable[frozenset[int]]]
"""Returns which of these appointments other attempts made; see `Store.made_by_others`."""


class UnclearError(Exception):
    """An appointment might be the order's or somebody else's. The request must not be sent again."""


async def find_made(
    order: Order, placed: datetime, api: Moncreneau, made_by_others: MadeByOthers, need: Need
) -> Appointment | None:
    """The appointment that this order, confirmed at the office time `placed`, made; None if there is none.

    If the API returns owners, the name may differ, because some services rewrite names. Otherwise the exact name must
    match, and the list must be filtered by owner. Raises `ApiError` if not all entries could be read (the appointment
    may be one of them), and `UnclearError`.
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
    """Whether the order may have made this appointment, whatever its name.

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
    """The sort key of candidates: the nearest to the order first, of equal ones the newest."""
    is_moved = _minute(appointment.at) != _minute(order.at)
    return is_moved, fold(appointment.name) != fold(order.name), -appointment.id


def _has_exact_name(order: Order, appointment: Appointment) -> bool:
    return " ".join(visible(appointment.name).split()) == order.name


async def _is_filtered(api: Moncreneau, appointment: Appointment, need: Need) -> bool:
    """Whether the API filters lists by owner although it returns none. Costs a request; raises `ApiError`."""
    try:
        strangers = await api.appointments(NOBODY, need)
    except ApiError as error:
        if not error.seen:
            raise
        strangers = error.seen
    return appointment.id not in {each.id for each in strangers}


def with_worker(appointment: Appointment, order: Order) -> Appointment:
    """The appointment with the member of staff that was ordered, where the API does not name one."""
    return appointment if appointment.worker_id is not None else replace(appointment, worker_id=order.worker_id)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


# --- how an attempt ends ----------------------------------------------------------------------------------------------

Ending = tuple[Event, Settled]
"""The event for the conversation, and the record of the outcome."""


def booked(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """The outcome of a booking that was made."""
    counts = (Count(at.date(), appointment.department_id, Counted.BOOKED),)
    settled = replace(state.settled("booked", appointment.id), facts=(_fact(state, at, appointment),), counts=counts)
    return Booked(at=at, number=state.stored.number, appointment=appointment), settled


def replacement_booked(state: AttemptState, at: datetime, appointment: Appointment) -> tuple[Event, Replaced]:
    """The next phase of a move: the new appointment is booked."""
    move = state.move()
    old_id = move.old.appointment.id
    body = MOVES.write(replace(move, made=appointment))
    fact = replace(_fact(state, at, appointment), replaces=old_id)
    step = Replaced(replace(state.stored, body=body), appointment.id, old_id, fact)
    return ReplacementBooked(at=at, number=move.number, appointment=appointment), step


def moved(state: AttemptState, at: datetime, made: Appointment, old: Appointment) -> Ending:
    """The outcome of a move: the old appointment is cancelled or gone. `made` is the new one as it is now."""
    gone = replace(old, status=AppointmentStatus.CANCELLED)
    settled = replace(state.settled("moved", made.id), facts=(_fact(state, at, gone),), counts=_one_move(at, made))
    return Moved(at=at, number=state.stored.number, appointment=made), settled


def old_stands(
    state: AttemptState, at: datetime, made: Appointment, old: Appointment, status: AppointmentStatus | None
) -> Ending:
    """The outcome of a move whose old appointment could not be cancelled; `status` is the old one's, where known.

    It is not cancelled either if somebody else cancelled the new one (`made`, as it is now) before.
    """
    outcome = "kept" if made.status is AppointmentStatus.CANCELLED else "both"
    settled = replace(state.settled(outcome, made.id), rearmed=(old.id,), counts=_one_move(at, made))
    event = OldNotCancelled(at=at, number=state.stored.number, status=status, appointment=made)
    return event, settled


def withdrawn(state: AttemptState, at: datetime) -> Ending:
    """The outcome of a booking that the citizen gave up and that was not made."""
    return BookingWithdrawn(at=at, number=state.stored.number), state.settled("withdrawn")


def refused(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """The outcome of a booking that was refused."""
    settled = state.settled(failure.code)
    if failure.code is FailureCode.SLOT_TAKEN:
        draft = state.booking().draft if state.stored.kind is AttemptKind.BOOK else state.move().draft
        settled = replace(settled, counts=(Count(at.date(), draft.department.id, Counted.LOST_RACE),))
    return BookingRefused(at=at, number=state.stored.number, failure=failure), settled


def cancelled(state: AttemptState, at: datetime, appointment: Appointment) -> Ending:
    """The outcome of a cancellation that was carried out."""
    gone = replace(appointment, status=AppointmentStatus.CANCELLED)
    counts = (Count(at.date(), appointment.department_id, Counted.CANCELLED),)
    settled = replace(state.settled("cancelled"), facts=(_fact(state, at, gone),), counts=counts)
    return AppointmentCancelled(at=at, number=state.stored.number), settled


def not_cancelled(state: AttemptState, at: datetime, failure: Failure) -> Ending:
    """The outcome of a cancellation that was refused."""
    return CancellingRefused(at=at, number=state.stored.number, failure=failure), state.settled(failure.code)


def _one_move(at: datetime, made: Appointment) -> tuple[Count, ...]:
    """A move counts once, where the new appointment is, also if the old one could not be cancelled."""
    return (Count(at.date(), made.department_id, Counted.MOVED),)


def _fact(state: AttemptState, at: datetime, appointment: Appointment) -> Fact:
    """The entry for the appointment book: the appointment as it is now."""
    return Fact(appointment.id, state.stored.chat_id, at.replace(microsecond=0), Source.ATTEMPT, appointment)
