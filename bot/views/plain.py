"""Plain messages for screens that cannot be drawn: words in both languages that need no catalogue.

A catalogue may lack a text, or use a placeholder that the code does not fill. A ticket is sent in any case.
"""

import re
from datetime import datetime
from html import escape, unescape

from bot.core.model import AppointmentStatus, FailureCode, Ticket
from bot.core.screens import BothStand, Cancelled, MoveDone, QrPicture, Screen, TicketShown
from bot.core.states import BookingRefusedState, Cancelling, Moving, Submitting
from bot.views.message import Message

LONGEST = 4096
"""UTF-16 units of a message, after its entities are read (Bot API, `sendMessage`)."""
_TAG = re.compile(r"<[^<>]*>")
BOOKED = "✅ Rendez-vous confirmé / Appointment confirmed"
APPOINTMENT = "📅 Rendez-vous / Appointment"
CANCELLED = "🗑 Rendez-vous annulé / Appointment cancelled"
PENDING = "⏳ Votre demande est en cours. / Your request is under way."
REFUSED = "❌ Le rendez-vous n’a pas été pris. / The appointment was not booked."
UNSURE = (
    "❓ Le rendez-vous a peut-être été pris : demandez au service. / "
    "The appointment may have been booked: ask the office."
)
NEXT = "Écrivez /start pour continuer. / Send /start to go on."


def plain(screen: Screen) -> Message:
    """The screen without buttons, in as few words as it takes."""
    match screen:
        case TicketShown(ticket=ticket):
            return Message(_lines(*_status(ticket), *_facts(ticket), ticket.appointment.qr_link, NEXT))
        case QrPicture(ticket=ticket):
            return Message(_lines(*_facts(ticket)), qr_link=ticket.appointment.qr_link)
        case Cancelled(ticket=ticket):
            return Message(_lines(CANCELLED, *_facts(ticket), NEXT))
        case Moving(attempt=attempt) if attempt.made:
            return Message(_lines(BOOKED, *_facts(Ticket(attempt.made, attempt.draft.department)), NEXT))
        case Submitting() | Cancelling() | Moving():
            return Message(PENDING)
        case MoveDone(ticket=ticket):
            return Message(_lines(BOOKED, *_facts(ticket), NEXT))
        case BothStand(old=old, new=new):
            return Message(_lines(BOOKED, *_facts(old), *_facts(new), NEXT))
        case BookingRefusedState(failure=failure):
            return Message(_lines(UNSURE if failure.code is FailureCode.NO_TICKET else REFUSED, NEXT))
        case _:
            return Message(NEXT)


def without_markup(message: Message) -> Message:
    """The message as Telegram surely takes it: its words alone, cut to what fits."""
    words = unescape(_TAG.sub("", message.text)).encode("utf-16-le", "replace")[: 2 * LONGEST]
    return Message(escape(words.decode("utf-16-le", "ignore"), quote=False))


def _status(ticket: Ticket) -> tuple[str, ...]:
    """The service's own word if it is not the usual one."""
    status = ticket.appointment.status
    return (BOOKED,) if status is AppointmentStatus.SCHEDULED else (APPOINTMENT, status.value)


def _facts(ticket: Ticket) -> tuple[str, ...]:
    appointment = ticket.appointment
    return f"N° {appointment.id}", _when(appointment.at), ticket.department.name, appointment.name


def _when(at: datetime) -> str:
    return f"{at:%d/%m/%Y} · {at:%H:%M}"


def _lines(*parts: str | None) -> str:
    return escape("\n".join(part for part in parts if part), quote=False)
