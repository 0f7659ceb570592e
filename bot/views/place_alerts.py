"""The messages of alerts for earlier places: that one is on, and that a place is free.

They say that nothing is held, and that the present appointment stands. Nobody learns who gave a place up.
"""

from bot.core import callback_data, earlier_places
from bot.core.earlier_places import MOST_MESSAGES
from bot.core.model import Draft, Ticket
from bot.core.screens import AlertOn, EarlierPlace
from bot.i18n import Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office, Style
from bot.views.text import department_name, lines, moment, moment_of, name_fact, office_facts, paragraphs


def alert_on(screen: AlertOn, t: Translator, office: Office) -> Message:
    """What will be told, when and how often; and the way to stop it."""
    name = department_name(t, screen.department)
    replaced = (
        t.text("alert.replaced", moment=moment_of(t, screen.before.appointment, office)) if screen.before else None
    )
    if screen.ticket:
        at = moment_of(t, screen.ticket.appointment, office)
        text = paragraphs(
            t.text("alert.on_earlier", moment=at, department=name),
            t.text("alert.how_earlier", n=MOST_MESSAGES),
            replaced,
            t.text("move.stands", moment=at),
        )
    else:
        text = paragraphs(t.text("alert.on_any", department=name), t.text("alert.how_any", n=MOST_MESSAGES), replaced)
    return Message(text, (stop(t, screen.department.id), keys.appointments(t)))


def earlier_place(screen: EarlierPlace, t: Translator, office: Office) -> Message:
    """The free place, the present appointment, and the button to the summary."""
    ticket, department = screen.ticket, screen.department
    when = moment(t, screen.slot)
    text = paragraphs(
        t.text("alert.earlier" if ticket else "alert.any", moment=when),
        lines(
            office_facts(t, department),
            name_fact(t, ticket.appointment.name, office) if ticket else None,
            t.text("alert.present", moment=moment(t, ticket.appointment.at)) if ticket else None,
            t.text("office_hours", city=office.city),
        ),
        lines(t.text("alert.not_held"), t.text("alert.stands") if ticket else None),
        t.text("alert.last") if screen.is_last else None,
        t.text("alert.question"),
    )
    if ticket:
        take = callback_data.offered(callback_data.TAKE, screen.slot, ticket.appointment.id)
    else:
        take = callback_data.offered(callback_data.TAKE_NEW, screen.slot, department.id, screen.worker_id)
    rows = (keys.one(t, "button.take", take, Style.SUCCESS),)
    return Message(text, (*rows, *(() if screen.is_last else (stop(t, department.id),))))


def stop(t: Translator, department_id: int) -> keys.Row:
    """Stop the alert for this department."""
    return keys.one(t, "button.alert_stop", callback_data.numbered(callback_data.ALERT_STOP, department_id))


def under_ticket(t: Translator, ticket: Ticket, office: Office) -> keys.Row:
    """Ask to be told of an earlier place, if the appointment is some days ahead."""
    appointment = ticket.appointment
    if office.today is None or not earlier_places.can_ask(appointment.status, appointment.at, office.today):
        return ()
    return keys.one(t, "button.alert_earlier", callback_data.numbered(callback_data.ALERT, appointment.id))


def where_nothing_is_free(t: Translator, draft: Draft, office: Office) -> keys.Rows:
    """Ask to be told of a free place in the department, or of one before the appointment that is being moved."""
    if draft.replaces and not under_ticket(t, draft.replaces, office):
        return ()
    number = draft.department.id
    return ((Button(t.label("button.alert_any"), callback_data.numbered(callback_data.ALERT_DEPARTMENT, number)),),)
