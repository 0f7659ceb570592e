"""The screens of the citizen's appointments: the list, the ticket, the question before cancelling, the outcome.

The ticket is complete without any picture: it must work without a network.
"""

from bot.core import callback_data
from bot.core.appointments import COMING
from bot.core.model import AppointmentStatus, ListedAlert, Ticket
from bot.core.screens import Cancelled, QrPicture, TicketShown
from bot.core.states import AskingCancel, Cancelling, Listing, Purpose
from bot.i18n import Safe, Translator
from bot.views import details, place_alerts
from bot.views import keyboards as keys
from bot.views.errors import meanwhile
from bot.views.message import Button, Message, Office, Style
from bot.views.text import (
    IN_SENTENCE,
    contact,
    department_name,
    lines,
    moment,
    moment_fact,
    moment_of,
    name_fact,
    paragraphs,
    ticket_facts,
    whose,
)

PER_PAGE = 5
"""Appointments on a page; one fewer above a row of buttons for alerts."""
IN_BUTTON = 15
"""Longest name in a button, in characters, behind an hour."""
ASK_THE_OFFICE = frozenset({AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.UNKNOWN})
"""Statuses in which only the office knows what to do."""
LONGEST_LINK = 2000
"""UTF-16 units of a link, as Telegram counts. A longer one would not fit the message, nor any QR code."""


def listing(state: Listing, t: Translator, office: Office) -> Message:
    """The list of coming or past appointments by pages: a button for each, with more details in the text."""
    shown = state.past if state.shows_past else state.tickets
    purpose = Purpose.VIEW if state.shows_past else state.purpose
    alerts = state.alerts if purpose is Purpose.VIEW and not state.shows_past else ()
    page = keys.Page.of(shown, state.page, PER_PAGE - bool(alerts))
    numbered = [(number if len(alerts) > 1 else None, each) for number, each in enumerate(alerts, 1)]
    text = paragraphs(
        t.text("listing.past") if state.shows_past else t.text("listing.title") if shown else t.text("listing.none"),
        lines(*(_entry(each, t, office, number=not _is_alone(each, page.items)) for each in page.items)) or None,
        lines(
            t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
            t.text("office_hours", city=office.city) if shown else None,
        )
        or None,
        lines(
            *(
                _alert(each, t, office, number=number if len(alerts) > 1 else None)
                for number, each in enumerate(alerts, 1)
            )
        )
        or None,
        _question(purpose, t) if shown else None,
    )
    stops = (
        Button(
            t.label("button.alert_stop_one", number=number) if number else t.label("button.alert_stop_only"),
            callback_data.numbered(callback_data.ALERT_STOP, each.department.id),
        )
        for number, each in numbered
    )
    more: tuple[Button, ...] = ()
    if purpose is Purpose.VIEW and state.tickets and not state.shows_past:
        more += keys.one(t, "button.move_one", callback_data.MOVE)
    if state.past and purpose is not Purpose.MOVE and not state.shows_past:
        more += (Button(t.label("button.past", n=len(state.past)), callback_data.PAST),)
    rows = keys.grid(_buttons(page.items, t, office, purpose), 1)
    book = keys.one(t, "button.new", callback_data.BOOK) if shown else keys.new_appointment(t)
    last = keys.columns((*book, *keys.back(t)))
    return Message(text, (*rows, *page.turning(t), *keys.columns(more), *keys.grid(stops, 3), *last))


def _alert(alert: ListedAlert, t: Translator, office: Office, number: int | None) -> Safe:
    """An alert that is on; its number is that on its button, if there are several."""
    name = keys.clip(department_name(t, alert.department), IN_SENTENCE)
    which = "" if number is None else f"\u00a0{number}"
    if alert.appointment is None:
        return t.text("listing.alert_any", which=which, department=name)
    when = moment_of(t, alert.appointment, office)
    return t.text("listing.alert_earlier", which=which, department=name, moment=when)


def _buttons(tickets: tuple[Ticket, ...], t: Translator, office: Office, purpose: Purpose) -> list[Button]:
    """The label of an appointment: day and hour. If two have the same time: for whom, or else the number."""
    found = []
    for each in tickets:
        at, number = each.appointment.at, each.appointment.id
        if _is_alone(each, tickets):
            when = t.label("button.when", day=t.day_brief(at, office.today), time=t.time(at))
        elif office.several_names and (name := _own_name(each, tickets)):
            when = t.label("button.when_name", time=t.time(at), name=name)
        else:
            when = t.label("button.when_number", time=t.time(at), number=number)
        found.append(_button(purpose, number, when, t))
    return found


def _own_name(ticket: Ticket, tickets: tuple[Ticket, ...]) -> str | None:
    """The name as a button shows it, if no other appointment of the same time has one that looks the same."""
    names = [keys.shorten(each.appointment.name, IN_BUTTON) for each in tickets if _is_same_time(each, ticket)]
    name = keys.shorten(ticket.appointment.name, IN_BUTTON)
    return name if names.count(name) == 1 else None


def _button(purpose: Purpose, number: int, when: str, t: Translator) -> Button:
    style = None
    match purpose:
        case Purpose.CANCEL:
            kind, label, style = callback_data.CANCEL, t.label("button.cancel_entry", when=when), Style.DANGER
        case Purpose.MOVE:
            kind, label = callback_data.MOVE, t.label("button.move_entry", when=when)
        case _:
            kind, label = callback_data.TICKET, t.label("button.entry", when=when)
    return Button(keys.shorten(label), callback_data.numbered(kind, number), style=style)


def _question(purpose: Purpose, t: Translator) -> Safe:
    match purpose:
        case Purpose.CANCEL:
            return t.text("listing.cancel")
        case Purpose.MOVE:
            return t.text("listing.move")
        case _:
            return t.text("listing.question")


def _is_alone(ticket: Ticket, tickets: tuple[Ticket, ...]) -> bool:
    return sum(_is_same_time(each, ticket) for each in tickets) == 1


def _is_same_time(one: Ticket, other: Ticket) -> bool:
    return one.appointment.at == other.appointment.at


def asking_cancel(state: AskingCancel, t: Translator, office: Office) -> Message:
    """The question before cancelling, with the appointment."""
    name = keys.clip(state.ticket.appointment.name, IN_SENTENCE) if office.several_names else ""
    question = t.text("cancel.question_for", name=name) if name else t.text("cancel.question")
    text = paragraphs(ticket_facts(t, state.ticket, office), t.text("cancel.final"), question)
    yes = keys.one(t, "button.yes_cancel", callback_data.YES, Style.DANGER)
    return Message(text, (yes, keys.one(t, "button.no_keep", callback_data.NO)))


def cancelling(state: Cancelling, t: Translator, office: Office) -> Message:
    """A pending cancellation: nothing is called cancelled before the API has confirmed it."""
    facts = ticket_facts(t, state.attempt.ticket, office)
    helping = keys.one(t, "button.help", callback_data.HELP)
    if not state.delayed:
        return Message(paragraphs(t.text("cancelling.moment"), facts), (helping,))
    words = lines(meanwhile(t, state.failure, office), t.text("wait.no_need"))
    return Message(paragraphs(t.text("cancelling.delayed"), facts, words), (helping,))


def cancelled(screen: Cancelled, t: Translator, office: Office) -> Message:
    """The cancelled appointment, and a way back to the unfinished booking."""
    facts = ticket_facts(t, screen.ticket, office)
    if screen.resumable:
        text = paragraphs(t.text("cancelled.title"), facts, t.text("cancelled.resumable"))
        return Message(text, (keys.one(t, "button.continue", callback_data.MENU), keys.appointments(t)))
    return Message(paragraphs(t.text("cancelled.title"), facts), (keys.new_appointment(t), keys.appointments(t)))


def _entry(ticket: Ticket, t: Translator, office: Office, *, number: bool) -> Safe:
    """The details that the button lacks: month, department, name, and any unusual status."""
    appointment = ticket.appointment
    name = whose(t, appointment.name, office)
    return t.text(
        "listing.entry",
        day=t.day_short(appointment.at, office.today),
        time=t.time(appointment.at),
        department=keys.clip(department_name(t, ticket.department), IN_SENTENCE),
        name=t.label("name.numbered", name=name, number=appointment.id) if number else name,
        status="" if appointment.status is AppointmentStatus.SCHEDULED else _status(ticket, t),
    )


def _status(ticket: Ticket, t: Translator) -> Safe:
    return t.text("listing.status", status=t.text(f"status.{ticket.appointment.status}"))


def ticket_shown(screen: TicketShown, t: Translator, office: Office, above: Safe | None = None) -> Message:
    """The ticket with all details, because it may be read weeks later without a network; `above` it a line of news."""
    ticket, status = screen.ticket, screen.ticket.appointment.status
    is_plain = screen.fresh and status in {AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT}
    facts = ticket_facts(t, ticket, office)
    if screen.moved_to:
        moved = t.text("ticket.moved_to", moment=moment(t, screen.moved_to))
        return Message(paragraphs(moved, facts), (keys.appointments(t),))
    if status is AppointmentStatus.CANCELLED:
        return Message(paragraphs(t.text("ticket.cancelled"), facts))
    about = office.details_of(ticket.department)
    head = paragraphs(
        above,
        _title(screen, t),
        t.text("ticket.moved_from", moment=moment(t, screen.moved_from)) if screen.moved_from else None,
        t.text("ticket.moved", moment=moment(t, screen.asked)) if screen.asked else None,
        lines(facts, None if is_plain else t.text("fact.status", status=t.text(f"status.{status}"))),
    )
    tail = contact(t, office) if screen.asked or status in ASK_THE_OFFICE else None
    number = ticket.appointment.id
    if status not in COMING:
        return Message(paragraphs(head, tail), (keys.new_appointment(t), keys.appointments(t)))
    one_more = (keys.one_more(t, number),) if is_plain and not screen.moved_from else ()
    rows = (keys.new_appointment(t), *one_more, keys.appointments(t))
    head = paragraphs(head, details.closed_on(t, about, ticket.appointment.at.date()), details.where(t, about))
    tail = lines(ticket_link(ticket, t), tail)
    bring, is_whole = details.until_full(t, paragraphs(head, tail), office, ticket.department)
    more = details.under_ticket(t, about, ticket.department.id, is_whole=is_whole)
    text = paragraphs(head, bring, tail)
    return Message(
        text,
        (
            *rows,
            *more,
            (*keys.calendar(t, number), *place_alerts.under_ticket(t, ticket, office)),
            keys.move_or_cancel(t, number),
        ),
    )


def qr_picture(screen: QrPicture, t: Translator, office: Office) -> Message:
    """The QR picture. Its caption explains it, because the picture may be seen alone in the phone's gallery."""
    appointment = screen.ticket.appointment
    if appointment.status is AppointmentStatus.CANCELLED:
        text = paragraphs(t.text("ticket.cancelled"), ticket_facts(t, screen.ticket, office))
        return Message(text, qr_link=appointment.qr_link or "")
    text = lines(
        t.text("qr.title"),
        moment_fact(t, appointment.at, office),
        name_fact(t, appointment.name, office, IN_SENTENCE),
        t.text("fact.number", number=appointment.id),
    )
    return Message(text, qr_link=appointment.qr_link or "")


def _title(screen: TicketShown, t: Translator) -> Safe:
    status = screen.ticket.appointment.status
    if status is AppointmentStatus.PENDING_PAYMENT:
        return t.text("ticket.unpaid")
    return t.text("ticket.booked" if screen.fresh and status is AppointmentStatus.SCHEDULED else "ticket.title")


def ticket_link(ticket: Ticket, t: Translator) -> Safe:
    """The link in full, so that it can be copied. No button: Telegram refuses some addresses in buttons."""
    link = ticket.appointment.qr_link
    if not link or len(link.encode("utf-16-le")) // 2 > LONGEST_LINK:
        return t.text("ticket.without_link")
    return t.text("ticket.link", link=link)
