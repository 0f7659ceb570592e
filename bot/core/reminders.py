"""Computes when citizens are reminded or asked, and which appointments a message covers. Pure: no clock or texts.

The timers of an appointment follow from its entry in the appointment book alone.

The store replaces them in the transaction that stores a new version of the entry, so a reminder of an older version
cannot become due. All times are office time, exact to the minute.
"""

from collections.abc import Collection, Iterable
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
AFTER_VISIT = timedelta(hours=2)
"""How long after its start the citizen is asked how the visit went."""
VISIT_LIFE = timedelta(hours=48)
"""How long after its start; later nobody knows any more."""
RATING_MORNING, RATING_EVENING = time(8), time(20)
"""It is asked between these two alone: nobody waits for it."""
LONG_AGO = timedelta(days=7)
"""A missed appointment that is noted so late is not worth a message."""


class TimerKind(StrEnum):
    """The purpose of a timer; stored."""

    TWO_DAYS = "r48"
    HOURS = "r3"
    NO_SHOW = "no_show"
    RATING = "rating"


REMINDERS = frozenset({TimerKind.TWO_DAYS, TimerKind.HOURS})
_STATUSES = {
    TimerKind.TWO_DAYS: STANDING,
    TimerKind.HOURS: STANDING,
    TimerKind.NO_SHOW: frozenset({AppointmentStatus.NO_SHOW}),
    TimerKind.RATING: frozenset({AppointmentStatus.COMPLETED}),
}
"""The statuses of an appointment for which a timer's message is true."""


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
    if entry.status is AppointmentStatus.COMPLETED:
        return _after_visit(entry)
    if entry.status is AppointmentStatus.NO_SHOW:
        return _after_no_show(entry)
    if entry.status not in STANDING:
        return ()
    found = (_reminder(entry, rule) for rule in _RULES)
    return tuple(each for each in found if each and (entry.as_of is None or each.due_at > entry.as_of))


def is_new_version(before: BookEntry | None, after: BookEntry) -> bool:
    """Whether the timers of the entry before, if any, are replaced by those of the entry after."""
    return before is None or before.version != after.version


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message to send now: about these appointments of one day, in order of time; useless after `not_after`."""

    kind: TimerKind
    entries: tuple[BookEntry, ...]
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What follows when timers of a chat are due: the timers that are done, the messages to send.

    `dropped` are the timers whose message would be too late or untrue.
    """

    fired: tuple[Timer, ...] = ()
    messages: tuple[DueMessage, ...] = ()
    dropped: int = 0


def sendable(now: datetime) -> frozenset[TimerKind]:
    """The kinds of timers whose messages may be sent at this hour; the others wait."""
    if dates.is_night(now):
        return frozenset()
    is_quiet = not RATING_MORNING <= now.time() < RATING_EVENING
    return frozenset(TimerKind) - ({TimerKind.RATING} if is_quiet else set())


def due_now(
    timers: Collection[Timer], entries: Iterable[BookEntry], now: datetime, *, wanted: bool, may_ask: bool = False
) -> Due:
    """The messages of one chat that are due, from its timers and entries. At night none are: they wait for the morning.

    The appointments of a day are told in one message, so the timers of that day are done with the first. `wanted`
    tells whether the citizen wants reminders, `may_ask` whether they may be asked how a visit went. They are asked of
    one visit at most.
    """
    kinds = sendable(now)
    book = {each.appointment_id: each for each in entries}
    fired: list[Timer] = []
    messages: list[DueMessage] = []
    dropped = 0
    # The later reminder of a day replaces the earlier one, so it comes first.
    for timer in sorted(timers, key=lambda each: (each.kind is not TimerKind.HOURS, each.due_at)):
        if timer.due_at > now or timer in fired or timer.kind not in kinds:
            continue
        entry = book.get(timer.appointment_id)
        if entry is None or not _is_true(timer, entry) or now > timer.not_after:
            fired.append(timer)
            dropped += 1
        elif timer.kind is TimerKind.RATING:
            fired.append(timer)
            messages += (_message(timer, (entry,), now),) if may_ask else ()
            may_ask = False
        elif timer.kind is TimerKind.NO_SHOW:
            fired.append(timer)
            messages.append(_message(timer, (entry,), now))
        else:
            covered = _covered(timer, entry, timers, book)
            fired += covered
            same_day = (each for each in book.values() if is_coming(each, now) and each.at.date() == entry.at.date())
            told = tuple(sorted(same_day, key=lambda each: (each.at, each.appointment_id)))
            messages += (_message(timer, told, now),) if wanted else ()
    return Due(tuple(fired), tuple(messages), dropped)


def _message(timer: Timer, entries: tuple[BookEntry, ...], now: datetime) -> DueMessage:
    """The message. It is not sent at night either, however long it waits."""
    tonight = datetime.combine(now.date(), RATING_EVENING if timer.kind is TimerKind.RATING else dates.NIGHT)
    return DueMessage(timer.kind, entries, min(timer.not_after, tonight))


def _covered(timer: Timer, entry: BookEntry, timers: Iterable[Timer], book: dict[int, BookEntry]) -> list[Timer]:
    """The timers that are done with this one: those of the same day and kind, and with the second also the first."""
    kinds = REMINDERS if timer.kind is TimerKind.HOURS else {timer.kind}
    day = {number for number, each in book.items() if each.at.date() == entry.at.date()}
    return [each for each in timers if each.kind in kinds and each.appointment_id in day]


def _is_true(timer: Timer, entry: BookEntry) -> bool:
    """Whether the timer is of this version of the entry."""
    return timer.version == entry.version and entry.status in _STATUSES[timer.kind]


def is_coming(entry: BookEntry, now: datetime) -> bool:
    """Whether the appointment stands and has not begun."""
    return entry.status in STANDING and entry.at > now


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


def _after_visit(entry: BookEntry) -> tuple[Timer, ...]:
    """Two hours after the start or, if the visit is noted later, at once; if that is at night, in the morning.

    Nobody is asked about a visit that the bot knows only as over, such as one from before all was erased.
    """
    if entry.version == 0:
        return ()
    due_at = max(entry.at + AFTER_VISIT, entry.as_of.replace(second=0) if entry.as_of else entry.at)
    if due_at.time() >= RATING_EVENING:
        due_at = datetime.combine(due_at.date() + timedelta(days=1), RATING_MORNING)
    due_at = max(due_at, datetime.combine(due_at.date(), RATING_MORNING))
    not_after = entry.at + VISIT_LIFE
    return (_timer(entry, TimerKind.RATING, due_at, not_after),) if due_at <= not_after else ()


def _timer(entry: BookEntry, kind: TimerKind, due_at: datetime, not_after: datetime) -> Timer:
    return Timer(entry.chat_id, kind, entry.appointment_id, entry.version, due_at, not_after)
