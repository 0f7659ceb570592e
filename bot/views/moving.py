"""The screens of a move that differ from those of a booking: summary, waiting, refusal, and the two ends.

Every refusal ends with the line that the old appointment stands.
"""

from collections.abc import Callable

from bot.core import callback_data
from bot.core.appointment_book import OVER
from bot.core.model import Appointment, AppointmentStatus, Draft, Failure, FailureCode, Ticket
from bot.core.screens import BothStand, MoveDone
from bot.core.states import Moving
from bot.i18n import Safe, Translator
from bot.views import details
from bot.views import keyboards as keys
from bot.views.appointments import ticket_link
from bot.views.errors import cause, meanwhile
from bot.views.message import Button, Message, Office, Style
from bot.views.text import contact, lines, moment, moment_of, name_fact, office_facts, paragraphs, stands, ticket_facts


def confirming(draft: Draft, old: Ticket, t: Translator, office: Office) -> Message:
    """The summary: what was and what will be. Nothing has changed yet."""
    about = office.details_of(draft.department)
    text = paragraphs(
        t.text("move.title"),
        t.text("slot.moved", moment=moment(t, draft.asked)) if draft.asked else None,
        _facts(draft, t, office),
        lines(_before(old, t), _after(draft, t), t.text("office_hours", city=office.city)),
        details.closed_on(t, about, draft.at and draft.at.date()),
        details.before_booking(t, about),
        t.text("move.not_yet"),
        t.text("summary.question"),
    )
    confirm = keys.one(t, "button.confirm", callback_data.CONFIRM, Style.SUCCESS)
    return Message(text, (confirm, keys.change_time(t), *keys.ways_out(t, draft)))


def waiting(state: Moving, t: Translator, office: Office) -> Message:
    """A pending move: before the new appointment is booked, and after."""
    draft, made = state.attempt.draft, state.attempt.made
    if made:
        return _booked(Ticket(made, draft.department), state.attempt.old, t, office)
    helping = keys.one(t, "button.help", callback_data.HELP)
    facts = lines(_facts(draft, t, office), _before(state.attempt.old, t), _after(draft, t))
    if state.withdrawn:
        text = paragraphs(t.text("submitting.withdrawn"), facts, t.text("move.if_made"))
        return Message(text, (helping,))
    give_up = keys.one(t, "button.give_up", callback_data.GIVE_UP)
    if not state.delayed:
        return Message(paragraphs(t.text("moving.moment"), facts), (give_up, helping))
    why = lines(meanwhile(t, state.failure, office), t.text("wait.no_need"))
    return Message(paragraphs(t.text("moving.delayed"), facts, why, stands(t, draft, office)), (give_up, helping))


def _booked(new: Ticket, old: Ticket, t: Translator, office: Office) -> Message:
    """The new ticket, while the old appointment is being cancelled."""
    text = paragraphs(
        t.text("moving.booked"),
        ticket_facts(t, new, office),
        ticket_link(new, t),
        t.text("moving.cancelling_old", moment=moment_of(t, old.appointment, office)),
    )
    return Message(text, (keys.one(t, "button.help", callback_data.HELP),))


_Step = Callable[[Translator, int], keys.Row]
"""Makes a button about the appointment with this number."""


def _without_number(step: Callable[[Translator], keys.Row]) -> _Step:
    return lambda t, _number: step(t)


def _book_after_cancelling(t: Translator, number: int) -> keys.Row:
    return keys.one(t, "button.new_appointment", callback_data.numbered(callback_data.BOOK_AGAIN, number))


_RETRY, _OTHER_TIME, _LIST = map(_without_number, (keys.retry, keys.other_time, keys.appointments))
_NEXT_STEPS: dict[FailureCode, tuple[_Step, ...]] = {
    FailureCode.ALREADY_BOOKED: (keys.cancel_this, _book_after_cancelling),
    FailureCode.TOO_MANY_MOVES: (keys.cancel_this, _LIST),
    FailureCode.OUT_OF_CREDITS: (_RETRY,),
    FailureCode.NO_ACCESS: (_RETRY,),
    FailureCode.BUSY: (_RETRY, _OTHER_TIME),
    FailureCode.DOWN: (_RETRY, _OTHER_TIME),
    FailureCode.DEPARTMENT_GONE: (_LIST,),
    FailureCode.NO_TICKET: (_LIST,),
}
"""The buttons after a refusal. After one that is not listed, another time may work."""


def refused(failure: Failure, old: Ticket, t: Translator, office: Office) -> Message:
    """A refused move: the reason, the next step, and that the old appointment stands, or was cancelled meanwhile."""
    when, number = moment_of(t, old.appointment, office), old.appointment.id
    if old.appointment.status is AppointmentStatus.CANCELLED:
        gone = paragraphs(t.text("move.refused"), contact(t, office), t.text("move.old_is_gone", moment=when))
        return Message(gone, (_book_after_cancelling(t, number), keys.appointments(t)))
    text = paragraphs(
        t.text("move.refused"),
        _why(failure, t, office),
        contact(t, office),
        t.text("move.stands", moment=when),
    )
    steps = _NEXT_STEPS.get(failure.code, (_OTHER_TIME,))
    rows = tuple(step(t, number) for step in steps)
    return Message(text, (*rows, keys.one(t, "button.keep", callback_data.LEAVE)))


def _why(failure: Failure, t: Translator, office: Office) -> Safe:
    """The reason; some need other words than that of a refused booking."""
    match failure.code:
        case FailureCode.ALREADY_BOOKED:
            return t.text("move.one_at_a_time")
        case FailureCode.NO_TICKET:
            return t.text("move.unsure")
        case _:
            return cause(t, failure, office)


def done(screen: MoveDone, t: Translator, office: Office) -> Message:
    """The message for those whose move took long. The ticket is a message of its own."""
    now = screen.ticket.appointment
    text = t.text("move.done", before=moment(t, screen.before), now=moment_of(t, now, office))
    return Message(lines(text, t.text("fact.number", number=now.id)), (keys.appointments(t),))


def both_stand(screen: BothStand, t: Translator, office: Office) -> Message:
    """The message that the old appointment could not be cancelled: both, and what to do."""
    old, new = screen.old.appointment, screen.new.appointment
    if new.status is AppointmentStatus.CANCELLED:
        gone = t.text("move.new_is_gone", moment=moment_of(t, new, office))
        return Message(paragraphs(gone, _left(screen, t, office), contact(t, office)), (keys.appointments(t),))
    if screen.status in OVER:
        return Message(
            paragraphs(t.text("move.done_new", moment=moment_of(t, new, office)), _left(screen, t, office)),
            (keys.appointments(t),),
        )
    text = paragraphs(
        t.text("move.both"),
        lines(*(_standing(each, t, office) for each in sorted((old, new), key=lambda each: each.at))),
        t.text("move.not_cancelled", moment=moment_of(t, old, office)),
        contact(t, office),
        t.text("move.choose"),
    )
    named = [
        t.label("button.when", day=t.day_brief(each.at, office.today), time=t.time(each.at)) for each in (old, new)
    ]
    if named[0] == named[1]:
        named = [t.label("button.when_number", time=t.time(each.at), number=each.id) for each in (old, new)]
    rows = (_cancel(each, when, t) for each, when in zip((old, new), named, strict=True))
    return Message(text, (*rows, keys.appointments(t)))


def _left(screen: BothStand, t: Translator, office: Office) -> Safe:
    """How the old appointment stands that was not cancelled."""
    old = moment_of(t, screen.old.appointment, office)
    if screen.status in OVER:
        return t.text("move.old_is_over", moment=old, status=t.text(f"status.{screen.status}"))
    return t.text("move.stands", moment=old)


def _cancel(appointment: Appointment, when: str, t: Translator) -> keys.Row:
    """Cancel this one of two."""
    action = callback_data.numbered(callback_data.CANCEL, appointment.id)
    return (Button(keys.shorten(t.label("button.cancel_entry", when=when)), action, style=Style.DANGER),)


def _standing(appointment: Appointment, t: Translator, office: Office) -> Safe:
    return t.text("move.standing", moment=moment_of(t, appointment, office), number=appointment.id)


def _facts(draft: Draft, t: Translator, office: Office) -> Safe:
    """What stays as it is: the office, the member of staff, and the name."""
    return lines(office_facts(t, draft.department, draft.worker), name_fact(t, draft.name or "", office))


def _before(old: Ticket, t: Translator) -> Safe:
    return t.text("move.before", moment=moment(t, old.appointment.at))


def _after(draft: Draft, t: Translator) -> Safe | None:
    return t.text("move.after", moment=moment(t, draft.at)) if draft.at else None
