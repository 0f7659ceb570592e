"""An appointment as an event of the phone's calendar (RFC 5545): which event it is, which version, when it rings.

Pure: the shell gives the times in UTC, since only it knows the office's zone.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from bot.core.appointment_book import BookEntry
from bot.core.model import AppointmentStatus, Department

NAME = re.compile(r"rdv-([0-9]{1,19})\.ics")
USUAL_LENGTH = timedelta(minutes=30)
"""If the department does not tell how long a slot is."""
ALARM_BEFORE = timedelta(hours=3)
EARLY, EVENING = time(10), time(18)
"""Before an appointment earlier than the first hour, the alarm rings at the second one on the evening before."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """The event. `starts`, `made` (when its file is made) and `changed` are aware, in UTC."""

    entry: BookEntry
    department: Department
    starts: datetime
    made: datetime
    changed: datetime | None = None

    @property
    def ends(self) -> datetime:
        """The end of the slot."""
        minutes = self.department.slot_duration
        return self.starts + (timedelta(minutes=minutes) if minutes else USUAL_LENGTH)

    @property
    def uid(self) -> str:
        """What stays the same through every change, so that a calendar finds the event again."""
        return self.entry.ics_uid or calendar_uid(self.entry.appointment_id)

    @property
    def sequence(self) -> int:
        """How often it changed: a calendar ignores what is older than what it has."""
        return self.entry.version

    @property
    def is_cancelled(self) -> bool:
        """Whether it is to be removed from the calendar."""
        return self.entry.status is AppointmentStatus.CANCELLED

    @property
    def alarm(self) -> timedelta:
        """How long before the start the phone rings."""
        at = self.entry.at
        if at.time() >= EARLY:
            return ALARM_BEFORE
        return at - datetime.combine(at.date() - timedelta(days=1), EVENING)


def file_name(appointment_id: int) -> str:
    """The name of an appointment's file."""
    return f"rdv-{appointment_id}.ics"


def appointment_in(name: str) -> int | None:
    """The reverse of `file_name`; None for other files."""
    found = NAME.fullmatch(name)
    return int(found[1]) if found else None


def calendar_uid(first_id: int) -> str:
    """The UID of the event of an appointment, and of those that replace it, by the first one's number."""
    return f"{first_id}@moncreneau-bot"


def root_of(uid: str) -> str:
    """The UID of the first appointment of a chain of moves, from that of any of them."""
    return uid.rpartition(".")[2]


def inherit(entry: BookEntry, old: BookEntry | None, old_id: int) -> BookEntry:
    """The entry of an appointment that replaces `old`, which may be unknown: for a calendar it is the same event.

    The UID stays that of the first appointment, and the versions go on, because they are the SEQUENCE.
    """
    if entry.ics_uid:
        return entry
    return replace(
        entry,
        version=entry.version + (old.version if old else 0) + 1,
        ics_uid=(old.ics_uid if old else None) or calendar_uid(old_id),
        ics_sent=old.ics_sent if old else None,
    )


def bequeath(old: BookEntry, new_id: int) -> BookEntry:
    """The entry of an appointment that `new_id` replaces: the event in the calendar is not its own any more.

    If it cannot be cancelled, or its file is asked for before it is, it is another event. It is a new version, so that
    no message about the old one is sent any more.
    """
    root = root_of(old.ics_uid or calendar_uid(old.appointment_id))
    return replace(old, version=old.version + 1, ics_uid=f"{new_id}.{root}", ics_sent=None)
