"""The events of a conversation: actions of a citizen, and results of effects. Frozen, named by past participles.

A citizen's event holds only what the conversation needs to know of who acts: the name and language of the phone. Must
not know Telegram; all times are naive office time.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.appointment_book import BookEntry
from bot.core.model import Appointment, AppointmentStatus, Department, Failure, ListedAlert, Slot, Ticket
from bot.core.states import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at the office time `at`."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenEvent(Event):
    """Something a citizen did. `profile` is the name on their phone, `language` the phone's (IETF tag)."""

    profile: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(CitizenEvent):
    """A button was pressed: `action` of the screen number `screen` (None: valid at any time), under `message`."""

    action: str
    screen: int | None
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(CitizenEvent):
    """A command such as `/cancel 12345`: `name` without the slash, in lower case; the rest is `argument`."""

    name: str
    argument: str = ""


class Courtesy(StrEnum):
    """Text that only wants a friendly answer; the words are in the catalogues."""

    GREETING = "greeting"
    THANKS = "thanks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(CitizenEvent):
    """Ordinary text, in the citizen's message number `message` if it is known; `edited` if it was changed there."""

    text: str
    message: int | None = None
    edited: bool = False
    courtesy: Courtesy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSomething(CitizenEvent):
    """Anything that is not text: a photo, a sticker, a voice message …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentsLoaded(Event):
    """The departments that take appointments."""

    departments: tuple[Department, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsLoaded(Event):
    """Every free slot of the department up to the booking horizon, earliest first."""

    department_id: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMoved(Event):
    """Somebody else took the chosen slot before it was confirmed; `slot` is held instead, if there is one."""

    slot: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentsLoaded(Event):
    """All appointments of this chat, of every status, in order of time, and the departments to name them."""

    appointments: tuple[Appointment, ...]
    departments: tuple[Department, ...]
    alerts: tuple[ListedAlert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLoaded(Event):
    """The entry of an appointment of this citizen; None if there is none. `one_more`: see `LoadEntry`."""

    entry: BookEntry | None
    one_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedForCalendar(Event):
    """An appointment of this citizen as the appointment book has it; None: not theirs."""

    ticket: Ticket | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingNoted(Event):
    """The citizen answered the reminder `message`. `ticket` is the appointment as it is now, None: not theirs.

    `is_current` tells whether it still is what the reminder says. The office is not told: the API has no such call.
    """

    ticket: Ticket | None
    version: int
    is_current: bool
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Event):
    """The citizen answered the question `message` about a visit. `is_counted`: it was still open."""

    is_counted: bool
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLoaded(Event):
    """The coming appointment `number` of this citizen's; None: it is not known, or not well enough to move it."""

    number: int
    ticket: Ticket | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAsked(Event):
    """The citizen will be told of a free place in the department, before the `ticket` if there is one.

    Without a `department` they will not: `refusal` is the reason. `before` is the appointment whose alert this one
    replaces.
    """

    department: Department | None = None
    ticket: Ticket | None = None
    before: Ticket | None = None
    refusal: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLoaded(Event):
    """What an offered place is for; without a `department` nothing any more: the appointment stands no longer."""

    slot: datetime
    department: Department | None = None
    ticket: Ticket | None = None
    worker_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed(Event):
    """A read failed."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class MyDataLoaded(Event):
    """The citizen's coming appointments, to be shown in place of `message`."""

    tickets: tuple[Ticket, ...]
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyChecked(Event):
    """Whether the last copy was sent too short a while ago for another."""

    is_too_soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseChecked(Event):
    """Whether an attempt is pending; `message` has the button that was pressed to erase all."""

    is_pending: bool
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDelayed(Event):
    """A booking, cancelling or move has no outcome yet. `failure` says what it waits for, if that is known."""

    number: int
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked(Event):
    """The API made the appointment of attempt `number`."""

    number: int
    appointment: Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRefused(Event):
    """The appointment of attempt `number` was surely not made and will not be tried again.

    `old` is the appointment that it was to replace, as it is now: others may have changed it meanwhile. None: it is not
    known, or nothing was to be replaced.
    """

    number: int
    failure: Failure
    old: Appointment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTwice(Event):
    """Attempt `number` was not begun: there is an appointment of the same name, department and day already."""

    number: int
    ticket: Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingWithdrawn(Event):
    """The citizen gave attempt `number` up before it was made."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """The API cancelled the appointment of attempt `number`."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellingRefused(Event):
    """The cancelling of attempt `number` was surely not done and will not be tried again."""

    number: int
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementBooked(Event):
    """The API made the new appointment of move `number`. The old one stands until `Moved`."""

    number: int
    appointment: Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """The old appointment of move `number` is cancelled or gone.

    `appointment` is the new one as it is now: others may have changed it since it was booked. None: nobody has.
    """

    number: int
    appointment: Appointment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldNotCancelled(Event):
    """The old appointment of move `number` was not cancelled and will not be.

    `status` is the status of the old one, None if it is not known. `appointment`: see `Moved`.
    """

    number: int
    appointment: Appointment | None = None
    status: AppointmentStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFailed(Event):
    """Our own code failed on an update of the citizen, which is set aside; they get an apology."""
