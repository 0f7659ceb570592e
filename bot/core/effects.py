"""What a conversation asks for: imperatives, frozen. The shell carries them out and answers with events.

`Show` and `Tell` put words on the phone; the others ask the API. Nothing here knows how any of it is done.

Small moves that every flow makes: showing the present screen, starting a read. Knows no flow in particular.
"""

from dataclasses import dataclass

from bot.core.screens import Screen, present
from bot.core.session import Session
from bot.core.states import BookingAttempt, CancelAttempt, Notice, State


@dataclass(frozen=True, slots=True)
class Show:
    """Show the present screen: in place of `message` where that is known, else as a new message.

    `number` is the screen's: its buttons are valid while it is the present one.
    """

    screen: Screen
    number: int
    message: int | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message of its own, that no later screen replaces."""

    screen: Screen
    notice: Notice | None = None


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
class Book:
    """Make the appointment, once.

    Answered, sooner or much later, by one of `Booked`, `BookingRefused`, `BookingWithdrawn`.
    """

    attempt: BookingAttempt


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Give the booking attempt `number` up, if it has surely not been made."""

    number: int


@dataclass(frozen=True, slots=True)
class CancelAppointment:
    """Cancel the appointment, once. Answered by `AppointmentCancelled` or `CancellingRefused`."""

    attempt: CancelAttempt


Load = LoadDepartments | LoadSlots | LoadAppointments
Effect = Show | Tell | Load | Book | Withdraw | CancelAppointment


Step = tuple[Session, tuple[Effect, ...]]
"""A session as it is after an event, and what is asked for."""


def show(session: Session, notice: Notice | None = None, screen: Screen | None = None) -> Step:
    """Show the present screen (or `screen` in its place), where the session's message is or as a new one."""
    return session, (Show(screen or present(session), session.screen, session.message, notice),)


def go(session: Session, state: State, notice: Notice | None = None) -> Step:
    """Move on to `state` and show it."""
    return show(session.at(state), notice)


def load(session: Session, state: State, effect: Load) -> Step:
    """Wait in `state` for the answer to `effect`; nothing is shown until it is there."""
    return session.at(state), (effect,)
