"""The reminders of appointments, the question after a missed one, and whether reminders are wanted.

The first words say when it is: a phone shows them without the message being opened.
"""

from bot.core import callback_data
from bot.core.department_details import NO_DETAILS
from bot.core.model import AppointmentStatus, Ticket
from bot.core.screens import Missed, Reminder, Reminders
from bot.i18n import Safe, Translator
from bot.views import details
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office, Style
from bot.views.text import (
    IN_SENTENCE,
    contact,
    department_name,
    for_whom,
    lines,
    moment_of,
    paragraphs,
    purpose,
    ticket_facts,
    whose,
)

MOST = 5
"""Appointments of one day that are listed; the others are counted."""


def reminder(screen: Reminder, t: Translator, office: Office) -> Message:
    """The reminder of an appointment with what can be answered; of several a list, and the way to all."""
    if len(screen.tickets) > 1:
        return _several(screen, t, office)
    (ticket,) = screen.tickets
    appointment, about = ticket.appointment, office.details_of(ticket.department)
    when = t.label("moment", day=t.day_short(appointment.at, office.today), time=t.time(appointment.at))
    when = for_whom(t, when, appointment.name, office)
    text = paragraphs(
        _changed(screen, t),
        t.text("reminder.title", moment=when),
        lines(ticket_facts(t, ticket, office), details.closed_on(t, about, appointment.at.date())),
        details.where(t, about),
        details.to_bring(t, about),
        details.notice(t, about),
        purpose(t, ticket.department),
        t.text("reminder.unpaid") if appointment.status is AppointmentStatus.PENDING_PAYMENT else None,
        t.text("reminder.coming") if screen.is_coming else _question(ticket, t, office),
    )
    come = callback_data.versioned(callback_data.COMING, appointment.id, screen.version)
    rows = (
        *(() if screen.is_coming else (keys.one(t, "button.coming", come, Style.SUCCESS),)),
        *details.under_ticket(t, about, ticket.department.id, is_whole=True),
        keys.calendar(t, appointment.id),
        keys.move_or_cancel(t, appointment.id),
        keys.one(t, "button.reminders_off", callback_data.REMINDERS_OFF),
    )
    return Message(text, rows)


def _question(ticket: Ticket, t: Translator, office: Office) -> Safe:
    name = keys.clip(ticket.appointment.name, IN_SENTENCE)
    if office.several_names and name:
        return t.text("reminder.question_for", name=name)
    return t.text("reminder.question")


def _changed(screen: Reminder, t: Translator) -> Safe | None:
    """Which details are not those of the ticket any more."""
    if not screen.changed:
        return None
    return t.text("reminder.changed", what=", ".join(t.label(f"reminder.part.{part}") for part in screen.changed))


def _several(screen: Reminder, t: Translator, office: Office) -> Message:
    count, first = len(screen.tickets), screen.tickets[0].appointment
    more = count - MOST
    (first_office, *others) = {each.department.id: each.department for each in screen.tickets}.values()
    # Of several departments the tickets tell.
    about = NO_DETAILS if others else office.details_of(first_office)
    text = paragraphs(
        _changed(screen, t),
        t.text("reminder.several", day=t.day_short(first.at, office.today), n=count),
        lines(
            *(_entry(each, t, office) for each in screen.tickets[:MOST]),
            t.text("reminder.more", n=more) if more > 0 else None,
        ),
        t.text("office_hours", city=office.city),
        details.closed_on(t, about, first.at.date()),
        details.where(t, about),
        details.to_bring(t, about),
    )
    return Message(text, (keys.appointments(t), keys.one(t, "button.reminders_off", callback_data.REMINDERS_OFF)))


def _entry(ticket: Ticket, t: Translator, office: Office) -> Safe:
    appointment = ticket.appointment
    return t.text(
        "reminder.entry",
        time=t.time(appointment.at),
        department=keys.clip(department_name(t, ticket.department), IN_SENTENCE),
        name=whose(t, appointment.name, office),
    )


def missed(screen: Missed, t: Translator, office: Office) -> Message:
    """What the office noted, without blame, and the way to another appointment."""
    appointment = screen.ticket.appointment
    text = paragraphs(
        t.text("missed.title", moment=moment_of(t, appointment, office)), contact(t, office), t.text("missed.next")
    )
    again = Button(t.label("button.book_again"), callback_data.numbered(callback_data.BOOK_AGAIN, appointment.id))
    return Message(text, ((again,), keys.appointments(t)))


def reminders(screen: Reminders, t: Translator) -> Message:
    """Whether reminders come; news of one's appointments come either way."""
    if screen.wanted:
        return Message(t.text("reminders.on"), (keys.one(t, "button.reminders_off", callback_data.REMINDERS_OFF),))
    return Message(t.text("reminders.off"), (keys.one(t, "button.reminders_on", callback_data.REMINDERS_ON),))
