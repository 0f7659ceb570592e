"""The booking flow: its table of transitions, and everything from the name to the ticket.

Rule: an attempt is made in one place (`_submit`), and only an event that carries its number settles it. What was
chosen is kept for as long as it can be: a slot that is gone loses the slot, not the name.
"""

from dataclasses import replace

from bot.core import callback_data, slot_selection
from bot.core.effects import Book, LoadDepartments, Step, Tell, Withdraw, go, load, show
from bot.core.events import (
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CitizenEvent,
    LoadFailed,
)
from bot.core.model import (
    Draft,
    FailureCode,
    Ticket,
)
from bot.core.names import read_name
from bot.core.screens import QrPicture, TicketShown
from bot.core.session import Session
from bot.core.states import (
    BookingAttempt,
    BookingRefusedState,
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Notice,
    Submitting,
    TypingName,
    TypingWorker,
)

Settlement = Booked | BookingRefused | BookingWithdrawn


def begin(session: Session, department: int | None = None, notice: Notice | None = None) -> Step:
    """Start anew; `department` is one that a link named."""
    return load(session, LoadingDepartments(wanted=department, notice=notice), LoadDepartments())


def pressed(session: Session, action: str, event: CitizenEvent) -> Step | None:
    """What a button of the present screen does; None where the screen has no such button."""
    kind, value = callback_data.split(action)
    match session.state:
        case ChoosingDepartment() as state:
            return slot_selection.department_pressed(session, state, kind, value)
        case ChoosingWorker() | TypingWorker() as state:
            return slot_selection.worker_pressed(session, state, kind, value)
        case ChoosingDay() as state:
            return slot_selection.day_pressed(session, state, kind, value)
        case ChoosingTime() | ChoosingNearest() as state:
            return slot_selection.time_pressed(session, state, kind, value)
        case TypingName() as state:
            return _name_pressed(session, state, kind, value)
        case ConfirmingBooking() as state:
            return _summary_pressed(session, state, kind, event)
        case Submitting() as state:
            return _waiting_pressed(session, state, kind)
        case BookingRefusedState() as state:
            return _refused_pressed(session, state, kind, event)
        case _:
            return _failed_read_pressed(session, kind)


def typed(session: Session, text: str) -> Step | None:
    """What text means on the present screen; None where it means nothing."""
    match session.state:
        case ChoosingDepartment() as state:
            return slot_selection.department_typed(session, state, text)
        case TypingWorker(draft=draft):
            return slot_selection.worker_typed(session, draft, text)
        case TypingName() | ConfirmingBooking() as state:
            # On the summary too: typing the name again is what people do when they see a slip in it.
            name = read_name(text)
            if isinstance(name, Notice):
                return show(session, name)
            return go(session, ConfirmingBooking(replace(state.draft, name=name), state.suggestions))
        case _:
            return None


def load_failed(session: Session, event: LoadFailed) -> Step | None:
    """Say so where the list would stand; the draft stays."""
    match session.state:
        case LoadingDepartments() | LoadingDays() | LoadingTimes() | LoadingNearest() as state:
            return go(session, replace(state, failure=event.failure))
        case _:
            return None


def delayed(session: Session, event: AttemptDelayed) -> Step | None:
    """Tell the citizen, once a cause, that they need not wait here."""
    match session.state:
        case Submitting(attempt=attempt) as state if attempt.number == event.number:
            after = replace(state, delayed=True, failure=event.failure)
            return go(session, after) if after != state else (session, ())
        case _:
            return None


def settled(session: Session, event: Settlement) -> Step | None:
    """The attempt has its outcome: the ticket, or why not."""
    match session.state:
        case Submitting(attempt=attempt, delayed=late) if attempt.number == event.number:
            draft = attempt.draft
        case _:
            return None
    # An answer that comes late is a message of its own: an edited one makes no sound.
    session = replace(session, message=None) if late else session
    if isinstance(event, Booked):
        return _ticket(session, Ticket(event.appointment, draft.department), draft)
    if isinstance(event, BookingWithdrawn):
        return go(session, ConfirmingBooking(draft), Notice.GIVEN_UP)
    if event.failure.code is FailureCode.SLOT_TAKEN:
        return slot_selection.nearest(session, draft)
    return go(session, BookingRefusedState(draft, event.failure))


def _ticket(session: Session, ticket: Ticket, draft: Draft) -> Step:
    after, effects = show(session.at(Idle()), screen=TicketShown(ticket, fresh=True))
    picture = (Tell(QrPicture(ticket)),) if ticket.appointment.qr_link else ()
    return replace(after, message=None, name=draft.name), effects + picture


def _name_pressed(session: Session, state: TypingName, kind: str, value: str) -> Step | None:
    number = callback_data.number_in(value)
    if kind == callback_data.NAME and number is not None and number < len(state.suggestions):
        draft = replace(state.draft, name=state.suggestions[number])
        return go(session, ConfirmingBooking(draft, state.suggestions))
    return slot_selection.times(session, state.draft) if kind == callback_data.BACK else None


def _summary_pressed(session: Session, state: ConfirmingBooking, kind: str, event: CitizenEvent) -> Step | None:
    if kind == callback_data.CONFIRM:
        return _submit(session, state.draft, event)
    if kind == callback_data.OTHER_TIME:
        return slot_selection.days(session, state.draft, back=True)
    return go(session, TypingName(state.draft, state.suggestions)) if kind == callback_data.BACK else None


def _submit(session: Session, draft: Draft, event: CitizenEvent) -> Step:
    """The screen's number, which only grows, makes the attempt's number unique in the chat."""
    attempt = BookingAttempt(session.screen + 1, draft, event.at)
    return session.at(Submitting(attempt)), (Book(attempt),)


def _waiting_pressed(session: Session, state: Submitting, kind: str) -> Step | None:
    if kind != callback_data.GIVE_UP or state.withdrawn:
        return None
    after, effects = go(session, replace(state, withdrawn=True))
    return after, (*effects, Withdraw(state.attempt.number))


def _refused_pressed(session: Session, state: BookingRefusedState, kind: str, event: CitizenEvent) -> Step | None:
    if kind == callback_data.RETRY:
        return _submit(session, state.draft, event)
    if kind in {callback_data.OTHER_TIME, callback_data.BACK}:
        return slot_selection.days(session, state.draft, back=True)
    return slot_selection.departments(session) if kind == callback_data.CHANGE_DEPARTMENT else None


def _failed_read_pressed(session: Session, kind: str) -> Step | None:
    """A read failed: try it again, or go back a step."""
    match session.state, kind:
        case (LoadingDepartments() | LoadingDays() | LoadingTimes() | LoadingNearest()) as state, callback_data.RETRY:
            return session.at(replace(state, failure=None)), slot_selection.awaited(state)
        case LoadingDays(), callback_data.BACK:
            return slot_selection.departments(session)
        case (LoadingTimes() | LoadingNearest()) as state, callback_data.BACK:
            return slot_selection.days(session, state.draft, back=True)
        case _:
            return None
