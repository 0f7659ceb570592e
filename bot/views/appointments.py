"""The citizen's appointments: the list, the question before cancelling, and what was cancelled."""

from bot.core import callback_data
from bot.core.model import Ticket
from bot.core.screens import Cancelled
from bot.core.states import AskingCancel, Cancelling, Listing, Purpose
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import meanwhile
from bot.views.message import Button, Message
from bot.views.office import Office
from bot.views.text import department_name, lines, moment, paragraphs, ticket_facts

PER_PAGE = 5
WORDS = 80
"""Characters of a name in the list; the ticket has it in full."""


def listing(flow: Listing, t: Translator, office: Office) -> Message:
    """What is coming, five a page, with a row of buttons each."""
    if not flow.tickets:
        return Message(t.text("listing.none"), (keys.book(t), keys.back(t)))
    page = keys.Page.of(flow.tickets, flow.page, PER_PAGE)
    cancelling = flow.purpose is Purpose.CANCEL
    text = paragraphs(
        t.text("listing.cancel") if cancelling else t.text("listing.title"),
        *(_entry(each, t) for each in page.items),
        t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
        t.text("office_hours", city=office.city),
    )
    rows = (_row(each, t, cancelling=cancelling) for each in page.items)
    return Message(text, (*rows, *page.turning(t), keys.back(t)))


def asking_cancel(flow: AskingCancel, t: Translator, office: Office) -> Message:
    """The question names what it is about."""
    text = paragraphs(t.text("cancel.question"), ticket_facts(t, flow.ticket, office), t.text("cancel.final"))
    answers = (keys.one(t, "button.yes_cancel", callback_data.YES), keys.one(t, "button.no_keep", callback_data.NO))
    return Message(text, (*answers, keys.back(t)))


def cancelling(flow: Cancelling, t: Translator, office: Office) -> Message:
    """No outcome yet: not cancelled before the API has said so."""
    facts = ticket_facts(t, flow.attempt.ticket, office)
    helping = keys.one(t, "button.help", callback_data.HELP)
    if not flow.delayed:
        return Message(paragraphs(t.text("cancelling.moment"), facts), (helping,))
    words = lines(meanwhile(t, flow.trouble, office), t.text("wait.no_need"))
    return Message(paragraphs(t.text("cancelling.delayed"), facts, words), (helping,))


def cancelled(screen: Cancelled, t: Translator, office: Office) -> Message:
    """What was cancelled, and on with what was being done."""
    facts = ticket_facts(t, screen.ticket, office)
    if screen.resumable:
        text = paragraphs(t.text("cancelled.title"), facts, t.text("cancelled.resumable"))
        return Message(text, (keys.one(t, "button.continue", callback_data.MENU), keys.appointments(t)))
    return Message(paragraphs(t.text("cancelled.title"), facts), (keys.book(t), keys.appointments(t)))


def _entry(ticket: Ticket, t: Translator) -> Safe:
    appointment = ticket.appointment
    return t.text(
        "listing.entry",
        number=appointment.id,
        moment=moment(t, appointment.at),
        department=keys.clip(department_name(t, ticket.department), WORDS),
        name=keys.clip(appointment.name, WORDS),
        status=t.text(f"status.{appointment.status}"),
    )


def _row(ticket: Ticket, t: Translator, *, cancelling: bool) -> keys.Row:
    """The likelier wish first."""
    number = ticket.appointment.id
    see = Button(t.label("button.ticket", number=number), callback_data.numbered(callback_data.TICKET, number))
    cancel = Button(t.label("button.cancel", number=number), callback_data.numbered(callback_data.CANCEL, number))
    return (cancel, see) if cancelling else (see, cancel)
