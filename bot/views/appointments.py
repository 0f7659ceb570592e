"""The citizen's appointments: the list, the question before cancelling, and what was cancelled.

The ticket, which must be complete without any picture, and the picture of its QR code.
"""

from bot.core import callback_data
from bot.core.model import (
    AppointmentStatus,
    Ticket,
)
from bot.core.screens import Cancelled, QrPicture, TicketShown
from bot.core.states import AskingCancel, Cancelling, Listing, Purpose
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import meanwhile
from bot.views.message import Button, Message, Office
from bot.views.text import department_name, lines, moment, paragraphs, ticket_facts

PER_PAGE = 5
WORDS = 80
"""Characters of a name in the list; the ticket has it in full."""


def listing(state: Listing, t: Translator, office: Office) -> Message:
    """What is coming, five a page, with a row of buttons each."""
    if not state.tickets:
        return Message(t.text("listing.none"), (keys.book(t), keys.back(t)))
    page = keys.Page.of(state.tickets, state.page, PER_PAGE)
    cancelling = state.purpose is Purpose.CANCEL
    text = paragraphs(
        t.text("listing.cancel") if cancelling else t.text("listing.title"),
        *(_entry(each, t) for each in page.items),
        t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
        t.text("office_hours", city=office.city),
    )
    rows = (_row(each, t, cancelling=cancelling) for each in page.items)
    return Message(text, (*rows, *page.turning(t), keys.back(t)))


def asking_cancel(state: AskingCancel, t: Translator, office: Office) -> Message:
    """The question names what it is about."""
    text = paragraphs(t.text("cancel.question"), ticket_facts(t, state.ticket, office), t.text("cancel.final"))
    answers = (keys.one(t, "button.yes_cancel", callback_data.YES), keys.one(t, "button.no_keep", callback_data.NO))
    return Message(text, (*answers, keys.back(t)))


def cancelling(state: Cancelling, t: Translator, office: Office) -> Message:
    """No outcome yet: not cancelled before the API has said so."""
    facts = ticket_facts(t, state.attempt.ticket, office)
    helping = keys.one(t, "button.help", callback_data.HELP)
    if not state.delayed:
        return Message(paragraphs(t.text("cancelling.moment"), facts), (helping,))
    words = lines(meanwhile(t, state.failure, office), t.text("wait.no_need"))
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


CANCELLABLE = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.UNKNOWN})
LONGEST_LINK = 2000
"""Characters. A longer one would not fit the message, and no phone's camera would read its code."""


def ticket_shown(screen: TicketShown, t: Translator, office: Office) -> Message:
    """Everything to keep: it may be read without a network, weeks later."""
    appointment = screen.ticket.appointment
    cancellable = appointment.status in CANCELLABLE
    text = paragraphs(
        _title(screen, t),
        lines(
            ticket_facts(t, screen.ticket, office),
            t.text("fact.status", status=t.text(f"status.{appointment.status}")),
        ),
        _link(screen.ticket, t) if cancellable else None,
        t.text("ticket.if_prevented", number=appointment.id) if cancellable else None,
    )
    cancel = Button(t.label("button.cancel_this"), callback_data.numbered(callback_data.CANCEL, appointment.id))
    rows = (keys.appointments(t), (cancel,)) if cancellable else (keys.appointments(t), keys.book(t))
    return Message(text, rows)


def qr_picture(screen: QrPicture, t: Translator, office: Office) -> Message:
    """The caption says what the picture is for, should it be found alone in the phone's gallery."""
    text = lines(t.text("qr.title"), ticket_facts(t, screen.ticket, office))
    return Message(text, qr_link=screen.ticket.appointment.qr_link)


def _title(screen: TicketShown, t: Translator) -> Safe:
    match screen.ticket.appointment.status if screen.fresh else None:
        case AppointmentStatus.SCHEDULED:
            return t.text("ticket.booked")
        case AppointmentStatus.PENDING_PAYMENT:
            return t.text("ticket.unpaid")
        case _:
            return t.text("ticket.title")


def _link(ticket: Ticket, t: Translator) -> Safe:
    """Written out in full, so that it can be copied; no button, which Telegram refuses for some addresses."""
    link = ticket.appointment.qr_link
    if not link or len(link) > LONGEST_LINK:
        return t.text("ticket.without_link")
    return t.text("ticket.link", link=link)
