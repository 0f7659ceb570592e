"""The transitions of the citizen's appointments: looking at them, cancelling one, and choosing one to move.

Only appointments that the API just returned for this chat are shown, and only a shown one can be cancelled, after a
question. An unfinished booking is kept in `Session.parked`.
"""

from dataclasses import replace

from bot.core import callback_data, moving, slot_selection
from bot.core.effects import (
    AmendTicket,
    CancelAppointment,
    LoadAppointments,
    Step,
    StopAlert,
    Tell,
    amended,
    go,
    load,
    show,
)
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    CancellingRefused,
    LoadFailed,
)
from bot.core.model import (
    Appointment,
    AppointmentStatus,
    Department,
    FailureCode,
    Ticket,
)
from bot.core.screens import Cancelled, QrPicture, TicketShown
from bot.core.session import Session
from bot.core.states import (
    AskingCancel,
    BookingState,
    CancelAttempt,
    Cancelling,
    Idle,
    Listing,
    LoadingAppointments,
    Notice,
    Purpose,
    State,
    has_choices,
    moved_ticket,
)

COMING = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.UNKNOWN})
MOST_PAST = 15
"""The number of past appointments that are kept in the list."""


def begin(session: Session, purpose: Purpose, number: int | None = None, notice: Notice | None = None) -> Step:
    """Load the appointments; an unfinished booking is parked."""
    parked = session.parked if not isinstance(session.state, BookingState) else session.state
    kept = Notice.DRAFT_KEPT if has_choices(parked) and parked is not session.parked else notice
    state = LoadingAppointments(purpose, number, notice=notice or kept)
    return load(replace(session, parked=parked), state, LoadAppointments(to_cancel=purpose is Purpose.CANCEL))


def leave(session: Session, notice: Notice | None = None) -> Step:
    """Back to the parked booking, or to the menu. If the booking was waiting for data, load it again."""
    state: State = session.parked or Idle()
    after, effects = show(replace(session.at(state), parked=None), notice)
    return after, (*effects, *slot_selection.awaited(state))


def loaded(session: Session, event: AppointmentsLoaded) -> Step | None:
    """Show the list, or the question for the appointment that was named, if it can be cancelled."""
    if not isinstance(state := session.state, LoadingAppointments):
        return None
    offices = {each.id: each for each in event.departments}
    tickets = tuple(Ticket(each, _office(each, offices)) for each in event.appointments)
    coming = tuple(each for each in tickets if each.appointment.status in COMING and each.appointment.at >= event.at)
    past = _past(tickets, coming)
    if state.number is not None:
        named = next((each for each in tickets if each.appointment.id == state.number), None)
        if named in coming and named:
            if state.purpose is Purpose.MOVE:
                return moving.begin(session, named)
            return go(session, AskingCancel(named), state.notice)
        return go(session, Listing(coming, state.purpose, past=past, alerts=event.alerts), _why_not(named))
    if state.purpose is Purpose.CANCEL and len(coming) == 1 and state.notice in {None, Notice.DRAFT_KEPT}:
        return go(session, AskingCancel(coming[0]), state.notice)
    return go(session, Listing(coming, state.purpose, past=past, alerts=event.alerts), state.notice)


def load_failed(session: Session, event: LoadFailed) -> Step | None:
    """Show the failure in place of the list."""
    match session.state:
        case LoadingAppointments() as state:
            return go(session, replace(state, failure=event.failure))
        case _:
            return None


def pressed(session: Session, action: str) -> Step | None:
    """Handle a button of the present screen; None if the screen has no such button."""
    kind, value = callback_data.split(action)
    match session.state:
        case LoadingAppointments() as state if kind == callback_data.RETRY:
            again = LoadAppointments(to_cancel=state.purpose is Purpose.CANCEL)
            return load(session, replace(state, failure=None), again)
        case Listing() as state:
            return _list_pressed(session, state, kind, value)
        case AskingCancel(ticket=ticket) if kind == callback_data.YES:
            attempt = CancelAttempt(session.screen + 1, ticket)
            return session.at(Cancelling(attempt)), (CancelAppointment(attempt),)
        case AskingCancel() if kind == callback_data.NO:
            return leave(session, Notice.NOT_CANCELLED)
        case AskingCancel() if kind == callback_data.BACK:
            return load(session, LoadingAppointments(Purpose.VIEW), LoadAppointments())
        case _:
            return None


def delayed(session: Session, event: AttemptDelayed) -> Step | None:
    """Tell the citizen, once per cause, that they need not wait."""
    match session.state:
        case Cancelling(attempt=attempt) as state if attempt.number == event.number:
            after = replace(state, delayed=True, failure=event.failure)
            return go(session, after) if after != state else (session, ())
        case _:
            return None


def settled(session: Session, event: AppointmentCancelled | CancellingRefused) -> Step | None:
    """Handle the outcome of the cancellation."""
    match session.state:
        case Cancelling(attempt=attempt, delayed=late) if attempt.number == event.number:
            ticket = attempt.ticket
        case _:
            return None
    done = isinstance(event, AppointmentCancelled)
    waiting = amended(session, Notice.IS_CANCELLED if done else Notice.IS_NOT_CANCELLED) if late else ()
    after, effects = _settled(replace(session, message=None) if late else session, ticket, event)
    return after, (*waiting, *effects)


def _settled(session: Session, ticket: Ticket, event: AppointmentCancelled | CancellingRefused) -> Step:
    if isinstance(event, AppointmentCancelled):
        gone = replace(ticket, appointment=replace(ticket.appointment, status=AppointmentStatus.CANCELLED))
        waiting = moved_ticket(session.parked)
        is_moot = waiting is not None and waiting.appointment.id == ticket.appointment.id
        parked = None if is_moot else session.parked
        done = Cancelled(gone, resumable=has_choices(parked))
        after, effects = show(session.at(parked or Idle()), screen=done)
        return replace(after, message=None, parked=None), (AmendTicket(gone), *effects)
    if event.failure.code is FailureCode.APPOINTMENT_GONE:
        return load(session, LoadingAppointments(Purpose.VIEW, notice=Notice.APPOINTMENT_UNKNOWN), LoadAppointments())
    return go(session, LoadingAppointments(Purpose.CANCEL, ticket.appointment.id, failure=event.failure))


def _list_pressed(session: Session, state: Listing, kind: str, value: str) -> Step | None:
    number = callback_data.number_in(value)
    if kind == callback_data.PAGE and number is not None:
        return go(session, replace(state, page=number))
    if kind == callback_data.PAST and state.past:
        return go(session, replace(state, shows_past=not state.shows_past, page=0))
    if kind == callback_data.BACK and state.purpose is Purpose.MOVE:
        return go(session, replace(state, purpose=Purpose.VIEW, page=0))
    if kind == callback_data.BACK:
        return go(session, replace(state, shows_past=False, page=0)) if state.shows_past else leave(session)
    if kind == callback_data.ALERT_STOP and any(each.department.id == number for each in state.alerts):
        return _alert_stopped(session, state, number or 0)
    if kind == callback_data.MOVE and not value:
        return _move_pressed(session, state)
    ticket = next((each for each in (*state.tickets, *state.past) if each.appointment.id == number), None)
    if ticket and ticket in state.tickets and kind == callback_data.CANCEL:
        return go(session, AskingCancel(ticket))
    if ticket and ticket in state.tickets and kind == callback_data.MOVE:
        return moving.begin(session, ticket)
    if ticket and kind == callback_data.TICKET:
        picture = (Tell(QrPicture(ticket)),) if ticket.appointment.qr_link else ()
        return session, (Tell(TicketShown(ticket)), *picture)
    return None


def _alert_stopped(session: Session, state: Listing, department_id: int) -> Step:
    """Stop the alert for a department, and show the list without it."""
    left = tuple(each for each in state.alerts if each.department.id != department_id)
    after, effects = go(session, replace(state, alerts=left), Notice.ALERT_STOPPED)
    return after, (*effects, StopAlert(department_id))


def _move_pressed(session: Session, state: Listing) -> Step | None:
    """Move the only appointment, or ask which one."""
    if state.shows_past or not state.tickets:
        return None
    if len(state.tickets) == 1:
        return moving.begin(session, state.tickets[0])
    return go(session, replace(state, purpose=Purpose.MOVE, page=0))


def _past(tickets: tuple[Ticket, ...], coming: tuple[Ticket, ...]) -> tuple[Ticket, ...]:
    """The past appointments, the latest first, without cancelled ones."""
    over = [
        each for each in tickets if each not in coming and each.appointment.status is not AppointmentStatus.CANCELLED
    ]
    return tuple(sorted(over, key=lambda each: each.appointment.at, reverse=True)[:MOST_PAST])


def _why_not(named: Ticket | None) -> Notice:
    """Why the named appointment cannot be cancelled. An unknown number and one of somebody else get the same answer."""
    if named is None:
        return Notice.APPOINTMENT_UNKNOWN
    match named.appointment.status:
        case AppointmentStatus.CANCELLED:
            return Notice.ALREADY_CANCELLED
        case AppointmentStatus.COMPLETED | AppointmentStatus.NO_SHOW:
            return Notice.ALREADY_COMPLETED
        case _:
            return Notice.ALREADY_PAST


def _office(appointment: Appointment, offices: dict[int, Department]) -> Department:
    """The appointment's department; if it is no longer listed, its id is its name."""
    return offices.get(appointment.department_id) or Department(appointment.department_id, "")
