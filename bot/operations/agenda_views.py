"""A department's day for its staff: hour, number and status of each appointment, and names if they are switched on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.model import Appointment, AppointmentStatus, Department, Failure
from bot.i18n import Safe, Translator
from bot.views.errors import cause
from bot.views.keyboards import NAME, clip
from bot.views.message import Message, Office
from bot.views.text import contact, department_name, lines, paragraphs

LONGEST = 3500
"""Characters of a message; Telegram takes 4096 UTF-16 units (Bot API, `sendMessage`)."""
PERSON = 40
"""Characters of a citizen's name."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """The appointments of a department on a day, as the service had them `at` (office time)."""

    department: Department
    day: date
    at: datetime
    appointments: tuple[Appointment, ...]
    with_names: bool = False


@dataclass(frozen=True, slots=True)
class AgendaFailed:
    """The list of a department's day cannot be read now."""

    department: Department
    day: date
    failure: Failure


@dataclass(frozen=True, slots=True)
class NoSuchDay:
    """The text after `/agenda` is no day."""


AgendaScreen = Agenda | AgendaFailed | NoSuchDay


def render(screen: AgendaScreen, t: Translator, office: Office) -> tuple[Message, ...]:
    """The messages: a long day needs several."""
    match screen:
        case Agenda():
            return _agenda(screen, t)
        case AgendaFailed(department=department, day=day, failure=failure):
            title = _title(department, day, t)
            text = paragraphs(lines(title, t.text("agenda.failed")), cause(t, failure, office), contact(t, office))
            return (Message(paragraphs(text, t.text("agenda.again"))),)
        case NoSuchDay():
            return (Message(lines(t.text("agenda.no_day"), t.text("agenda.example"))),)


def _agenda(agenda: Agenda, t: Translator) -> tuple[Message, ...]:
    found = sorted(agenda.appointments, key=lambda each: (each.at, each.id))
    gone = sum(each.status is AppointmentStatus.CANCELLED for each in found)
    stand = len(found) - gone
    head = lines(
        _title(agenda.department, agenda.day, t),
        t.text("agenda.none") if not found else t.text("agenda.count", n=stand, count=stand),
        t.text("agenda.cancelled", n=gone, count=gone) if gone else None,
        t.text("agenda.as_of", time=t.time(agenda.at)),
    )
    parts = list(_parts((_line(each, t, with_name=agenda.with_names) for each in found), LONGEST - len(head)))
    first = Message(paragraphs(head, *parts[:1]))
    return (first, *(Message(part) for part in parts[1:]))


def _title(department: Department, day: date, t: Translator) -> Safe:
    name = clip(department_name(t, department), NAME)
    return lines(t.text("agenda.title", name=name), t.text("agenda.day", date=t.date_long(day)))


def _line(appointment: Appointment, t: Translator, *, with_name: bool) -> Safe:
    time, number = t.time(appointment.at), appointment.id
    status = t.text(f"status.{appointment.status}")
    name = clip(appointment.name, PERSON)
    if with_name and name:
        return t.text("agenda.named", time=time, number=number, name=name, status=status)
    return t.text("agenda.one", time=time, number=number, status=status)


def _parts(found: Iterable[Safe], longest: int) -> Iterator[Safe]:
    """The lines, joined to texts that are not too long."""
    part: list[Safe] = []
    for each in found:
        if part and len(lines(*part, each)) > longest:
            yield lines(*part)
            part = []
        part.append(each)
    if part:
        yield lines(*part)
