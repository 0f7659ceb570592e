"""The effects that a conversation requests from the shell. Frozen, named by imperatives; results come as events.

`Show`, `Tell`, `Amend` and `AmendTicket` change messages on the phone, the others use the API. Must not know how.

Also the steps that every flow takes: show the present screen, go to a state, start a read.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.core.model import Ticket
from bot.core.rating import Score
from bot.core.screens import NoticeMessage, Screen, present
from bot.core.session import Session
from bot.core.states import BookingAttempt, CancelAttempt, MoveAttempt, Notice, State


@dataclass(frozen=True, slots=True)
class Show:
    """Show the present screen: in place of `message` if that is known, else as a new message.

    `number` is the screen's: its buttons are valid while it is the present one.
    """

    screen: Screen
    number: int
    message: int | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a separate message, which no later screen replaces."""

    screen: Screen
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Amend:
    """Change an older message that has become untrue; nothing happens if it cannot be changed any more."""

    message: int
    screen: Screen


@dataclass(frozen=True, slots=True)
class AmendTicket:
    """Change the message that shows the ticket of this appointment, because it has become untrue.

    `moved_to` is the time of the one that replaced it, `moved_from` that of the one that it replaced.
    """

    ticket: Ticket
    moved_to: datetime | None = None
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoadDepartments:
    """Answered by `DepartmentsLoaded` or `LoadFailed`."""


@dataclass(frozen=True, slots=True)
class LoadSlots:
    """Answered by `SlotsLoaded` or `LoadFailed`."""

    department_id: int


@dataclass(frozen=True, slots=True)
class LoadAppointments:
    """Answered by `AppointmentsLoaded` or `LoadFailed`. `to_cancel`: cancelling waits for it, so it is urgent."""

    to_cancel: bool = False


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """Look up an appointment of this citizen in the appointment book. Answered by `EntryLoaded`.

    `one_more`: to book one more person besides it, not to book it again.
    """

    appointment_id: int
    one_more: bool = False


@dataclass(frozen=True, slots=True)
class LoadForCalendar:
    """Look an appointment of this citizen's up in the appointment book. Answered by `LoadedForCalendar`."""

    appointment_id: int


@dataclass(frozen=True, slots=True)
class NoteComing:
    """Note that the citizen comes, as the reminder `message` asked about this version. Answered by `ComingNoted`."""

    appointment_id: int
    version: int
    message: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Count the answer to the question `message` about a visit, once, if the question is open. Answered by `Rated`.

    A `score` of None closes the question without counting, and is not answered.
    """

    appointment_id: int
    score: Score | None
    message: int


@dataclass(frozen=True, slots=True)
class LoadTicket:
    """Look a coming appointment of this citizen's up in the appointment book. Answered by `TicketLoaded`."""

    appointment_id: int


@dataclass(frozen=True, slots=True)
class Book:
    """Make the appointment, once.

    Answered, sooner or much later, by one of `Booked`, `BookingRefused`, `BookingWithdrawn`; or, at once and once for
    an appointment, by `BookedTwice`.
    """

    attempt: BookingAttempt


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the booking or move `number`, if nothing has been made."""

    number: int


@dataclass(frozen=True, slots=True)
class CancelAppointment:
    """Cancel the appointment, once. Answered by `AppointmentCancelled` or `CancellingRefused`."""

    attempt: CancelAttempt


@dataclass(frozen=True, slots=True)
class Move:
    """Make the new appointment, once, then cancel the old one, once.

    Answered by `BookingRefused` or `BookingWithdrawn`; or by `ReplacementBooked`, and then `Moved` or
    `OldNotCancelled`.
    """

    attempt: MoveAttempt


@dataclass(frozen=True, slots=True)
class LoadMyData:
    """Look up what is known of this citizen, to show it in place of `message`. Answered by `MyDataLoaded`."""

    message: int


@dataclass(frozen=True, slots=True)
class CheckCopy:
    """Ask whether a copy of all data may be sent now. Answered by `CopyChecked`."""


@dataclass(frozen=True, slots=True)
class CheckErase:
    """Ask whether an attempt is pending, before all is erased. Answered by `EraseChecked`."""

    message: int


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase all that is known of this citizen, this session too, with the change of this turn.

    Only what this turn shows is still sent.
    """


@dataclass(frozen=True, slots=True)
class AskAlert:
    """Tell the citizen when a place earlier than this appointment is free; without one, any place of the department.

    Answered by `AlertAsked`.
    """

    appointment_id: int | None = None
    department_id: int = 0
    """Counts without an appointment, as `worker_id` does."""
    worker_id: int | None = None


@dataclass(frozen=True, slots=True)
class StopAlert:
    """Stop the citizen's alert for a department. Not answered."""

    department_id: int


@dataclass(frozen=True, slots=True)
class LoadOffer:
    """Look up what an offered place is for: to replace this appointment, or for a new one in the department.

    Answered by `OfferLoaded`.
    """

    slot: datetime
    appointment_id: int | None = None
    department_id: int = 0
    worker_id: int | None = None


@dataclass(frozen=True, slots=True)
class NoteGone:
    """The offered place is gone: if that was so at once, its message does not count. Not answered."""

    department_id: int
    slot: datetime


PlaceAlertEffect = AskAlert | StopAlert | LoadOffer | NoteGone
DataLoad = LoadMyData | CheckCopy | CheckErase
Load = LoadDepartments | LoadSlots | LoadAppointments | LoadEntry | LoadForCalendar | LoadTicket
Attempt = Book | Withdraw | CancelAppointment | Move
Effect = Show | Tell | Amend | AmendTicket | Load | NoteComing | Rate | DataLoad | Attempt | Erase | PlaceAlertEffect


Step = tuple[Session, tuple[Effect, ...]]
"""The session after an event, and the effects that it requests."""


def show(session: Session, notice: Notice | None = None, screen: Screen | None = None) -> Step:
    """Show the present screen (or `screen`), in the session's message or as a new one."""
    return session, (Show(screen or present(session), session.screen, session.message, notice),)


def amended(session: Session, notice: Notice) -> tuple[Amend, ...]:
    """Replace the session's message by this notice, if the message is known."""
    return (Amend(session.message, NoticeMessage(notice)),) if session.message else ()


def go(session: Session, state: State, notice: Notice | None = None) -> Step:
    """Move on to `state` and show it."""
    return show(session.at(state), notice)


def load(session: Session, state: State, effect: Load) -> Step:
    """Wait in `state` for the answer to `effect`; nothing is shown until it is there."""
    return session.at(state), (effect,)
