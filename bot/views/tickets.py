"""The ticket, which must be complete without any picture, and the picture of its QR code."""

from bot.core import callback_data
from bot.core.model import (
    Status,
    Ticket,
)
from bot.core.screens import QrPicture, TicketShown
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message
from bot.views.office import Office
from bot.views.text import lines, paragraphs, ticket_facts

CANCELLABLE = frozenset({Status.SCHEDULED, Status.PENDING_PAYMENT, Status.UNKNOWN})
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
        case Status.SCHEDULED:
            return t.text("ticket.booked")
        case Status.PENDING_PAYMENT:
            return t.text("ticket.unpaid")
        case _:
            return t.text("ticket.title")


def _link(ticket: Ticket, t: Translator) -> Safe:
    """Written out in full, so that it can be copied; no button, which Telegram refuses for some addresses."""
    link = ticket.appointment.qr_link
    if not link or len(link) > LONGEST_LINK:
        return t.text("ticket.without_link")
    return t.text("ticket.link", link=link)
