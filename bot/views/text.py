"""The lines that describe an appointment: department, person, day and hour, name. One fact per line.

Every screen that shows a booking or an appointment uses these, so that they read the same everywhere.
"""

from datetime import date, datetime
from itertools import groupby

from bot.core.model import (
    Appointment,
    Department,
    Draft,
    OpeningHours,
    Ticket,
    Worker,
)
from bot.i18n import Safe, Translator, unlinked
from bot.views.keyboards import clip
from bot.views.message import Office

WORDS = 100
"""Longest name from the API, in characters; as long as a citizen may type. It keeps texts within Telegram's limit."""
IN_SENTENCE = 40
"""Longest name in a sentence or a list, in characters; the ticket has it in full."""
DESCRIPTION = 200
"""Longest description of a department, in characters."""


def lines(*parts: Safe | None) -> Safe:
    """The parts, each on a line of its own."""
    return Safe("\n".join(part for part in parts if part))


def paragraphs(*parts: Safe | None) -> Safe:
    """The parts with an empty line between them."""
    return Safe("\n\n".join(part for part in parts if part))


def department_name(t: Translator, department: Department) -> str:
    """The department's name; its number if it is not listed any more, or if its name has no visible character."""
    return clip(department.name, WORDS) or t.label("department.unnamed", number=department.id)


def worker_name(t: Translator, worker: Worker) -> str:
    """The name of a member of staff, or the number that the citizen typed."""
    return clip(worker.name, WORDS) or t.label("worker.unnamed", number=worker.id)


def office_facts(t: Translator, department: Department, worker: Worker | None = None) -> Safe:
    """The lines of a department, its organisation and a member of staff."""
    organization = clip(department.organization, WORDS)
    return lines(
        t.text("fact.department", name=department_name(t, department)),
        t.text("fact.organization", name=organization) if organization else None,
        t.text("fact.worker", name=worker_name(t, worker)) if worker else None,
    )


def about_department(t: Translator, department: Department) -> Safe | None:
    """The purpose and opening hours of the department, if the API tells them."""
    hours = opening_hours(t, department.opening_hours)
    return (
        lines(
            purpose(t, department),
            t.text("department.hours", hours=hours) if hours else None,
        )
        or None
    )


def purpose(t: Translator, department: Department) -> Safe | None:
    """The purpose of the department, if the API tells it."""
    description = clip(department.description, DESCRIPTION)
    return t.text("department.about", description=unlinked(description)) if description else None


def opening_hours(t: Translator, hours: tuple[OpeningHours, ...]) -> str:
    """`lun.–ven. 08:00–12:00, 13:00–16:00 ; sam. 09:00–12:00`: days with the same hours are grouped."""
    by_day = [
        ", ".join(f"{each.start:%H:%M}–{each.end:%H:%M}" for each in hours if each.weekday == day) for day in range(7)
    ]
    found = []
    for spans, group in groupby(range(7), key=by_day.__getitem__):
        days = list(group)
        named = t.weekday(days[0]) if len(days) == 1 else f"{t.weekday(days[0])}–{t.weekday(days[-1])}"
        if spans:
            found.append(f"{named} {spans}")
    return " · ".join(found)


def day_fact(t: Translator, day: date, office: Office) -> Safe:
    """The day as the language writes it in full."""
    return t.text("fact.date", date=t.date_long(day, office.today))


def moment_fact(t: Translator, at: datetime, office: Office) -> Safe:
    """The day and the time, with the city whose time it is."""
    when = t.label("moment", day=t.date_long(at, office.today), time=t.time(at))
    return t.text("fact.moment", moment=when, city=office.city)


def draft_facts(t: Translator, draft: Draft, office: Office) -> Safe:
    """The choices made so far."""
    return lines(
        office_facts(t, draft.department, draft.worker),
        moment_fact(t, draft.at, office) if draft.at else None,
        name_fact(t, draft.name or "", office),
    )


def name_fact(t: Translator, name: str, office: Office, longest: int = WORDS) -> Safe | None:
    """The name, if there is one; for a reader with several names it says that it is for this person."""
    name = clip(name, longest)
    if not name:
        return None
    return t.text("fact.for" if office.several_names else "fact.name", name=name)


def moved_fact(t: Translator, draft: Draft, office: Office) -> Safe | None:
    """Which appointment is being moved, if one is."""
    old = draft.replaces
    return t.text("move.heading", moment=moment_of(t, old.appointment, office)) if old else None


def stands(t: Translator, draft: Draft, office: Office) -> Safe | None:
    """That the old appointment stands, where one was to be moved."""
    old = draft.replaces
    return t.text("move.stands", moment=moment_of(t, old.appointment, office)) if old else None


def ticket_facts(t: Translator, ticket: Ticket, office: Office) -> Safe:
    """The details of an appointment, without its status."""
    appointment, department = ticket.appointment, ticket.department
    worker = None
    if appointment.worker_id is not None:
        listed = (each for each in department.workers if each.id == appointment.worker_id)
        worker = next(listed, Worker(appointment.worker_id, ""))
    return lines(
        draft_facts(t, Draft(department, worker, appointment.at, appointment.name), office),
        t.text("fact.number", number=appointment.id),
    )


def contact(t: Translator, office: Office) -> Safe | None:
    """The line with the contact, if the operator set one."""
    return t.text("contact", contact=office.contact) if office.contact else None


def moment(t: Translator, at: datetime) -> str:
    """A day and an hour in a sentence: `dim. 25 janv. à 14:30`."""
    return t.label("moment", day=t.date_short(at), time=t.time(at))


def moment_of(t: Translator, appointment: Appointment, office: Office) -> str:
    """The day and hour of an appointment in a sentence, and for whom it is if the reader has several names."""
    return for_whom(t, moment(t, appointment.at), appointment.name, office)


def whose(t: Translator, name: str, office: Office) -> str:
    """The name in a list of appointments."""
    name = clip(name, IN_SENTENCE)
    if not name:
        return t.label("name.none")
    return t.label("name.for", name=name) if office.several_names else name


def for_whom(t: Translator, what: str, name: str, office: Office) -> str:
    """Something about an appointment, and for whom that is if the reader has several names."""
    name = clip(name, IN_SENTENCE)
    return t.label("for_whom", what=what, name=name) if office.several_names and name else what
