"""The messages about changes of an appointment by others: who made them, the present state, and the next step."""

from bot.core import callback_data
from bot.core.model import Ticket, Worker
from bot.core.screens import CancelledByOthers, MadeByOffice, MovedByOffice, TicketShown, Validated
from bot.i18n import Safe, Translator, unlinked
from bot.views import appointments, details
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office
from bot.views.text import contact, department_name, lines, moment, moment_of, paragraphs, ticket_facts, worker_name


def cancelled(screen: CancelledByOthers, t: Translator, office: Office) -> Message:
    """The message about a cancellation. It names who cancelled only if that is known."""
    text = paragraphs(
        t.text("news.cancelled_by_office" if screen.by_office else "news.cancelled"),
        ticket_facts(t, screen.ticket, office),
        t.text("news.reason", reason=unlinked(screen.reason)) if screen.reason else None,
        contact(t, office),
        t.text("news.cancelled_next"),
    )
    number = screen.ticket.appointment.id
    again = Button(t.label("button.other_time"), callback_data.numbered(callback_data.BOOK_AGAIN, number))
    return Message(text, ((again,), keys.appointments(t)))


def moved(screen: MovedByOffice, t: Translator, office: Office) -> Message:
    """The message about a move: the previous appointment, as far as it differs, and the present one."""
    before, now = screen.before, screen.ticket
    text = paragraphs(
        t.text("news.moved"),
        lines(
            t.text("news.before", moment=moment(t, before.appointment.at)),
            _office(before, now, t),
            _staff(before, now, t),
            t.text("news.now"),
        ),
        lines(
            ticket_facts(t, now, office),
            _staff(now, before, t),
            details.closed_on(t, office.details_of(now.department), now.appointment.at.date()),
        ),
        None if now.department.id == before.department.id else details.where(t, office.details_of(now.department)),
        contact(t, office),
    )
    number = now.appointment.id
    noted = Button(t.label("button.noted"), callback_data.numbered(callback_data.NOTED, number))
    move = Button(t.label("button.move"), callback_data.numbered(callback_data.MOVE, number))
    return Message(text, ((noted, move), keys.cancel_this(t, number), keys.appointments(t)))


def _office(ticket: Ticket, other: Ticket, t: Translator) -> Safe | None:
    """The department, if the other appointment has another."""
    if ticket.department.id == other.department.id:
        return None
    return t.text("fact.department", name=department_name(t, ticket.department))


def _staff(ticket: Ticket, other: Ticket, t: Translator) -> Safe | None:
    """The member of staff, if the other appointment has another."""
    number = ticket.appointment.worker_id
    if number is None or number == other.appointment.worker_id:
        return None
    worker = next((each for each in ticket.department.workers if each.id == number), Worker(number, ""))
    return t.text("fact.worker", name=worker_name(t, worker))


def made(screen: MadeByOffice, t: Translator, office: Office) -> Message:
    """The message about an appointment made by the office: the whole ticket, and its origin."""
    return appointments.ticket_shown(TicketShown(screen.ticket), t, office, t.text("news.made"))


def validated(screen: Validated, t: Translator, office: Office) -> Message:
    """The message that the citizen came: one line."""
    return Message(t.text("news.validated", moment=moment_of(t, screen.ticket.appointment, office)))
