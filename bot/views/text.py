"""The lines that say what an appointment is: office, person, day, hour, name. One fact a line, words beside every sign.

Every screen that tells of a booking or an appointment uses these, so that they read the same everywhere.
"""

from datetime import date, datetime

from bot.core.model import (
    Department,
    Draft,
    Ticket,
    Worker,
)
from bot.i18n import Safe, Translator
from bot.views.keyboards import clip
from bot.views.message import Office

WORDS = 100
"""Characters of a name from outside, as many as a citizen may type; with them no text outgrows Telegram's limit."""


def lines(*parts: Safe | None) -> Safe:
    """The parts, each on a line of its own."""
    return Safe("\n".join(part for part in parts if part))


def paragraphs(*parts: Safe | None) -> Safe:
    """The parts with an empty line between them."""
    return Safe("\n\n".join(part for part in parts if part))


def department_name(t: Translator, department: Department) -> str:
    """The department's name; one that is no longer listed has its number only."""
    return clip(department.name, WORDS) or t.label("department.unnamed", number=department.id)


def worker_name(t: Translator, worker: Worker) -> str:
    """The name of a member of staff, or the number that the citizen typed."""
    return clip(worker.name, WORDS) or t.label("worker.unnamed", number=worker.id)


def office_facts(t: Translator, department: Department, worker: Worker | None = None) -> Safe:
    """Where the citizen will go, and to whom."""
    organization = clip(department.organization, WORDS)
    return lines(
        t.text("fact.department", name=department_name(t, department)),
        t.text("fact.organization", name=organization) if organization else None,
        t.text("fact.worker", name=worker_name(t, worker)) if worker else None,
    )


def day_fact(t: Translator, day: date) -> Safe:
    """The day as the language writes it in full."""
    return t.text("fact.date", date=t.date_long(day))


def hour_fact(t: Translator, at: datetime, office: Office) -> Safe:
    """The hour, and whose hour it is."""
    return t.text("fact.hour", time=t.time(at), city=office.city)


def draft_facts(t: Translator, draft: Draft, office: Office) -> Safe:
    """All that was chosen so far."""
    name = clip(draft.name or "", WORDS)
    return lines(
        office_facts(t, draft.department, draft.worker),
        day_fact(t, draft.at) if draft.at else None,
        hour_fact(t, draft.at, office) if draft.at else None,
        t.text("fact.name", name=name) if name else None,
    )


def ticket_facts(t: Translator, ticket: Ticket, office: Office) -> Safe:
    """All that the citizen must know of an appointment, but for its status."""
    return lines(
        draft_facts(t, Draft(ticket.department, at=ticket.appointment.at, name=ticket.appointment.name), office),
        t.text("fact.number", number=ticket.appointment.id),
    )


def moment(t: Translator, at: datetime) -> str:
    """A day and an hour, short enough for a button."""
    return t.label("moment", day=t.date_short(at), time=t.time(at))
