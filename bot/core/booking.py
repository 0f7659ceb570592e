"""The booking flow: its table of transitions, and everything from the name to the ticket.

An attempt is made in one place (`_submit`), and only an event with its number settles it. Choices are kept as long as
possible: if the slot is taken, the name is kept.
"""

from dataclasses import replace

from bot.core import appointments, callback_data, known_names, moving, slot_selection
from bot.core.appointment_book import BookEntry
from bot.core.effects import Book, LoadDepartments, LoadEntry, Step, Tell, Withdraw, amended, go, load, show
from bot.core.events import (
    AttemptDelayed,
    Booked,
    BookedTwice,
    BookingRefused,
    BookingWithdrawn,
    CitizenEvent,
    LoadFailed,
    Typed,
)
from bot.core.model import (
    Draft,
    FailureCode,
    Ticket,
)
from bot.core.names import read_name
from bot.core.screens import QrPicture, TicketShown
from bot.core.search import MAX_QUERY
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
    Moving,
    Notice,
    Purpose,
    Submitting,
    TypingName,
    TypingWorker,
)

Settlement = Booked | BookingRefused | BookingWithdrawn


CAPPED = frozenset(
    {
        FailureCode.TOO_MANY_OPEN,
        FailureCode.TOO_MANY_TODAY,
        FailureCode.TOO_MANY_MOVES,
        FailureCode.BOOKING_BLOCKED,
    }
)
"""The failures of a chat that has reached its cap, or that is blocked. It is told so before it chooses a day."""
SPENT = frozenset(
    {
        FailureCode.SLOT_TAKEN,
        FailureCode.ALREADY_BOOKED,
        FailureCode.BAD_DATE,
        FailureCode.TOO_LATE,
        FailureCode.NO_TICKET,
        FailureCode.APPOINTMENT_GONE,
    }
)
"""Refusals after which the same slot must not be confirmed again."""


def begin(session: Session, department: int | None = None, notice: Notice | None = None) -> Step:
    """Start a booking with the list of departments, or with `department`."""
    return load(session, LoadingDepartments(wanted=department, notice=notice), LoadDepartments())


def search(session: Session, text: str) -> Step:
    """Text in the menu: show the departments that match, if any do."""
    return load(session, LoadingDepartments(query=text[:MAX_QUERY]), LoadDepartments())


def menu_pressed(session: Session, state: Idle, action: str) -> Step | None:
    """The menu's own buttons: a department, an organisation, or the booking that was given up."""
    kind, value = callback_data.split(action)
    number = callback_data.number_in(value)
    if kind == callback_data.DEPARTMENT and number is not None:
        return begin(session, number)
    if kind == callback_data.ORGANIZATION and number is not None:
        return load(session, LoadingDepartments(organization_of=number), LoadDepartments())
    if kind == callback_data.RESUME and state.given_up:
        return go(session, _summary(session, state.given_up))
    return None


def begin_again(session: Session, entry: BookEntry | None, *, one_more: bool = False) -> Step:
    """Start a booking with the department, member of staff and name of an earlier appointment.

    `one_more`: for another person, first on the same day.
    """
    if entry is None:
        return begin(session)
    state = LoadingDepartments(wanted=entry.department_id, name=entry.name, worker_id=entry.worker_id)
    if one_more:
        state = replace(state, name=None, not_for=entry.name or "", day=entry.at.date())
    return load(session, state, LoadDepartments())


def pressed(session: Session, action: str, event: CitizenEvent) -> Step | None:
    """Handle a button of the present screen; None if the screen has no such button."""
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
        case Moving() as state:
            return moving.pressed(session, state, kind)
        case BookingRefusedState() as state:
            return _refused_move_pressed(session, state, action) or _refused_pressed(session, state, kind, event)
        case _:
            return _failed_read_pressed(session, kind)


def typed(session: Session, event: Typed) -> Step | None:
    """Handle text on the present screen; None if it has no meaning there."""
    match session.state:
        case ChoosingDepartment() as state:
            return slot_selection.department_typed(session, state, event.text)
        case TypingWorker(draft=draft):
            return slot_selection.worker_typed(session, draft, event.text)
        case ChoosingDay() | ChoosingTime() | ChoosingNearest() as state:
            return slot_selection.when_typed(session, state, event)
        case ConfirmingBooking(draft=draft) | BookingRefusedState(draft=draft) if draft.replaces:
            return None  # the name is kept
        case TypingName(draft=draft) | ConfirmingBooking(draft=draft):
            # On the summary too, because people type the name again when they see a mistake in it.
            return _name_typed(session, draft, event)
        case BookingRefusedState(draft=draft, failure=failure) if failure.code is FailureCode.BAD_REQUEST:
            return _name_typed(session, draft, event)
        case _:
            return None


def load_failed(session: Session, event: LoadFailed) -> Step | None:
    """Show the failure in place of the list; the draft stays."""
    gone = event.failure.code is FailureCode.DEPARTMENT_GONE
    match session.state:
        case LoadingDays(draft=draft) | LoadingTimes(draft=draft) | LoadingNearest(draft=draft) if gone:
            if draft.replaces:
                return go(session, BookingRefusedState(draft, event.failure))
            return slot_selection.other_departments(session, draft.department.id)
        case LoadingDays(draft=draft) if event.failure.code in CAPPED:
            return go(session, BookingRefusedState(draft, event.failure))
        case LoadingDepartments() | LoadingDays() | LoadingTimes() | LoadingNearest() as state:
            return go(session, replace(state, failure=event.failure))
        case _:
            return None


def delayed(session: Session, event: AttemptDelayed) -> Step | None:
    """Tell the citizen, once per cause, that they need not wait here."""
    match session.state:
        case Submitting(attempt=attempt) as state if attempt.number == event.number:
            after = replace(state, delayed=True, failure=event.failure)
            return go(session, after) if after != state else (session, ())
        case _:
            return None


def settled(session: Session, event: Settlement) -> Step | None:
    """Handle the outcome of the attempt: show the ticket, or why there is none."""
    match session.state:
        case Submitting(attempt=attempt, delayed=late) if attempt.number == event.number:
            draft = attempt.draft
        case _:
            return None
    # A late outcome is a new message, because editing a message sends no notification.
    waiting = amended(session, _outcome_notice(event)) if late else ()
    after, effects = _settled(replace(session, message=None) if late else session, draft, event)
    return after, (*waiting, *effects)


def _settled(session: Session, draft: Draft, event: Settlement) -> Step:
    if isinstance(event, Booked):
        return _ticket(session, Ticket(event.appointment, draft.department), draft)
    if isinstance(event, BookingWithdrawn):
        return go(session, Idle(given_up=draft), Notice.GIVEN_UP)
    match event.failure.code:
        case FailureCode.SLOT_TAKEN:
            return slot_selection.nearest(session, draft)
        case FailureCode.DEPARTMENT_GONE:
            return slot_selection.other_departments(session, draft.department.id)
        case FailureCode.BAD_NAME:
            names = slot_selection.names_for(session, replace(draft, name=None))
            names = tuple(name for name in names if name != draft.name)
            state = TypingName(replace(draft, name=None), names, for_other=draft.for_other)
            return go(session, state, Notice.NAME_REFUSED)
        case _:
            return go(session, BookingRefusedState(draft, event.failure))


def _outcome_notice(event: Settlement) -> Notice:
    match event:
        case Booked():
            return Notice.IS_BOOKED
        case BookingWithdrawn():
            return Notice.IS_STOPPED
        case _:
            return Notice.IS_NOT_BOOKED


def _ticket(session: Session, ticket: Ticket, draft: Draft) -> Step:
    at, asked = ticket.appointment.at, draft.at
    moved = asked if asked and at.replace(second=0) != asked.replace(second=0) else None
    after, effects = show(session.at(Idle()), screen=TicketShown(ticket, fresh=True, asked=moved))
    picture = (Tell(QrPicture(ticket)),) if ticket.appointment.qr_link else ()
    return replace(after, message=None, names=_remembered(session, draft)), effects + picture


def _remembered(session: Session, draft: Draft) -> known_names.KnownNames:
    if not draft.name:
        return session.names
    return known_names.remember(session.names, draft.name, session.touched, is_relative=draft.for_other)


def booked_twice(session: Session, event: BookedTwice) -> Step | None:
    """Ask, once, whether the citizen wants another appointment of the same name, department and day."""
    match session.state:
        case Submitting(attempt=attempt) if attempt.number == event.number:
            draft = replace(attempt.draft, twice_on=event.ticket.appointment.at.date())
            return go(session, replace(_summary(session, draft), twice=event.ticket))
        case _:
            return None


def _summary(session: Session, draft: Draft, typed_in: int | None = None) -> ConfirmingBooking:
    return ConfirmingBooking(draft, slot_selection.names_for(session, draft), typed_in)


def _name_typed(session: Session, draft: Draft, event: Typed) -> Step:
    name, state = read_name(event.text), session.state
    if isinstance(name, Notice):
        if isinstance(state, TypingName | ConfirmingBooking):
            session = replace(session, state=replace(state, typed_in=event.message))
        return show(session, name)
    # Text on the summary corrects the name, whosever it is.
    for_other = state.for_other if isinstance(state, TypingName) else draft.for_other
    for_other = for_other or known_names.is_relative(session.names, name)
    return go(session, _summary(session, replace(draft, name=name, for_other=for_other, twice_on=None), event.message))


def _name_pressed(session: Session, state: TypingName, kind: str, value: str) -> Step | None:
    number = callback_data.number_in(value)
    if kind == callback_data.NAME and number is not None and number < len(state.suggestions):
        name = state.suggestions[number]
        for_other = known_names.is_relative(session.names, name)
        return go(session, _summary(session, replace(state.draft, name=name, for_other=for_other, twice_on=None)))
    if kind == callback_data.FOR_OTHER and not state.for_other:
        return go(session, replace(state, suggestions=(), for_other=True))
    if kind != callback_data.BACK:
        return None
    if state.for_other and state.draft.not_for is None:
        names = slot_selection.names_for(session, state.draft)
        return go(session, TypingName(state.draft, names, state.typed_in))
    return (
        go(session, _summary(session, state.draft)) if state.draft.name else slot_selection.times(session, state.draft)
    )


def _summary_pressed(session: Session, state: ConfirmingBooking, kind: str, event: CitizenEvent) -> Step | None:
    match kind:
        case callback_data.CONFIRM:
            return _submit(session, state.draft, event)
        case callback_data.OTHER_TIME:
            return slot_selection.days(session, state.draft, back=True)
        case callback_data.CHANGE_NAME if not state.draft.replaces:
            return go(session, TypingName(state.draft, state.suggestions, state.typed_in))
        case callback_data.BACK:
            return slot_selection.times(session, state.draft)
        case _:
            return None


def _submit(session: Session, draft: Draft, event: CitizenEvent) -> Step:
    """Open an attempt. Its number is the screen's, which only grows, so it is unique in the chat."""
    if draft.replaces:
        return moving.submit(session, draft, event)
    attempt = BookingAttempt(session.screen + 1, draft, event.at)
    return session.at(Submitting(attempt)), (Book(attempt),)


def _waiting_pressed(session: Session, state: Submitting, kind: str) -> Step | None:
    if kind != callback_data.GIVE_UP or state.withdrawn:
        return None
    after, effects = go(session, replace(state, withdrawn=True))
    return after, (*effects, Withdraw(state.attempt.number))


def _refused_move_pressed(session: Session, state: BookingRefusedState, action: str) -> Step | None:
    """Cancel the appointment that cannot be moved, or book another in its department."""
    if state.draft.replaces is None:
        return None
    number = state.draft.replaces.appointment.id
    if action == callback_data.numbered(callback_data.CANCEL, number):
        return appointments.begin(session, Purpose.CANCEL, number)
    if action == callback_data.numbered(callback_data.BOOK_AGAIN, number):
        return session, (LoadEntry(number),)
    return None


def _refused_pressed(session: Session, state: BookingRefusedState, kind: str, event: CitizenEvent) -> Step | None:
    draft = replace(state.draft, at=None) if state.failure.code in SPENT else state.draft
    match kind:
        case callback_data.RETRY if draft.at:
            return _submit(session, draft, event)
        case callback_data.BACK if draft.at:
            return go(session, _summary(session, draft))
        case callback_data.BACK if state.failure.code in CAPPED:
            return slot_selection.departments(session)
        case callback_data.OTHER_TIME | callback_data.BACK:
            return slot_selection.days(session, draft, back=True)
        case callback_data.RETRY if state.failure.code in CAPPED:
            return slot_selection.days(session, draft)
        case callback_data.CHANGE_WORKER if draft.department.asks_worker:
            return slot_selection.workers(session, draft)
        case callback_data.CHANGE_NAME if not draft.replaces:
            return go(session, TypingName(draft, slot_selection.names_for(session, draft)))
        case callback_data.CHANGE_DEPARTMENT if not draft.replaces:
            return slot_selection.departments(session)
        case _:
            return None


def _failed_read_pressed(session: Session, kind: str) -> Step | None:
    """Handle buttons after a failed read: try again, or go back a step."""
    match session.state, kind:
        case (LoadingDepartments() | LoadingDays() | LoadingTimes() | LoadingNearest()) as state, callback_data.RETRY:
            return session.at(replace(state, failure=None)), slot_selection.awaited(state)
        case LoadingDays(draft=draft), callback_data.BACK:
            if draft.at and draft.name:
                return go(session, _summary(session, draft))
            return None if draft.replaces else slot_selection.departments(session)
        case LoadingNearest(draft=draft), callback_data.BACK:
            return slot_selection.days(session, replace(draft, at=None), back=True)
        case LoadingTimes(draft=draft), callback_data.BACK:
            return slot_selection.days(session, draft, back=True)
        case _:
            return None
