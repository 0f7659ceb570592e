"""The values that the shell stores: updates, chats, deliveries, attempts, and the `Change` that combines them.

A `Change` has all changes of one turn; it is stored whole or not at all. Nothing here knows how a store works, nor
Telegram's formats (the body of an update is opaque text). Times are Unix seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.core.appointment_book import Fact
from bot.core.rating import RatingAnswer, RatingQuestion
from bot.core.reminders import Timer
from bot.core.statistics import Count
from bot.views.message import Message


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """A received update."""

    update_id: int
    chat_id: int
    body: str


@dataclass(frozen=True, slots=True)
class StoredChat:
    """A stored chat: its session (JSON), its locale, whether it blocked the bot, and what it wants to be sent.

    `asked_on` is the day on which it was last asked about a visit; storing a chat does not change it.
    """

    chat_id: int
    session: str
    locale: str
    left: bool = False
    announcements: bool = True
    reminders: bool = True
    ratings: bool = True
    asked_on: date | None = None


class DeliveryIds:
    """Generates increasing delivery ids, also over restarts: microseconds of the clock, or the last id plus one.

    All parts that make deliveries share one generator, because ids must be unique.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0

    def seen(self, number: int) -> None:
        """Note an id of an earlier process: the next ids are larger, even if the clock was set back."""
        self._last = max(self._last, number)

    def next(self) -> int:
        """The next id."""
        self._last = max(self._last + 1, self._clock() // 1000)
        return self._last


class Urgency(IntEnum):
    """The priority of a message when sending is rate-limited; lower goes first."""

    INTERACTIVE = 0
    NOTICE = 1
    BULK = 2


class Kind(StrEnum):
    """The effect of a delivery in the chat."""

    SEND = "send"
    EDIT = "edit"
    """An edit of the text, or of the caption if the message has a `qr_link`."""
    PICTURE = "picture"
    NEW_PICTURE = "new picture"
    """A picture that was never sent before, so it has no `file_id` to look up."""
    DOCUMENT = "document"
    """A file (`Delivery.document`) with the message as its caption."""
    VENUE = "venue"
    """A place on a map (`Message.place`)."""
    PREPARED = "prepared"
    """A prepared call (`Delivery.prepared`). If it is refused, `Outbox.refused` has the reason."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to send. `id` orders the deliveries of a chat and increases over restarts.

    `screen` is the number that its buttons are bound to (None: valid at any time); `target` is the message that an
    edit changes; `topic` is a forum's. `amends` marks the edit of an older message:
    if it is refused, nothing is lost, and of several that wait only the newest is sent. `document` is the name of a
    file whose content is read when it is sent. `prepared` is a call without its chat, as JSON. `ticket` is the
    appointment whose ticket or QR picture this is. A `silent` one makes no sound. It is dropped after `not_after`
    (office time), and once an appointment `about` has another version. One that waits with the ticket of an appointment
    is dropped when a newer one `supersedes` it, because it is untrue then. `calendar` is the appointment of a calendar
    file.
    """

    id: int
    chat_id: int
    kind: Kind
    message: Message
    screen: int | None = None
    target: int | None = None
    urgency: Urgency = Urgency.INTERACTIVE
    topic: int | None = None
    amends: bool = False
    document: str | None = None
    prepared: str | None = None
    ticket: int | None = None
    silent: bool = False
    calendar: int | None = None
    supersedes: int | None = None
    not_after: datetime | None = None
    about: tuple[tuple[int, int], ...] = ()
    """Appointments and their versions."""


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A message in a chat that shows the ticket of an appointment, or its QR picture."""

    chat_id: int
    message: int
    appointment_id: int
    is_picture: bool = False


class AttemptKind(StrEnum):
    """The kind of write that an attempt makes at the API."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"
    STRAY = "stray"
    """Cancels an appointment that the bot made without intending to (`bot.app.strays`). Nobody is told of it."""


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """A confirmed booking, cancellation or move without an outcome; `body` is the core's attempt as JSON."""

    chat_id: int
    number: int
    kind: AttemptKind
    body: str
    withdrawn: bool = False
    accepted: bool = False
    """Whether the API accepted it with an unreadable response, so that it must not be sent again."""


@dataclass(frozen=True, slots=True)
class BookingCounts:
    """The counts of a chat: `coming` appointments, `pending` bookings without an outcome, `booked` ones of the day."""

    coming: int
    pending: int
    booked: int


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """An admin blocked a chat, so that it books nothing further, or unblocked it; `at` is office time."""

    chat_id: int
    is_blocked: bool
    user_id: int
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DepartmentDay:
    """A day on which a department has appointments of our citizens.

    `as_of` is the oldest `as_of` of their entries in the appointment book (office time); None if one has none.
    """

    department_id: int
    day: date
    as_of: datetime | None = None

    @property
    def key(self) -> tuple[int, date]:
        """The department and the day."""
        return self.department_id, self.day


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of an attempt as a word, and the appointment that it made (`appointment_id`)."""

    chat_id: int
    number: int
    outcome: str
    appointment_id: int | None = None
    facts: tuple[Fact, ...] = ()
    """The resulting entries of the appointment book."""
    rearmed: tuple[int, ...] = ()
    """Appointments whose timers are set again, because they stand after all."""
    counts: tuple[Count, ...] = ()
    """What it counts in the statistics, if the attempt was still open."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new appointment of a move is booked: the open attempt with the body of its next phase.

    From this on the old appointment is to be cancelled, and nobody is reminded of it.
    """

    attempt: StoredAttempt
    appointment_id: int
    old_id: int
    fact: Fact


Step = Settled | Replaced
"""What became of an attempt: its outcome, or its next phase."""


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A received webhook with a valid signature. `event_id` identifies the event: a repetition has the same."""

    event_id: str
    body: str
    received_at: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """An update on which our own code failed for the last time, and the name of the error."""

    update_id: int
    error: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """A chat whose data is erased at the office time `at`."""

    chat_id: int
    at: datetime


CopiedTables = dict[str, list[dict[str, Any]]]
"""Rows, each with its values by column, by the name of their table."""

Work = Callable[[Any], None]
"""A write of a repository. It runs in the writer's thread, and again if the database was busy."""


@dataclass(frozen=True, slots=True)
class Change:
    """All changes of one turn. Stored in one transaction, possibly with those of other turns."""

    done: tuple[int, ...] = ()
    failed: tuple[SetAside, ...] = ()
    chat: StoredChat | None = None
    returned: int | None = None
    left: int | None = None
    queued: tuple[Delivery, ...] = ()
    sent: tuple[int, ...] = ()
    ticket_message: TicketMessage | None = None
    opened: tuple[StoredAttempt, ...] = ()
    withdrawn: tuple[int, int] | None = None
    accepted: tuple[int, int] | None = None
    settled: Settled | None = None
    replaced: Replaced | None = None
    facts: tuple[Fact, ...] = ()
    """Entries of the appointment book. The timers of an appointment are replaced with each new version of its entry."""
    fired: tuple[Timer, ...] = ()
    """Timers that were due and are deleted."""
    disarmed: tuple[int, ...] = ()
    """Appointments whose timers are deleted, although the entry did not change."""
    rearmed: tuple[int, ...] = ()
    """Appointments whose timers are set again as their entries want them."""
    calendar: int | None = None
    """An appointment whose calendar file the citizen got, in its present version."""
    coming: tuple[int, int] | None = None
    """An appointment and the version of which the citizen says that they will come."""
    asked: RatingQuestion | None = None
    """A question about a visit, which this change queues."""
    rated: RatingAnswer | None = None
    """Its answer: counted if the question is open, which it closes."""
    picture: tuple[str, str] | None = None
    """A QR link and the `file_id` under which Telegram keeps its picture."""
    saved_values: tuple[tuple[str, str], ...] = ()
    """Values by name, such as the state of the API's quota."""
    erased: Erasure | None = None
    """A chat of which all is deleted last, except the messages that this change queues."""
    works: tuple[Work, ...] = ()
    """Writes of other repositories, run last in the same transaction."""

    @property
    def all_facts(self) -> tuple[Fact, ...]:
        """The facts of its attempt, then its own."""
        replaced = (self.replaced.fact,) if self.replaced else ()
        return (*replaced, *(self.settled.facts if self.settled else ()), *self.facts)
