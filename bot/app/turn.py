"""One turn: passes an event to the core, runs reads, and turns the results into values to store.

A turn changes nothing itself: it returns its changes, so that a turn that fails or is killed can be repeated from the
start. Knows the core and the views, not the store, the queues or Telegram.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.app.appointment_recorder import MadeBy, nobody, own_appointments
from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES, owner_of
from bot.app.booking_caps import CapCheck
from bot.app.hourly_limiter import HourlyLimiter
from bot.app.my_data import MyData
from bot.app.my_data import file_name as copy_name
from bot.app.place_alerts import PlaceAlerts
from bot.app.play import play
from bot.app.ports import ApiError, Moncreneau, Need, SlotChoice
from bot.app.records import AttemptKind, Delivery, DeliveryIds, Kind, StoredAttempt, TicketMessage, Urgency, Work
from bot.core import for_whom, reminders
from bot.core.appointment_book import BookEntry
from bot.core.calendar_event import file_name
from bot.core.conversation import step
from bot.core.effects import (
    Amend,
    AmendTicket,
    AskAlert,
    Book,
    CancelAppointment,
    CheckCopy,
    CheckErase,
    Effect,
    Erase,
    Load,
    LoadAppointments,
    LoadDepartments,
    LoadEntry,
    LoadForCalendar,
    LoadMyData,
    LoadOffer,
    LoadSlots,
    LoadTicket,
    Move,
    NoteComing,
    NoteGone,
    Rate,
    Show,
    StopAlert,
    Tell,
    Withdraw,
)
from bot.core.events import (
    AppointmentsLoaded,
    BookedTwice,
    BookingRefused,
    ComingNoted,
    DepartmentsLoaded,
    EntryLoaded,
    Event,
    LoadedForCalendar,
    LoadFailed,
    Rated,
    SlotMoved,
    SlotsLoaded,
    TicketLoaded,
)
from bot.core.health import ChatLimit
from bot.core.model import Appointment, AppointmentStatus, Department, Failure, FailureCode, ListedAlert, Ticket
from bot.core.rating import RatingAnswer
from bot.core.screens import LASTING, CalendarFile, DataCopy, QrPicture, Screen, TicketShown
from bot.core.session import Session
from bot.core.states import (
    BookingAttempt,
    ConfirmingBooking,
    LoadingAppointments,
    LoadingDays,
    LoadingNearest,
    LoadingTimes,
    MoveAttempt,
    Moving,
    Notice,
    State,
    Submitting,
    TypingName,
)
from bot.logs import scrubbed
from bot.views.message import Message
from bot.views.plain import plain

log = logging.getLogger(__name__)


class Render(Protocol):
    """Renders a screen in a locale, with a notice. `several_names`: see `bot.core.for_whom`."""

    def __call__(self, screen: Screen, locale: str, notice: Notice | None, /, *, several_names: bool = ...) -> Message:
        """The message."""


TicketMessages = Callable[[int, int], Awaitable[tuple[TicketMessage, ...]]]
"""Returns the messages that show the ticket of a chat's appointment; see `Store.ticket_messages`."""


async def no_messages(_chat_id: int, _appointment_id: int) -> tuple[TicketMessage, ...]:
    """The default without a store."""
    return ()


EntryOf = Callable[[int], Awaitable[BookEntry | None]]
"""Returns the entry of an appointment in the appointment book; see `Store.entry`."""


async def no_entry(_appointment_id: int) -> BookEntry | None:
    """The default without a store."""
    return None


EntriesOf = Callable[[int], Awaitable[tuple[BookEntry, ...]]]
"""Returns all entries of a chat in the appointment book; see `Store.entries_of`."""


async def no_entries(_chat_id: int) -> tuple[BookEntry, ...]:
    """The default without a store."""
    return ()


HasQuestion = Callable[[int, int], Awaitable[bool]]
"""Returns whether a chat has an open question about the visit of an appointment; see `Store.has_question`."""


async def no_question(_chat_id: int, _appointment_id: int) -> bool:
    """The default without a store."""
    return False


WRONG_NUMBERS = 10
"""The appointment numbers that are not the chat's own, within an hour, that may each cost a request."""


@dataclass(slots=True)
class Outcome:
    """The result of a turn."""

    session: Session
    deliveries: tuple[Delivery, ...] = ()
    opened: tuple[StoredAttempt, ...] = ()
    withdrawn: int | None = None
    erases: bool = False
    coming: tuple[int, int] | None = None
    """An appointment and the version of which the citizen says that they will come."""
    rated: RatingAnswer | None = None
    works: tuple[Work, ...] = ()
    """Writes of other repositories, in the transaction of the turn."""


@dataclass(slots=True)
class _TurnInProgress:
    """The results of a turn so far; a later screen replaces an earlier one."""

    shown: list[Show | Tell | Amend] = field(default_factory=list)
    opened: list[StoredAttempt] = field(default_factory=list)
    withdrawn: int | None = None
    works: list[Work] = field(default_factory=list)
    cancelled: int | None = None
    """The appointment that stands no more: its ticket is dropped if it is not sent yet."""
    erases: bool = False
    coming: tuple[int, int] | None = None
    rated: RatingAnswer | None = None
    entries: tuple[BookEntry, ...] | None = None
    """All that the appointment book has of the chat, once it was needed."""


class Turns:
    """Takes turns for any chat."""

    def __init__(  # noqa: PLR0913, PLR0917 — the parts, joined in one place
        self,
        api: Moncreneau,
        render: Render,
        office_time: Callable[[], datetime],
        horizon_days: int,
        made_by: MadeBy = nobody,
        ticket_messages: TicketMessages = no_messages,
        *,
        ids: DeliveryIds,
        caps: CapCheck | None = None,
        entry: EntryOf = no_entry,
        entries_of: EntriesOf = no_entries,
        on_coming: Callable[[], None] = lambda: None,
        reached: Counter[ChatLimit] | None = None,
        my_data: MyData | None = None,
        has_question: HasQuestion = no_question,
        place_alerts: PlaceAlerts | None = None,
    ) -> None:
        self._api = api
        self._ticket_messages = ticket_messages
        self._caps = caps
        self._my_data = my_data
        self._has_question = has_question
        self._place_alerts = place_alerts
        self._entry = entry
        self._entries_of = entries_of
        self._on_coming = on_coming
        self._wrong_numbers = HourlyLimiter[int](WRONG_NUMBERS, time.monotonic)
        self._reached = Counter() if reached is None else reached
        self._made_by = made_by
        self._render = render
        self._now = office_time
        self._horizon = timedelta(days=horizon_days)
        self._ids = ids

    async def take(self, chat_id: int, session: Session, event: Event) -> Outcome:
        """Play `event` to its end. Exceptions of our own code are raised; the API's errors become events."""
        draft = _TurnInProgress()

        def step_and_hold(before: Session, happened: Event) -> tuple[Session, tuple[Effect | Event, ...]]:
            after, effects = step(before, happened)
            confirmed = next((each.attempt for each in effects if isinstance(each, Book | Move)), None)
            moved = self._hold(chat_id, before.state, after, is_confirmed=confirmed is not None)
            if moved and confirmed:
                return after, (_just_taken(self._now(), confirmed.number),)
            return after, (moved, *effects) if moved else effects

        async def run(after: Session, effect: Effect | Event) -> Event | None:
            return effect if isinstance(effect, Event) else await self._run(chat_id, draft, effect, after.state)

        session = await play(step_and_hold, session, event, run)
        fresh = any(_is_new_ticket(each.screen) for each in draft.shown)
        several = await self._several_names(chat_id, draft)
        deliveries = tuple(
            self._delivery(chat_id, each, session.locale, fresh=fresh, several_names=several) for each in draft.shown
        )
        if draft.cancelled is not None:
            deliveries = tuple(
                each if each.amends else replace(each, supersedes=draft.cancelled) for each in deliveries
            )
        for each in deliveries:
            if each.screen is not None and each.screen == session.screen:
                session = replace(session, offered=each.message.actions or None)
        return Outcome(
            session,
            deliveries,
            tuple(draft.opened),
            draft.withdrawn,
            draft.erases,
            coming=draft.coming,
            rated=draft.rated,
            works=tuple(draft.works),
        )

    async def _run(  # noqa: C901 — a table
        self, chat_id: int, draft: _TurnInProgress, effect: Effect, state: State
    ) -> Event | None:
        """Run an effect; returns the resulting event, if any."""
        match effect:
            case LoadDepartments() | LoadSlots() | LoadAppointments() | LoadEntry() | LoadForCalendar() | LoadTicket():
                return await self._load(chat_id, effect, state)
            case NoteComing():
                return await self._note_coming(chat_id, draft, effect)
            case LoadMyData() | CheckCopy() | CheckErase() if self._my_data:
                return await self._my_data.answer(chat_id, effect, self._now())
            case Rate():
                return await self._rate(chat_id, draft, effect)
            case AskAlert() | StopAlert() | LoadOffer() | NoteGone() if self._place_alerts:
                event, works = await self._place_alerts.answer(chat_id, effect, self._now())
                draft.works += works
                return event
            case AmendTicket(ticket=ticket):
                if ticket.appointment.status is AppointmentStatus.CANCELLED:
                    draft.cancelled = ticket.appointment.id
                for each in await self._ticket_messages(chat_id, ticket.appointment.id):
                    ticket_shown = TicketShown(ticket, moved_to=effect.moved_to, moved_from=effect.moved_from)
                    draft.shown.append(Amend(each.message, QrPicture(ticket) if each.is_picture else ticket_shown))
            case Book(attempt=attempt) | Move(attempt=attempt) if refusal := await self._refusal(
                chat_id, attempt.draft.replaces
            ):
                return BookingRefused(at=self._now(), number=attempt.number, failure=refusal)
            case Book(attempt=attempt) if entry := for_whom.same_day(
                attempt.draft, await self._entries_in(draft, chat_id), self._now()
            ):
                return BookedTwice(at=self._now(), number=attempt.number, ticket=await self._ticket(entry))
            case _:
                self._gather(chat_id, draft, effect)
        return None

    async def _several_names(self, chat_id: int, draft: _TurnInProgress) -> bool:
        """Whether the screens must say for whom an appointment is."""
        screens = [each.screen for each in draft.shown]
        if not any(for_whom.names_in(each) for each in screens):
            return False
        return for_whom.several_names(screens, await self._entries_in(draft, chat_id), self._now())

    async def _entries_in(self, draft: _TurnInProgress, chat_id: int) -> tuple[BookEntry, ...]:
        """What the appointment book has of the chat, read once in a turn."""
        if draft.entries is None:
            draft.entries = await self._entries_of(chat_id)
        return draft.entries

    def _hold(self, chat_id: int, before: State, session: Session, *, is_confirmed: bool) -> SlotMoved | None:
        """Hold the chosen slot; returns an event if that is not possible, or another slot is held instead."""
        choice = _choice(session.parked or session.state)
        is_chosen = session.state != before and isinstance(session.state, TypingName | ConfirmingBooking)
        held = self._api.hold(owner_of(chat_id), choice, check=is_chosen or is_confirmed)
        return SlotMoved(at=self._now(), slot=held) if choice and held != choice.at else None

    async def _load(self, chat_id: int, load: Load, state: State) -> Event:
        try:
            match load:
                case LoadDepartments():
                    return DepartmentsLoaded(at=self._now(), departments=await self._api.departments())
                case LoadSlots() if isinstance(state, LoadingDays) and (
                    refusal := await self._refusal(chat_id, state.draft.replaces)
                ):
                    return LoadFailed(at=self._now(), failure=refusal)
                case LoadSlots(department_id=department):
                    first = self._now().date()
                    last, worker = first + self._horizon, _staff(state)
                    wanted = state.draft.at if isinstance(state, LoadingNearest) and state.is_offered else None
                    slots = await self._api.availability(
                        owner_of(chat_id), department, first, last, worker, wanted=wanted
                    )
                    return SlotsLoaded(at=self._now(), department_id=department, slots=slots)
                case LoadAppointments(to_cancel=urgent):
                    need = Need.CANCEL if urgent else Need.LOOK
                    number = state.number if isinstance(state, LoadingAppointments) else None
                    appointments, departments, alerts = await asyncio.gather(
                        self._appointments(chat_id, need, number), self._offices(), self._alerts(chat_id)
                    )
                    return AppointmentsLoaded(
                        at=self._now(), appointments=appointments, departments=departments, alerts=alerts
                    )
                case LoadEntry(appointment_id=number, one_more=one_more):
                    entry = await self._entry(number)
                    own = entry if entry and entry.chat_id == chat_id else None
                    return EntryLoaded(at=self._now(), entry=own, one_more=one_more)
                case LoadForCalendar(appointment_id=number):
                    entry = await self._entry(number)
                    ticket = await self._ticket(entry) if entry and entry.chat_id == chat_id else None
                    return LoadedForCalendar(at=self._now(), ticket=ticket)
                case LoadTicket(appointment_id=number):
                    return TicketLoaded(at=self._now(), number=number, ticket=await self._movable(chat_id, number))
        except ApiError as error:
            return LoadFailed(at=self._now(), failure=error.failure)

    async def _note_coming(self, chat_id: int, draft: _TurnInProgress, said: NoteComing) -> ComingNoted:
        """Compare what the reminder says with the appointment book; asks the API nothing about the appointment."""
        entry = await self._entry(said.appointment_id)
        if entry is None or entry.chat_id != chat_id:
            return ComingNoted(
                at=self._now(), ticket=None, version=said.version, is_current=False, message=said.message
            )
        is_current = entry.version == said.version and reminders.is_coming(entry, self._now())
        if is_current:
            self._on_coming()
            draft.coming = (said.appointment_id, said.version)
        return ComingNoted(
            at=self._now(),
            ticket=await self._ticket(entry),
            version=said.version,
            is_current=is_current,
            message=said.message,
        )

    async def _rate(self, chat_id: int, draft: _TurnInProgress, answer: Rate) -> Rated | None:
        is_open = await self._has_question(chat_id, answer.appointment_id)
        if is_open:
            draft.rated = RatingAnswer(chat_id, answer.appointment_id, answer.score)
        return Rated(at=self._now(), is_counted=is_open, message=answer.message) if answer.score else None

    async def _ticket(self, entry: BookEntry) -> Ticket:
        offices = {each.id: each for each in await self._offices()}
        return Ticket(entry.appointment, offices.get(entry.department_id) or Department(entry.department_id, ""))

    async def _movable(self, chat_id: int, number: int) -> Ticket | None:
        """A coming appointment of this chat, if the appointment book has it with its name."""
        entry = await self._entry(number)
        if entry is None or entry.chat_id != chat_id or not entry.name:
            return None
        return await self._ticket(entry) if entry.is_coming and entry.at > self._now() else None

    async def _refusal(self, chat_id: int, replaces: Ticket | None) -> Failure | None:
        """Why this chat may not book now, or not move an appointment (`replaces`); None if it may."""
        if self._caps is None:
            return None
        if replaces:
            return await self._caps.move_refusal(chat_id, replaces.appointment.id)
        return await self._caps.refusal(chat_id, self._now(), lambda: self._appointments(chat_id, Need.LOOK))

    async def _appointments(self, chat_id: int, need: Need, number: int | None = None) -> tuple[Appointment, ...]:
        """Load the readable appointments that surely belong to the chat; `number` is the one it asked for.

        After many wrong numbers they come from the appointment book, without a request.
        """
        if number is not None and self._wrong_numbers.wait(chat_id):
            known = tuple(entry.appointment for entry in await self._entries_of(chat_id))
            if all(each.id != number for each in known):
                self._reached[ChatLimit.NUMBERS] += 1
                return known
        found = await self._read_appointments(chat_id, need)
        if number is not None and all(each.id != number for each in found):
            self._wrong_numbers.count(chat_id)
        return found

    async def _read_appointments(self, chat_id: int, need: Need) -> tuple[Appointment, ...]:
        try:
            found = await self._api.appointments(owner_of(chat_id), need)
        except ApiError as error:
            if not error.seen:
                raise
            found = error.seen
        return await own_appointments(chat_id, found, self._made_by)

    async def _offices(self) -> tuple[Department, ...]:
        """The departments, for the names of appointments; without them their ids are shown."""
        try:
            return await self._api.departments()
        except ApiError:
            return ()

    async def _alerts(self, chat_id: int) -> tuple[ListedAlert, ...]:
        return await self._place_alerts.listed(chat_id, self._now()) if self._place_alerts else ()

    @staticmethod
    def _gather(chat_id: int, draft: _TurnInProgress, effect: Effect) -> None:
        match effect:
            case Show():
                draft.shown = [each for each in draft.shown if not isinstance(each, Show)]
                draft.shown.append(effect)
            case Tell() | Amend():
                draft.shown.append(effect)
            case Book(attempt=booking):
                body = BOOKINGS.write(booking)
                draft.opened.append(StoredAttempt(chat_id, booking.number, AttemptKind.BOOK, body))
            case CancelAppointment(attempt=cancelling):
                body = CANCELLINGS.write(cancelling)
                draft.opened.append(StoredAttempt(chat_id, cancelling.number, AttemptKind.CANCEL, body))
            case Move(attempt=moving):
                body = MOVES.write(moving)
                draft.opened.append(StoredAttempt(chat_id, moving.number, AttemptKind.MOVE, body))
            case Withdraw(number=number):
                draft.withdrawn = number
            case Erase():
                draft.erases = True
            case _:
                raise AssertionError(effect)

    def _delivery(
        self, chat_id: int, effect: Show | Tell | Amend, locale: str, *, fresh: bool, several_names: bool
    ) -> Delivery:
        screen = effect.screen
        if isinstance(effect, Amend):
            message = self._drawn(screen, locale, None, several_names=several_names)
            return Delivery(self._ids.next(), chat_id, Kind.EDIT, message, target=effect.message, amends=True)
        message = self._drawn(screen, locale, effect.notice, several_names=several_names)
        number = effect.number if isinstance(effect, Show) and not isinstance(screen, LASTING) else None
        target = effect.message if isinstance(effect, Show) else None
        if isinstance(screen, QrPicture):
            kind = Kind.NEW_PICTURE if fresh else Kind.PICTURE
            picture = screen.ticket.appointment.id
            return Delivery(self._ids.next(), chat_id, kind, message, urgency=Urgency.NOTICE, ticket=picture)
        if isinstance(screen, CalendarFile):
            number = screen.ticket.appointment.id
            return Delivery(
                self._ids.next(), chat_id, Kind.DOCUMENT, message, document=file_name(number), calendar=number
            )
        if isinstance(screen, DataCopy):
            return Delivery(self._ids.next(), chat_id, Kind.DOCUMENT, message, document=copy_name(chat_id))
        kind = Kind.VENUE if message.place else Kind.SEND if target is None else Kind.EDIT
        ticket = _ticket_number(screen)
        return Delivery(self._ids.next(), chat_id, kind, message, screen=number, target=target, ticket=ticket)

    def _drawn(self, screen: Screen, locale: str, notice: Notice | None, *, several_names: bool) -> Message:
        """The rendered screen; plain text if the catalogue or the view fails, so that no message is lost."""
        try:
            return self._render(screen, locale, notice, several_names=several_names)
        except Exception as error:
            name, kind = type(error).__name__, type(screen).__name__
            log.error("%s cannot be drawn in %s: %s", kind, locale, name, exc_info=scrubbed(error))  # noqa: TRY400
            return plain(screen)


def _ticket_number(screen: Screen) -> int | None:
    """The appointment whose ticket this screen is, if it is one."""
    match screen:
        case TicketShown(ticket=ticket):
            return ticket.appointment.id
        case Moving(attempt=MoveAttempt(made=Appointment(id=number))):
            return number
        case _:
            return None


def _is_new_ticket(screen: Screen) -> bool:
    is_fresh = not isinstance(screen, TicketShown) or screen.fresh
    return is_fresh and _ticket_number(screen) is not None


def _just_taken(now: datetime, number: int) -> BookingRefused:
    """The outcome of an attempt that is not opened, because another citizen has chosen its slot meanwhile."""
    return BookingRefused(at=now, number=number, failure=Failure(FailureCode.SLOT_TAKEN))


def _choice(state: State) -> SlotChoice | None:
    """The slot that is about to be confirmed, or was confirmed."""
    match state:
        case (
            TypingName(draft=draft)
            | ConfirmingBooking(draft=draft)
            | Submitting(attempt=BookingAttempt(draft=draft))
            | Moving(attempt=MoveAttempt(draft=draft, made=None))
        ):
            worker = draft.worker.id if draft.worker else None
            is_confirmed = isinstance(state, Submitting | Moving)
            return SlotChoice(draft.department.id, draft.at, worker, is_confirmed) if draft.at else None
        case _:
            return None


def _staff(state: State) -> int | None:
    """The member of staff whose slots are loaded, if one was chosen."""
    match state:
        case LoadingDays(draft=draft) | LoadingTimes(draft=draft) | LoadingNearest(draft=draft) if draft.worker:
            return draft.worker.id
        case _:
            return None
