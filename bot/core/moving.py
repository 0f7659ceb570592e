"""Moving an appointment: the steps of a booking, for an appointment that is to replace another.

The new appointment is booked first, and the old one is cancelled only after that. Until then the old one stands, and
the citizen reads so whatever is refused. Department, member of staff and name are kept.
"""

from dataclasses import replace

from bot.core import callback_data, known_names, slot_selection
from bot.core.effects import AmendTicket, Effect, Move, Step, Tell, Withdraw, amended, go, show
from bot.core.events import (
    AttemptDelayed,
    BookingRefused,
    BookingWithdrawn,
    CitizenEvent,
    Moved,
    OldNotCancelled,
    ReplacementBooked,
)
from bot.core.model import AppointmentStatus, Draft, FailureCode, Ticket, Worker
from bot.core.screens import BothStand, Cancelled, MoveDone, NoticeMessage, QrPicture, TicketShown
from bot.core.session import Session
from bot.core.states import BookingRefusedState, Idle, MoveAttempt, Moving, Notice


def begin(session: Session, ticket: Ticket, notice: Notice | None = None) -> Step:
    """Start moving a coming appointment, with the days of its department. A parked booking is dropped."""
    department, appointment = ticket.department, ticket.appointment
    draft = Draft(department, _worker(ticket), name=appointment.name or None, replaces=ticket)
    session = replace(session, parked=None)
    return slot_selection.days(session, draft, notice=notice)


def submit(session: Session, draft: Draft, event: CitizenEvent) -> Step:
    """Open an attempt, unless the chosen time is the present one. Its number is the screen's, as that of a booking."""
    if slot_selection.is_present_time(draft, draft.at):
        return go(session, Idle(), Notice.SAME_TIME)
    if draft.replaces and draft.replaces.appointment.at <= event.at:
        return go(session, Idle(), Notice.ALREADY_PAST)
    attempt = MoveAttempt(session.screen + 1, draft, event.at)
    return session.at(Moving(attempt)), (Move(attempt),)


def pressed(session: Session, state: Moving, kind: str) -> Step | None:
    """Handle *give up*, which exists while the new appointment is not booked."""
    if kind != callback_data.GIVE_UP or state.withdrawn or state.attempt.made:
        return None
    after, effects = go(session, replace(state, withdrawn=True))
    return after, (*effects, Withdraw(state.attempt.number))


def delayed(session: Session, event: AttemptDelayed) -> Step | None:
    """Tell the citizen that they need not wait: once per cause, and once that the old one is not cancelled yet."""
    match session.state:
        case Moving(attempt=attempt) as state if attempt.number == event.number:
            after = replace(state, delayed=True, failure=event.failure)
        case _:
            return None
    if not attempt.made:
        return go(session, after) if after != state else (session, ())
    if state.delayed:
        return session, ()
    return session.at(after), (Tell(NoticeMessage(Notice.OLD_NOT_CANCELLED_YET)),)


def booked(session: Session, event: ReplacementBooked) -> Step | None:
    """Show the new ticket, while the old appointment is being cancelled."""
    match session.state:
        case Moving(attempt=attempt, delayed=late) if attempt.number == event.number:
            made = Ticket(event.appointment, attempt.draft.department)
        case _:
            return None
    state = Moving(replace(attempt, made=event.appointment))
    waiting: tuple[Effect, ...] = ()
    if late:
        # A late outcome is a new message, because editing a message sends no notification. It may not be sent yet when
        # the move ends, and cannot be edited then, so it says nothing that will be untrue.
        waiting = amended(session, Notice.IS_BOOKED)
        after, effects = show(replace(session.at(state), message=None), screen=TicketShown(made, fresh=True))
    else:
        after, effects = go(session, state)
    picture = (Tell(QrPicture(made)),) if made.appointment.qr_link else ()
    names = known_names.use(session.names, attempt.draft.name or "", session.touched)
    return replace(after, names=names), (*waiting, *effects, *picture)


def refused(session: Session, event: BookingRefused | BookingWithdrawn) -> Step | None:
    """Say why nothing was moved; if the slot was taken, show the nearest ones."""
    match session.state:
        case Moving(attempt=attempt, delayed=late) if attempt.number == event.number and not attempt.made:
            draft, old = attempt.draft, attempt.old
        case _:
            return None
    is_withdrawn = isinstance(event, BookingWithdrawn)
    waiting = amended(session, Notice.IS_STOPPED if is_withdrawn else Notice.IS_NOT_BOOKED) if late else ()
    session = replace(session, message=None) if late else session
    if isinstance(event, BookingWithdrawn):
        after, effects = go(session, Idle(), Notice.NOT_MOVED)
    else:
        old = replace(old, appointment=event.old or old.appointment)
        draft = replace(draft, replaces=old)
        stands = old.appointment.status is not AppointmentStatus.CANCELLED
        if event.failure.code is FailureCode.SLOT_TAKEN and stands:
            after, effects = slot_selection.nearest(session, draft)
        else:
            after, effects = go(session, BookingRefusedState(draft, event.failure))
    return after, (*waiting, *effects)


def _cancelled(ticket: Ticket) -> Ticket:
    return replace(ticket, appointment=replace(ticket.appointment, status=AppointmentStatus.CANCELLED))


def settled(session: Session, event: Moved | OldNotCancelled) -> Step | None:
    """Handle the end of a move. Somebody else may have changed or cancelled the new appointment meanwhile."""
    match session.state:
        case Moving(attempt=MoveAttempt(number=number, made=made) as attempt, delayed=late) if (
            made and number == event.number
        ):
            old, new = attempt.old, Ticket(event.appointment or made, attempt.draft.department)
        case _:
            return None
    before = old.appointment.at
    idle = session.at(Idle())
    effects: tuple[Effect, ...]
    if isinstance(event, OldNotCancelled):
        _, effects = _final_ticket(idle, TicketShown(new, fresh=True))
        return replace(idle, message=None), (*effects, Tell(BothStand(old, new, event.status)))
    _, effects = _final_ticket(idle, TicketShown(new, fresh=True, moved_from=before))
    # Citizens who did not wait, or whose ticket cannot be edited yet, get a separate message.
    end = Cancelled(_cancelled(old)) if new.appointment.status is AppointmentStatus.CANCELLED else MoveDone(new, before)
    told = (Tell(end),) if late or session.message is None else ()
    return replace(idle, message=None), (AmendTicket(_cancelled(old), moved_to=new.appointment.at), *effects, *told)


def _final_ticket(session: Session, screen: TicketShown) -> Step:
    """Put the ticket in place of the one that was shown when it was booked."""
    if session.message is None:
        return session, (AmendTicket(screen.ticket, moved_from=screen.moved_from),)
    return show(session, screen=screen)


def _worker(ticket: Ticket) -> Worker | None:
    """The member of staff of the appointment, where its department lets one choose."""
    number = ticket.appointment.worker_id
    if not ticket.department.asks_worker or number is None:
        return None
    return next((each for each in ticket.department.workers if each.id == number), Worker(number, ""))
