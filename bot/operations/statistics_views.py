"""The office's statistics in words and as a CSV file. Knows departments and weeks, and no citizen."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from bot.broadcast.report import cells
from bot.core.rating import DepartmentRatings
from bot.core.statistics import Count, Counted, Figures, WeekCount, by_week, figures, week_of
from bot.i18n import Safe, Translator
from bot.views.keyboards import NAME, clip
from bot.views.message import Message
from bot.views.text import lines, paragraphs

WEEK = timedelta(days=7)
RATED = 12 * WEEK
"""Ratings are added up over so many weeks, since a department needs some before they are shown."""
MOST = 8
"""Departments that are named in words; all are in the file."""
BY_DEPARTMENT = (Counted.BOOKED, Counted.MOVED, Counted.NO_SHOW)
CANCELLED = (Counted.CANCELLED, Counted.CANCELLED_BY_OFFICE, Counted.CANCELLED_BY_UNKNOWN)
COLUMNS = ("week", "department_id", "department", *(each.value for each in Counted))
"""The columns of the file are for spreadsheets and in no language. A week is given by its Monday."""
Names = Callable[[int], str]
"""Returns the name of a department."""


def statistics(
    counts: Iterable[Count], ratings: Sequence[DepartmentRatings], today: date, t: Translator, names: Names
) -> Message:
    """This week and the last one, in all and by department, and what citizens said after their visits."""
    this, last = week_of(today), week_of(today) - WEEK
    found = [each for each in by_week(counts) if each.week in {this, last}]
    text = paragraphs(
        t.text("stats.title"),
        _week(t.text("stats.this_week", day=t.date_short(this)), this, found, t),
        _week(t.text("stats.last_week", day=t.date_short(last)), last, found, t),
        _departments(found, t, names),
        _ratings(ratings, t, names),
    )
    return Message(text)


def caption(t: Translator) -> Message:
    """The words below the file."""
    return Message(t.text("stats.file"))


def csv_file(counts: Iterable[Count], names: Names) -> bytes:
    """All weeks and departments as a CSV file."""
    rows = defaultdict[tuple[date, int], list[WeekCount]](list)
    for each in by_week(counts):
        rows[each.week, each.department_id].append(each)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for (week, department_id), found in rows.items():
        numbers = figures(found)
        row = (week.isoformat(), department_id, names(department_id), *(numbers.get(each, 0) for each in Counted))
        writer.writerow(cells(row))
    return text.getvalue().encode("utf-8-sig")  # Excel reads the accents only with the mark


def _week(title: Safe, week: date, found: Iterable[WeekCount], t: Translator) -> Safe:
    numbers = figures(each for each in found if each.week == week)
    counted = [t.text(f"stats.what.{each}", count=numbers[each]) for each in Counted if numbers.get(each)]
    return lines(title, *(counted or [t.text("stats.nothing")]))


def _departments(found: Iterable[WeekCount], t: Translator, names: Names) -> Safe | None:
    """Both weeks by department, the busiest first."""
    of = defaultdict[int, list[WeekCount]](list)
    for each in found:
        of[each.department_id].append(each)
    if not of:
        return None
    busiest = sorted(of, key=lambda number: (-figures(of[number]).get(Counted.BOOKED, 0), number))
    named = (_department(names(number), figures(of[number]), t) for number in busiest[:MOST])
    more = len(busiest) - MOST
    return lines(t.text("stats.departments"), *named, t.text("stats.more", n=more, count=more) if more > 0 else None)


def _ratings(ratings: Sequence[DepartmentRatings], t: Translator, names: Names) -> Safe | None:
    """How often each answer was given, for the departments that have some."""
    if not ratings:
        return None
    return lines(t.text("stats.ratings"), *(_rating(names(each.department_id), each, t) for each in ratings[:MOST]))


def _rating(name: str, ratings: DepartmentRatings, t: Translator) -> Safe:
    best, good, fair, poor, worst = ratings.counts
    return t.text(
        "stats.rating",
        name=clip(name, NAME),
        best=best,
        good=good,
        fair=fair,
        poor=poor,
        worst=worst,
    )


def _department(name: str, numbers: Figures, t: Translator) -> Safe:
    booked, moved, no_shows = (numbers.get(each, 0) for each in BY_DEPARTMENT)
    cancelled = sum(numbers.get(each, 0) for each in CANCELLED)
    return t.text(
        "stats.department", name=clip(name, NAME), booked=booked, moved=moved, cancelled=cancelled, missed=no_shows
    )
