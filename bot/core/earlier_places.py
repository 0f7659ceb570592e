"""Alerts for earlier places: who is offered which free slot, and when an alert ends. Pure: no clock, database or texts.

A citizen asks to be told if a place earlier than their appointment becomes free, or any place in a department that has
none. Nothing is held for them: the message says so, and its button leads to the ordinary move or booking. All times are
office time.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.core.appointment_book import BookEntry
from bot.core.model import AppointmentStatus

DAYS_AHEAD = 3
"""An appointment this many days ahead or more can have an alert."""
MOST_ALERTS = 3
"""Alerts of one chat, each for another department."""
MOST_MESSAGES = 3
"""Messages of one alert; after that it ends."""
LIFETIME = timedelta(days=30)
EARLIER_BY = timedelta(hours=24)
"""How much earlier than the appointment a place must be."""
NOTICE = timedelta(hours=4)
"""How far ahead a place must be, so that the citizen can still come."""
ENDS_BEFORE = timedelta(hours=48)
"""The time before the appointment at which its alert ends."""
FIRST_HOUR, LAST_HOUR = time(8), time(20)
"""Messages are sent between these two."""
USEFUL = timedelta(minutes=30)
"""A message that could not be sent for so long is dropped."""
GONE_AT_ONCE = timedelta(minutes=2)
"""A message whose place was gone so soon is not counted."""
CHATS_A_SLOT = 2
"""How many chats are told of one free slot at a time."""
GROUP_PAUSE = timedelta(minutes=10)
"""The time after which others are told of a slot that is still free."""


@dataclass(frozen=True, slots=True)
class PlaceAlert:
    """What a citizen wants to be told: of a place earlier than an appointment, or (None) of any place.

    `sent` counts its messages; `sent_at` is when the last one was queued, and `sent_slot` the place that it offered.
    A chat has at most one alert for a department.
    """

    chat_id: int
    department_id: int
    asked_at: datetime
    appointment_id: int | None = None
    worker_id: int | None = None
    sent: int = 0
    sent_at: datetime | None = None
    sent_slot: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchedAlert:
    """An alert with what decides about it.

    `entry` is that of its appointment. `is_booked` tells, for an alert without one, whether the chat has booked in the
    department since. `has_left`: the chat blocked the bot, or is not known any more.
    """

    alert: PlaceAlert
    entry: BookEntry | None = None
    is_booked: bool = False
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class PlaceOffer:
    """A free slot to tell the citizen of an alert about."""

    alert: PlaceAlert
    slot: datetime


def can_ask(status: AppointmentStatus, at: datetime, today: date) -> bool:
    """Whether an appointment can have an alert."""
    return status is AppointmentStatus.SCHEDULED and (at.date() - today).days >= DAYS_AHEAD


def is_over(watched: WatchedAlert, now: datetime) -> bool:
    """Whether the alert has ended. The last message stays a moment longer, in case it turns out not to count."""
    alert, entry = watched.alert, watched.entry
    if watched.has_left or now - alert.asked_at >= LIFETIME:
        return True
    if alert.sent >= MOST_MESSAGES and (alert.sent_at is None or now - alert.sent_at > GONE_AT_ONCE):
        return True
    if alert.appointment_id is None:
        return watched.is_booked
    if entry is None or entry.department_id != alert.department_id:
        return True
    return entry.status is not AppointmentStatus.SCHEDULED or entry.at - now < ENDS_BEFORE


def is_sending_time(now: datetime) -> bool:
    """Whether messages are sent at this hour."""
    return FIRST_HOUR <= now.time() < LAST_HOUR


def is_due(watched: WatchedAlert, now: datetime) -> bool:
    """Whether the citizen may be told of a place now. A clock that was set back brings no second message of a day."""
    alert = watched.alert
    if is_over(watched, now) or not is_sending_time(now) or alert.sent >= MOST_MESSAGES:
        return False
    return alert.sent_at is None or alert.sent_at.date() < now.date()


def suits(watched: WatchedAlert, slot: datetime, now: datetime) -> bool:
    """Whether the slot is worth a message. The slot of the last message is not told again."""
    if slot - now < NOTICE or slot == watched.alert.sent_slot:
        return False
    return watched.entry is None or watched.entry.at - slot >= EARLIER_BY


def offers(waiting: Iterable[WatchedAlert], slots: Collection[datetime], now: datetime) -> tuple[PlaceOffer, ...]:
    """Who is told of which slot: of each at most `CHATS_A_SLOT`, first asked first served, the earliest slot first."""
    told: Counter[datetime] = Counter()
    found: list[PlaceOffer] = []
    for each in sorted(waiting, key=lambda each: (each.alert.asked_at, each.alert.chat_id)):
        if not is_due(each, now):
            continue
        suitable = (slot for slot in slots if told[slot] < CHATS_A_SLOT and suits(each, slot, now))
        if slot := min(suitable, default=None):
            told[slot] += 1
            found.append(PlaceOffer(each.alert, slot))
    return tuple(found)


def told(alert: PlaceAlert, slot: datetime, now: datetime) -> PlaceAlert:
    """The alert after a message was queued."""
    return replace(alert, sent=alert.sent + 1, sent_at=now.replace(microsecond=0), sent_slot=slot)


def without_gone(alert: PlaceAlert, slot: datetime, now: datetime) -> PlaceAlert | None:
    """The alert if its last message does not count, because its place was gone at once; None if it counts."""
    is_last = alert.sent > 0 and alert.sent_at is not None and alert.sent_slot == slot
    if not is_last or alert.sent_at is None or not timedelta() <= now - alert.sent_at <= GONE_AT_ONCE:
        return None
    return replace(alert, sent=alert.sent - 1, sent_at=None)


def not_after(now: datetime) -> datetime:
    """Until when a message that is queued now is of use. It is not sent at night either."""
    return min(now + USEFUL, datetime.combine(now.date(), LAST_HOUR))


def asked_again(before: WatchedAlert | None, alert: PlaceAlert, now: datetime) -> PlaceAlert:
    """The alert to store when the citizen asks, given the one that the chat has for the department, if any.

    Asking twice changes nothing. Messages that were sent today count for a new alert too: it is still one a day.
    """
    if before is None:
        return alert
    is_open = not is_over(before, now)
    if is_open and (before.alert.appointment_id, before.alert.worker_id) == (alert.appointment_id, alert.worker_id):
        return before.alert
    return replace(
        alert,
        sent=before.alert.sent if is_open else 0,
        sent_at=before.alert.sent_at,
        sent_slot=before.alert.sent_slot,
    )
