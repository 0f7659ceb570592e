"""Examples that the tests of the conversation and of its screens share: people, offices, and every state there is."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.conversation import step
from bot.core.effects import Effect
from bot.core.events import Commanded, Event, Pressed, Typed
from bot.core.known_names import KnownName, KnownNames
from bot.core.model import (
    Appointment,
    AppointmentStatus,
    Day,
    Department,
    Draft,
    Failure,
    FailureCode,
    Slot,
    Ticket,
    Worker,
)
from bot.core.session import Session
from bot.core.states import (
    AskingCancel,
    BookingAttempt,
    BookingRefusedState,
    CancelAttempt,
    Cancelling,
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    MoveAttempt,
    Moving,
    Purpose,
    State,
    Submitting,
    TypingName,
    TypingWorker,
)

NOW = datetime.fromisoformat("2026-01-20T10:00")
SUNDAY = date(2026, 1, 25)
MONDAY = date(2026, 1, 26)
HALF_PAST_TWO = datetime.fromisoformat("2026-01-25T14:30")
NINE = datetime.fromisoformat("2026-01-25T09:00")
TEN_ON_MONDAY = datetime.fromisoformat("2026-01-26T10:00")

PASSPORTS = Department(1, "Passeports", "Ministère de la Sécurité")
IDENTITY = Department(2, "Cartes d’identité", "Ministère de la Sécurité")
BIRTHS = Department(3, "État civil", "Mairie de Kaloum")
BAH, CAMARA = Worker(11, "Dr Bah"), Worker(12, "Dr Camara")
HOSPITAL = Department(4, "Consultations", "Hôpital Donka", asks_worker=True, workers=(BAH, CAMARA))
COURT = Department(5, "Greffe", "Tribunal", asks_worker=True)
DEPARTMENTS = (PASSPORTS, IDENTITY, BIRTHS, HOSPITAL, COURT)

SLOTS = (Slot(NINE), Slot(HALF_PAST_TWO), Slot(TEN_ON_MONDAY))
DAYS = (Day(SUNDAY, 2), Day(MONDAY, 1))

DRAFT = Draft(PASSPORTS)
TIMED = Draft(PASSPORTS, at=HALF_PAST_TWO)
FULL = Draft(PASSPORTS, at=HALF_PAST_TWO, name="Aïssatou Bah")
ATTEMPT = BookingAttempt(7, FULL, NOW)

APPOINTMENT = Appointment(12345, 1, HALF_PAST_TWO, "Aïssatou Bah", qr_link="https://moncreneau.example/qr/12345")
TICKET = Ticket(APPOINTMENT, PASSPORTS)
OTHER = Ticket(Appointment(777, 3, TEN_ON_MONDAY, "Mamadou-Saliou"), BIRTHS)
CANCEL_ATTEMPT = CancelAttempt(7, TICKET)
MOVED = Draft(PASSPORTS, at=TEN_ON_MONDAY, name="Aïssatou Bah", replaces=TICKET)
"""TICKET, about to be moved to Monday."""
MADE = Appointment(12400, 1, TEN_ON_MONDAY, "Aïssatou Bah", qr_link="https://moncreneau.example/qr/12400")
NEW_TICKET = Ticket(MADE, PASSPORTS)
MOVE_ATTEMPT = MoveAttempt(7, MOVED, NOW)
REPLACED = MoveAttempt(7, MOVED, NOW, MADE)
"""The same once the new appointment is booked."""
DOWN = Failure(FailureCode.DOWN)
BUSY = Failure(FailureCode.BUSY, NOW + timedelta(hours=1))


def known(*names: str, used: datetime = NOW - timedelta(days=1)) -> KnownNames:
    """These names, remembered as the citizen's own."""
    return tuple(KnownName(each, used) for each in names)


STATES: dict[str, State] = {
    "idle": Idle(),
    "loading departments": LoadingDepartments(),
    "departments failed": LoadingDepartments(failure=DOWN),
    "choosing a department": ChoosingDepartment(DEPARTMENTS),
    "searching a department": ChoosingDepartment(DEPARTMENTS, query="passeport"),
    "no departments": ChoosingDepartment(()),
    "choosing a worker": ChoosingWorker(Draft(HOSPITAL)),
    "typing a worker": TypingWorker(Draft(COURT)),
    "loading days": LoadingDays(DRAFT),
    "days failed": LoadingDays(DRAFT, failure=BUSY),
    "choosing a day": ChoosingDay(DRAFT, DAYS, NINE),
    "no days": ChoosingDay(DRAFT, (), None),
    "loading times": LoadingTimes(DRAFT, SUNDAY),
    "times failed": LoadingTimes(DRAFT, SUNDAY, failure=DOWN),
    "choosing a time": ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO)),
    "loading nearest": LoadingNearest(FULL),
    "loading an offered place": LoadingNearest(MOVED, is_offered=True),
    "choosing nearest": ChoosingNearest(FULL, (NINE, TEN_ON_MONDAY)),
    "typing a name": TypingName(TIMED, ("Aïssatou Bah",)),
    "typing a name for somebody else": TypingName(FULL, for_other=True),
    "confirming": ConfirmingBooking(FULL, ("Aïssatou Bah",)),
    "confirming a second one": ConfirmingBooking(replace(FULL, twice_on=SUNDAY), twice=TICKET),
    "submitting": Submitting(ATTEMPT),
    "submitting, delayed": Submitting(ATTEMPT, BUSY, delayed=True),
    "submitting, withdrawn": Submitting(ATTEMPT, delayed=True, withdrawn=True),
    "refused": BookingRefusedState(FULL, Failure(FailureCode.OUT_OF_CREDITS)),
    "loading appointments": LoadingAppointments(Purpose.VIEW),
    "appointments failed": LoadingAppointments(Purpose.CANCEL, 12345, failure=DOWN),
    "listing": Listing((TICKET, OTHER), Purpose.VIEW),
    "listing what is past": Listing((TICKET,), Purpose.VIEW, past=(OTHER,), shows_past=True),
    "booking given up": Idle(given_up=FULL),
    "nothing to list": Listing((), Purpose.VIEW),
    "asking before cancelling": AskingCancel(TICKET),
    "choosing what to move": Listing((TICKET, OTHER), Purpose.MOVE),
    "choosing the new day": ChoosingDay(replace(MOVED, at=None), DAYS, NINE),
    "choosing the new time": ChoosingTime(replace(MOVED, at=None), MONDAY, (TEN_ON_MONDAY,)),
    "confirming a move": ConfirmingBooking(MOVED),
    "moving": Moving(MOVE_ATTEMPT),
    "moving, delayed": Moving(MOVE_ATTEMPT, BUSY, delayed=True),
    "moving, withdrawn": Moving(MOVE_ATTEMPT, delayed=True, withdrawn=True),
    "moving, booked": Moving(REPLACED),
    "move refused": BookingRefusedState(MOVED, Failure(FailureCode.ALREADY_BOOKED)),
    "cancelling": Cancelling(CANCEL_ATTEMPT),
    "cancelling, delayed": Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True),
}
"""Every state of the conversation, in words."""

every_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
"""Runs a test once for every state."""

SCREEN, MESSAGE = 6, 70


def given(state: State, **more: object) -> Session:
    """A session in this state: screen 6 in message 70, a minute ago."""
    return replace(
        Session(locale="fr", touched=NOW - timedelta(minutes=1), screen=SCREEN, message=MESSAGE, state=state),
        **more,  # type: ignore[arg-type]
    )


def press(session: Session, action: str, *, screen: int | None = -1, message: int = MESSAGE) -> Pressed:
    """A press on the present screen, if nothing else is said."""
    number = session.screen if screen == -1 else screen
    return Pressed(at=NOW, language="fr", action=action, screen=number, message=message)


def pressed(session: Session, action: str) -> tuple[Session, tuple[Effect, ...]]:
    """The step after a press on the present screen."""
    return step(session, press(session, action))


def command(name: str, argument: str = "") -> Commanded:
    """A command of a citizen whose phone speaks French."""
    return Commanded(at=NOW, language="fr", name=name, argument=argument)


def commanded(session: Session, name: str, argument: str = "") -> tuple[Session, tuple[Effect, ...]]:
    """The step after a command."""
    return step(session, command(name, argument))


def typed(session: Session, text: str) -> tuple[Session, tuple[Effect, ...]]:
    """The step after a text."""
    return step(session, Typed(at=NOW, language="fr", text=text))


def happened(session: Session, event: Event) -> tuple[Session, tuple[Effect, ...]]:
    """The step after a result."""
    return step(session, event)


def cancelled(appointment: Appointment) -> Appointment:
    """The same, cancelled."""
    return replace(appointment, status=AppointmentStatus.CANCELLED)
