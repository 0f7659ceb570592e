"""What the office's statistics count: numbers by day and department, and nothing of any citizen.

Pure. Counts are stored with the change that they count, so that a kill neither loses nor doubles one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.core.appointment_book import BookEffect, BookEntry, Fact, WasCancelled, WasMoved
from bot.core.model import AppointmentStatus


class Counted(StrEnum):
    """What is counted. Stored by value."""

    BOOKED = "booked"
    MOVED = "moved"
    MOVED_BY_OFFICE = "moved_by_office"
    CANCELLED = "cancelled"  # by the citizen
    CANCELLED_BY_OFFICE = "cancelled_by_office"
    CANCELLED_BY_UNKNOWN = "cancelled_by_unknown"  # the service does not say by whom
    NO_SHOW = "no_show"
    COMING = "coming"  # "I'm coming" under a reminder, once for each time of an appointment
    LOST_RACE = "lost_race"  # somebody else took the slot before the booking arrived


@dataclass(frozen=True, slots=True)
class Count:
    """So many more of something in a department on a day (of the office); negative where it turned out wrong."""

    day: date
    department_id: int
    what: Counted
    number: int = 1


def counts_of(
    before: BookEntry | None, after: BookEntry | None, effects: Iterable[BookEffect], fact: Fact
) -> tuple[Count, ...]:
    """What others did, by what a fact changed in the appointment book; what citizens do here is counted elsewhere.

    A no-show counts on the day of the appointment, like "I'm coming"; everything else on the day when it happened. An
    appointment that was unknown before counts nothing: old ones may be listed again after they were forgotten.
    """
    if before is None or after is None:
        return ()
    missed = AppointmentStatus.NO_SHOW
    return (
        *(Count(fact.as_of.date(), before.department_id, what) for each in effects if (what := _by_others(each))),
        *((Count(before.at.date(), before.department_id, Counted.NO_SHOW, -1),) if before.status is missed else ()),
        *((Count(after.at.date(), after.department_id, Counted.NO_SHOW),) if after.status is missed else ()),
    )


def _by_others(effect: BookEffect) -> Counted | None:
    match effect:
        case WasMoved():
            return Counted.MOVED_BY_OFFICE
        case WasCancelled(by_office=True):
            return Counted.CANCELLED_BY_OFFICE
        case WasCancelled(by_office=False):
            return Counted.CANCELLED
        case WasCancelled():
            return Counted.CANCELLED_BY_UNKNOWN
        case _:
            return None


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


Figures = dict[Counted, int]
"""How many of what; what is missing is none."""


@dataclass(frozen=True, slots=True)
class WeekCount:
    """How many of something in a department in a week, given by its Monday."""

    week: date
    department_id: int
    what: Counted
    number: int


def by_week(counts: Iterable[Count]) -> tuple[WeekCount, ...]:
    """The counts of days, added up; the newest week first, then by department."""
    totals: dict[tuple[date, int, Counted], int] = {}
    for each in counts:
        key = (week_of(each.day), each.department_id, each.what)
        totals[key] = totals.get(key, 0) + each.number
    order = list(Counted)
    keys = sorted(totals, key=lambda key: (-key[0].toordinal(), key[1], order.index(key[2])))
    return tuple(WeekCount(*key, totals[key]) for key in keys if totals[key])


def figures(counts: Iterable[WeekCount]) -> Figures:
    """The counts of several weeks or departments, added up."""
    found: Figures = {}
    for each in counts:
        found[each.what] = found.get(each.what, 0) + each.number
    return found
