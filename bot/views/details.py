"""What to bring to a department and where it is: the lines for summaries, tickets and reminders, and its own page.

Drawn when a message is sent, so that it has today's words. What is empty has no heading.
"""

import re
from datetime import date
from html import unescape
from itertools import accumulate, islice

from bot.core import callback_data
from bot.core.department_details import DepartmentDetails
from bot.core.model import Department
from bot.core.screens import DepartmentInfo, Where
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office, Place
from bot.views.text import about_department, day_fact, department_name, lines, office_facts, paragraphs, purpose

SHORT, LONG, ITEM = 120, 300, 100
"""Longest address or landmark, longest text, and longest thing to bring, in characters; the file has no longer ones."""
TICKET = 1000
"""Longest ticket, in visible characters, so that a small phone shows it whole without a network."""
MOST_CLOSED = 5
_TAG = re.compile(r"<[^<>]*>")


def before_booking(t: Translator, details: DepartmentDetails) -> Safe | None:
    """What to know before booking."""
    words = keys.clip(details.before, LONG)
    return t.text("details.before", words=words) if words else None


def where(t: Translator, details: DepartmentDetails) -> Safe | None:
    """The address, the landmark and the telephone: in words, because a map may not load."""
    address, landmark = keys.clip(details.address, SHORT), keys.clip(details.landmark, SHORT)
    return (
        lines(
            t.text("details.address", address=address) if address else None,
            t.text("details.landmark", landmark=landmark) if landmark else None,
            t.text("details.phone", phone=details.phone) if details.phone else None,
        )
        or None
    )


def to_bring(t: Translator, details: DepartmentDetails) -> Safe | None:
    """The list of what to bring."""
    if not details.bring:
        return None
    return lines(
        t.text("details.bring"), *(t.text("details.item", item=keys.clip(each, ITEM)) for each in details.bring)
    )


def notice(t: Translator, details: DepartmentDetails) -> Safe | None:
    """What the office wants to be known besides."""
    words = keys.clip(details.notice, LONG)
    return t.text("details.notice", words=words) if words else None


def closed_on(t: Translator, details: DepartmentDetails, day: date | None) -> Safe | None:
    """That the office announced to be closed on this day, which the API offers all the same."""
    return t.text("details.closed") if day in details.closed else None


def closed_days(t: Translator, details: DepartmentDetails, days: tuple[date, ...]) -> Safe | None:
    """Those of the days on which the office announced to be closed, the first few of them."""
    found = [t.date_short(day) for day in days if day in details.closed][:MOST_CLOSED]
    return t.text("details.closed_days", days=", ".join(found)) if found else None


def until_full(t: Translator, text: Safe, office: Office, department: Department) -> tuple[Safe | None, bool]:
    """What to bring and to know, as many lines as a ticket with this `text` has room for; whether that is all."""
    details = office.details_of(department)
    whole = paragraphs(to_bring(t, details), notice(t, details), purpose(t, department))
    room = TICKET - _length(text) - 2
    if _length(whole) <= room:
        return whole or None, True
    more = t.text("details.more")
    all_lines = whole.split("\n")
    used = accumulate((_length(line) + 1 for line in all_lines), initial=_length(more))
    kept = [line for line, length in zip(all_lines, islice(used, 1, None), strict=True) if length <= room]
    while kept and kept[-1] in {"", t.text("details.bring")}:  # no heading without its list
        kept.pop()
    return Safe("\n".join([*kept, more])), False


def _length(text: str) -> int:
    """Visible characters."""
    return len(unescape(_TAG.sub("", text)))


def button(t: Translator, office: Office, department: Department) -> keys.Rows:
    """To the department's own page, if there is something on it that the API does not tell."""
    details = office.details_of(department)
    if not details.has_words:
        return ()
    label = t.label("button.bring" if details.bring or details.before else "button.about")
    return ((Button(label, callback_data.numbered(callback_data.DETAILS, department.id)),),)


def under_ticket(t: Translator, details: DepartmentDetails, department_id: int, *, is_whole: bool) -> keys.Rows:
    """A row with the way to the map, if there is a pin, and to what did not fit."""
    row = []
    if details.pin:
        row.append(Button(t.label("button.where"), callback_data.numbered(callback_data.WHERE, department_id)))
    if not is_whole:
        row.append(Button(t.label("button.see_all"), callback_data.numbered(callback_data.DETAILS, department_id)))
    return (tuple(row),) if row else ()


def info(screen: DepartmentInfo, t: Translator, office: Office) -> Message:
    """All that is known of a department."""
    department = _department(screen.department_id, office)
    details = office.details_of(department)
    coming = tuple(sorted(day for day in details.closed if office.today is None or day >= office.today))
    text = paragraphs(
        office_facts(t, department),
        before_booking(t, details),
        to_bring(t, details),
        where(t, details),
        notice(t, details),
        about_department(t, department),
        closed_days(t, details, coming),
        None if details.has_words else t.text("details.none"),
    )
    next_step = keys.back(t) if screen.back else keys.appointments(t)
    return Message(text, (*under_ticket(t, details, department.id, is_whole=True), next_step))


def place(screen: Where, t: Translator, office: Office) -> Message:
    """The place on a map; in words alone if there is no pin any more."""
    department = _department(screen.department_id, office)
    details = office.details_of(department)
    text = paragraphs(office_facts(t, department), where(t, details) or t.text("details.none"))
    rows = (keys.appointments(t),)
    if details.pin is None:
        return Message(text, rows)
    name = department_name(t, department)
    words = ", ".join(part for part in (keys.clip(details.address, SHORT), keys.clip(details.landmark, SHORT)) if part)
    return Message(text, rows, place=Place(*details.pin, name, words or name))


def day_facts(t: Translator, office: Office, department: Department, day: date) -> Safe:
    """The day in full, and whether the office announced to be closed."""
    return lines(day_fact(t, day, office), closed_on(t, office.details_of(department), day))


def _department(department_id: int, office: Office) -> Department:
    known = (each for each in office.departments if each.id == department_id)
    return next(known, Department(department_id, ""))
