"""The calendar file of an appointment (iCalendar, RFC 5545 and 5546), and the messages that carry it.

`icalendar` escapes and folds: text from outside cannot end its line, nor an umlaut be cut in two. The method is
PUBLISH, since REQUEST needs attendees (RFC 5546). All times are UTC, which needs no definition of a zone, and the text
repeats the office's hour. Whether a calendar follows an update is the phone's choice, so nothing promises it.
"""

from icalendar import Alarm, Calendar, Event

from bot.core.calendar_event import CalendarEvent
from bot.core.model import AppointmentStatus
from bot.core.screens import CalendarFile
from bot.i18n import Translator
from bot.views import keyboards as keys
from bot.views.details import ITEM, LONG, SHORT
from bot.views.message import Message, Office
from bot.views.text import DESCRIPTION, WORDS, department_name, for_whom, lines, moment_of

LONGEST_LINK = 500
"""Characters of a link; the ticket has a longer one."""


def message(screen: CalendarFile, t: Translator, office: Office) -> Message:
    """The caption of the file. It says what the citizen can do, not what their calendar will do."""
    appointment = screen.ticket.appointment
    when = moment_of(t, appointment, office)
    if not screen.is_renewed:
        return Message(lines(t.text("calendar.title", moment=when), t.text("calendar.open")), (keys.appointments(t),))
    is_cancelled = appointment.status is AppointmentStatus.CANCELLED
    title = t.text("calendar.cancelled" if is_cancelled else "calendar.changed", moment=when)
    return Message(lines(title, t.text("calendar.renew")), (keys.appointments(t),))


def calendar_file(event: CalendarEvent, t: Translator, office: Office) -> bytes:
    """The file, in UTF-8."""
    calendar = Calendar()
    calendar.add("prodid", f"-//moncreneau-bot//{t.locale}")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if event.is_cancelled else "PUBLISH")
    calendar.add_component(_event(event, t, office))
    return bytes(calendar.to_ical())


def _event(event: CalendarEvent, t: Translator, office: Office) -> Event:
    what = for_whom(t, department_name(t, event.department), event.entry.name or "", office)
    summary = t.label("calendar.file.summary", department=what)
    found = Event()
    found.add("uid", event.uid)
    found.add("sequence", event.sequence)
    found.add("dtstamp", event.made)
    if event.changed:
        found.add("last-modified", event.changed)
    found.add("dtstart", event.starts)
    found.add("dtend", event.ends)
    found.add("summary", summary)
    found.add("location", _location(event, t, office))
    found.add("description", _description(event, t, office))
    found.add("status", _status(event))
    found.add("class", "PRIVATE")
    found.add("transp", "TRANSPARENT" if event.is_cancelled else "OPAQUE")
    if not event.is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", -event.alarm)
        found.add_component(alarm)
    return found


def _status(event: CalendarEvent) -> str:
    if event.is_cancelled:
        return "CANCELLED"
    return "TENTATIVE" if event.entry.status is AppointmentStatus.PENDING_PAYMENT else "CONFIRMED"


def _location(event: CalendarEvent, t: Translator, office: Office) -> str:
    organization = keys.clip(event.department.organization, WORDS)
    address = keys.clip(office.details_of(event.department).address, SHORT)
    return ", ".join(part for part in (department_name(t, event.department), organization, address) if part)


def _description(event: CalendarEvent, t: Translator, office: Office) -> str:
    """What the ticket says, since a calendar may be all that a phone shows without a network."""
    entry = event.entry
    name, about = keys.clip(entry.name or "", WORDS), keys.clip(event.department.description, DESCRIPTION)
    link = entry.qr_link if entry.qr_link and len(entry.qr_link) <= LONGEST_LINK else None
    details = office.details_of(event.department)
    landmark, notice = keys.clip(details.landmark, SHORT), keys.clip(details.notice, LONG)
    parts = (
        t.label("calendar.file.hour", time=t.time(entry.at), city=office.city),
        t.label("calendar.file.number", number=entry.appointment_id),
        t.label("calendar.file.name", name=name) if name else None,
        t.label("calendar.file.unpaid") if entry.status is AppointmentStatus.PENDING_PAYMENT else None,
        t.label("calendar.file.landmark", landmark=landmark) if landmark else None,
        t.label("calendar.file.phone", phone=details.phone) if details.phone else None,
        t.label("calendar.file.bring", items="\n".join(f"- {keys.clip(each, ITEM)}" for each in details.bring))
        if details.bring
        else None,
        notice or None,
        about or None,
        t.label("calendar.file.link", link=link) if link else None,
    )
    return "\n".join(part for part in parts if part)
