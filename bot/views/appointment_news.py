"""The messages about changes of an appointment by others: who made them, the present state, and the next step."""

from bot.core import callback_data
from bot.core.screens import CancelledByOthers, MadeByOffice, MovedByOffice, TicketShown, Validated
from bot.i18n import Safe, Translator
from bot.views import appointments
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office
from bot.views.text import contact, lines, moment, paragraphs, ticket_facts


def cancelled(screen: CancelledByOthers, t: Translator, office: Office) -> Message:
    """The message about a cancellation. It names who cancelled only if that is known."""
    text = paragraphs(
        t.text("news.cancelled_by_office" if screen.by_office else "news.cancelled"),
        ticket_facts(t, screen.ticket, office),
        t.text("news.reason", reason=screen.reason) if screen.reason else None,
        contact(t, office),
        t.text("news.cancelled_next"),
    )
    number = screen.ticket.appointment.id
    again = Button(t.label("button.other_time"), callback_data.numbered(callback_data.BOOK_AGAIN, number))
    return Message(text, ((again,), keys.appointments(t)))


def moved(screen: MovedByOffice, t: Translator, office: Office) -> Message:
    """The message about a move: the previous and the present appointment."""
    text = paragraphs(
        t.text("news.moved"),
        lines(t.text("news.before", moment=moment(t, screen.before)), t.text("news.now")),
        ticket_facts(t, screen.ticket, office),
        contact(t, office),
    )
    number = screen.ticket.appointment.id
    noted = Button(t.label("button.noted"), callback_data.numbered(callback_data.NOTED, number))
    move = Button(t.label("button.move"), callback_data.numbered(callback_data.MOVE, number))
    return Message(text, ((noted, move), keys.cancel_this(t, number), keys.appointments(t)))


def made(screen: MadeByOffice, t: Translator, office: Office) -> Message:
    """The message about an appointment made by the office: the whole ticket, and its origin."""
    ticket = appointments.ticket_shown(TicketShown(screen.ticket), t, office)
    return Message(paragraphs(t.text("news.made"), Safe(ticket.text)), ticket.rows)


def validated(screen: Validated, t: Translator) -> Message:
    """The message that the citizen came: one line."""
    return Message(t.text("news.validated", moment=moment(t, screen.ticket.appointment.at)))
