"""When a citizen is reminded of an appointment. Pure: follows from the entry in the appointment book alone.

The store replaces an appointment's timers in the transaction that stores a new version of its entry, so a reminder of
an older version cannot become due. All times are office time, exact to the minute.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.core import dates
from bot.core.appointment_book import BookEntry
from bot.core.model import AppointmentStatus

STANDING = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT})
EVENING = time(20)
"""When the citizen is reminded the evening before, if the morning would be too late."""
TIME_TO_TRAVEL = timedelta(hours=2)
"""The shortest time before the appointment for a reminder that waits for the end of the night."""
AFTER_NO_SHOW = time(9)
"""When a citizen who did not come is asked, on the next day, whether they need another appointment."""
NO_SHOW_LIFE = timedelta(days=3)
LONG_AGO = timedelta(days=7)
"""A missed appointment that is noted so late is not worth a message."""


class TimerKind(StrEnum):
    """The purpose of a timer; stored."""

    TWO_DAYS = "r48"
    HOURS = "r3"
    NO_SHOW = "no_show"


REMINDERS = frozenset({TimerKind.TWO_DAYS, TimerKind.HOURS})


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to send at `due_at` about a `version` of an appointment, unless `not_after` has passed.

    An appointment has at most one timer of a kind.
    """

    chat_id: int
    kind: TimerKind
    appointment_id: int
    version: int
    due_at: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class _Rule:
    """A reminder `before` the start, useful until `until` before it.

    It is left out for citizens who booked less than `notice` before the start, or less than `pause` before it is due.
    """

    kind: TimerKind
    before: timedelta
    until: timedelta
    notice: timedelta = timedelta()
    pause: timedelta = timedelta()


_RULES = (
    _Rule(TimerKind.TWO_DAYS, timedelta(hours=48), timedelta(hours=24), notice=timedelta(hours=72)),
    _Rule(TimerKind.HOURS, timedelta(hours=3), timedelta(hours=1), pause=timedelta(hours=6)),
)


def timers_of(entry: BookEntry) -> tuple[Timer, ...]:
    """The timers of an appointment. Those that were due before the entry changed are left out."""
    if entry.status is AppointmentStatus.NO_SHOW:
        return _after_no_show(entry)
    if entry.status not in STANDING:
        return ()
    found = (_reminder(entry, rule) for rule in _RULES)
    return tuple(each for each in found if each and (entry.as_of is None or each.due_at > entry.as_of))


def _reminder(entry: BookEntry, rule: _Rule) -> Timer | None:
    due_at = _by_day(entry.at - rule.before, entry.at)
    booked_at = entry.booked_at
    if booked_at and (entry.at - booked_at < rule.notice or due_at - booked_at < rule.pause):
        return None
    return _timer(entry, rule.kind, due_at, entry.at - rule.until)


def _by_day(due_at: datetime, start: datetime) -> datetime:
    """The time itself, or at night the end of the night; the evening before if that leaves too little time."""
    if not dates.is_night(due_at):
        return due_at
    morning = dates.morning_after(due_at)
    if start - morning >= TIME_TO_TRAVEL:
        return morning
    return datetime.combine(morning.date() - timedelta(days=1), EVENING)


def _after_no_show(entry: BookEntry) -> tuple[Timer, ...]:
    """The next morning, if the absence was noted while the appointment was known, and soon."""
    if entry.version == 0 or entry.as_of is None or entry.as_of - entry.at > LONG_AGO:
        return ()
    day = max(entry.as_of, entry.at).date() + timedelta(days=1)
    due_at = datetime.combine(day, AFTER_NO_SHOW)
    return (_timer(entry, TimerKind.NO_SHOW, due_at, due_at + NO_SHOW_LIFE),)


def _timer(entry: BookEntry, kind: TimerKind, due_at: datetime, not_after: datetime) -> Timer:
    return Timer(entry.chat_id, kind, entry.appointment_id, entry.version, due_at, not_after)
