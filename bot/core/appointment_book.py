"""The bot's entry of each appointment. One function changes it: `absorb(entry, fact) -> (entry, effects)`.

Facts come from the citizen's own actions, from lists that are read anyway, from webhooks, and from lookups. In whatever
order and however often they come, the entry is the same in the end, and each change that somebody else made is news
once. Pure: knows no clock, no database, no words. All times are office time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.model import Appointment, AppointmentStatus
from bot.core.names import visible

OVER = frozenset({AppointmentStatus.CANCELLED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW})
"""Final statuses: only a lookup at the API changes them, not a late webhook."""


class Origin(StrEnum):
    """Who made an appointment; stored."""

    BOT = "bot"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class BookEntry:
    """An appointment as the bot knows it. `at` is exact to the minute.

    `version` grows by one with every change of time, department, member of staff or status. `as_of` is when the
    service said so, to the second (None: an earlier release did not note it). `name` is kept until that day is over.
    `booked_at` is when the present time was agreed: when the appointment was made, or moved. `ics_uid` and `ics_sent`
    are the UID and the last SEQUENCE of its calendar file (RFC 5545); None: the UID is that of its own number, and no
    file was sent.
    """

    appointment_id: int
    chat_id: int
    department_id: int
    at: datetime
    status: AppointmentStatus = AppointmentStatus.SCHEDULED
    version: int = 0
    as_of: datetime | None = None
    name: str | None = None
    worker_id: int | None = None
    ics_uid: str | None = None
    ics_sent: int | None = None
    booked_at: datetime | None = None
    origin: Origin | None = None
    qr_link: str | None = None

    @property
    def is_coming(self) -> bool:
        """Whether the appointment stands, by its status."""
        return self.status not in OVER

    @property
    def appointment(self) -> Appointment:
        """The appointment with what is known of it here."""
        return Appointment(
            self.appointment_id,
            self.department_id,
            self.at,
            self.name or "",
            self.status,
            qr_link=self.qr_link,
            worker_id=self.worker_id,
        )


class Source(StrEnum):
    """The source of a fact."""

    ATTEMPT = "attempt"  # the citizen's own action in this bot
    LIST = "list"  # a list that was read for the citizen
    READING = "reading"  # a lookup of this appointment at the API
    WEBHOOK = "webhook"
    DAY = "day"  # all appointments of a department's day, read to find changes that nobody reported


_ORIGINS = {
    Source.ATTEMPT: Origin.BOT,
    Source.WEBHOOK: Origin.OFFICE,
    Source.READING: Origin.OFFICE,
    Source.DAY: Origin.OFFICE,
}
"""Who made an appointment, by the source of its first fact. After a list it is unknown."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about an appointment, true at `as_of` or up to `age` later, as a list is that may be a copy.

    `appointment` is None if there is no such appointment, or none any more. `is_new` tells that the service says
    that it was just made. `by_office` is whether the office cancelled it, None if nobody knows; `reason` is theirs.
    `replaces` is the appointment that the citizen moves: this one replaces it.
    """

    appointment_id: int
    chat_id: int
    as_of: datetime
    source: Source
    appointment: Appointment | None = None
    is_new: bool = False
    by_office: bool | None = None
    reason: str = ""
    replaces: int | None = None
    age: timedelta = timedelta()

    @property
    def until(self) -> datetime:
        """When it was true at the latest. What is not newer than that may be older, and does not replace it."""
        return self.as_of + self.age


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The fact leaves it open: look the appointment up, and absorb the result."""


@dataclass(frozen=True, slots=True)
class WasCancelled:
    """Somebody else cancelled the appointment. `by_office`: the office did; None if unknown."""

    by_office: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WasMoved:
    """The office changed time, department or member of staff; `before` is the previous entry."""

    before: BookEntry


@dataclass(frozen=True, slots=True)
class WasMade:
    """The office made the appointment, or restored it."""


@dataclass(frozen=True, slots=True)
class WasValidated:
    """The office noted that the citizen came."""


News = WasCancelled | WasMoved | WasMade | WasValidated
BookEffect = LookAgain | News


def absorb(entry: BookEntry | None, fact: Fact) -> tuple[BookEntry | None, tuple[BookEffect, ...]]:
    """The entry after the fact, and its effects. The shell decides whether news of a past appointment is told."""
    if entry is None:
        return _first(fact)
    if fact.appointment is None and fact.source in {Source.LIST, Source.WEBHOOK, Source.DAY}:
        # That a list lacks it, or a webhook tells nothing of it, is no proof.
        return entry, (LookAgain(),) if entry.is_coming and not _is_older(fact, entry) else ()
    if entry.worker_id is None and fact.appointment:  # an unknown appointment
        entry = replace(entry, worker_id=fact.appointment.worker_id)
    after = _said(entry, fact)
    if _state(after) == _state(entry):
        return replace(after, as_of=_latest(entry, fact)), ()
    if fact.source is Source.WEBHOOK and (_is_older(fact, entry, or_equal=True) or not entry.is_coming):
        return entry, (LookAgain(),)
    if fact.source in {Source.LIST, Source.DAY} and _is_older(fact, entry):
        return entry, ()
    # A result of a lookup or of an attempt is newer than everything known before.
    after = replace(after, version=entry.version + 1, as_of=_latest(entry, fact))
    if after.at != entry.at:
        after = replace(after, booked_at=_minute(fact.as_of))
    return after, _news(entry, after, fact)


def _first(fact: Fact) -> tuple[BookEntry | None, tuple[BookEffect, ...]]:
    """Handle an appointment that is not in the book.

    A webhook is complete only if it says that the appointment was just made; after others it is looked up.
    """
    if fact.source is Source.WEBHOOK and not (fact.is_new and fact.appointment):
        return None, (LookAgain(),)
    found = fact.appointment
    if found is None:
        return None, ()
    blank = BookEntry(
        fact.appointment_id,
        fact.chat_id,
        found.department_id,
        _minute(found.at),
        as_of=fact.until,
        booked_at=_minute(found.created_at or fact.as_of),
        origin=_ORIGINS.get(fact.source),
    )
    entry = _said(blank, fact)
    is_news = fact.source in {Source.WEBHOOK, Source.READING, Source.DAY} and entry.is_coming
    return entry, (WasMade(),) if is_news else ()


def _said(entry: BookEntry, fact: Fact) -> BookEntry:
    """The entry with the values of the fact; values that it lacks stay."""
    found = fact.appointment
    if found is None:
        return replace(entry, status=AppointmentStatus.CANCELLED)
    status = entry.status if found.status is AppointmentStatus.UNKNOWN else found.status
    return replace(
        entry,
        department_id=found.department_id,
        at=_minute(found.at),
        status=status,
        name=visible(found.name) or entry.name,
        worker_id=entry.worker_id if found.worker_id is None else found.worker_id,
        qr_link=found.qr_link or entry.qr_link,
    )


def _news(before: BookEntry, after: BookEntry, fact: Fact) -> tuple[BookEffect, ...]:
    """The news for the citizen: changes that they did not make themselves."""
    if fact.source is Source.ATTEMPT:
        return ()
    if not after.is_coming:
        if after.status is AppointmentStatus.CANCELLED and before.is_coming:
            return (WasCancelled(fact.by_office, fact.reason),)
        is_validated = after.status is AppointmentStatus.COMPLETED and fact.source is not Source.LIST
        return (WasValidated(),) if is_validated else ()
    if not before.is_coming:
        return (WasMade(),)
    return (WasMoved(before),) if _place(after) != _place(before) else ()


def _is_older(fact: Fact, entry: BookEntry, *, or_equal: bool = False) -> bool:
    """Whether the fact is older than the entry or, with `or_equal`, of the same second, whose order is unknown."""
    return entry.as_of is not None and (fact.as_of < entry.as_of or (or_equal and fact.as_of == entry.as_of))


def _latest(entry: BookEntry, fact: Fact) -> datetime:
    return fact.until if entry.as_of is None else max(fact.until, entry.as_of)


def _state(entry: BookEntry) -> tuple[object, ...]:
    """The values whose change makes a new version."""
    return (*_place(entry), entry.status)


def _place(entry: BookEntry) -> tuple[object, ...]:
    """When, where, and with whom."""
    return entry.at, entry.department_id, entry.worker_id


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
