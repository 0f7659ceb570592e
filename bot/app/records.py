"""What the shell stores, as plain values: updates, chats, deliveries, attempts, and a `Change` that joins them.

A `Change` is all that one turn of a conversation alters; it is stored whole or not at all. Nothing here knows how a
store works, nor Telegram's formats (an update's body is opaque text). Times are Unix seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from bot.core.appointment_book import Fact
from bot.views.message import Message


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """An update as it came, in the inbox. `tries` counts how often our own code failed on it."""

    update_id: int
    chat_id: int
    body: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class StoredChat:
    """A chat that is known: its session (JSON), its locale, whether it has left (blocked the bot) or wants no news."""

    chat_id: int
    session: str
    locale: str
    left: bool = False
    announcements: bool = True


class DeliveryIds:
    """Numbers for deliveries that grow, over restarts too: microseconds of the clock, or one more than the last.

    All who make deliveries share one, for two deliveries with one number cannot be stored.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0

    def seen(self, number: int) -> None:
        """Take note of an earlier process's number: the next ones are larger, though the clock was set back."""
        self._last = max(self._last, number)

    def next(self) -> int:
        """The next number."""
        self._last = max(self._last + 1, self._clock() // 1000)
        return self._last


class Urgency(IntEnum):
    """Who goes first when sending is paced; lower is sooner."""

    INTERACTIVE = 0
    NOTICE = 1
    BULK = 2


class Kind(StrEnum):
    """What a delivery does on the phone."""

    SEND = "send"
    EDIT = "edit"
    PICTURE = "picture"
    NEW_PICTURE = "new picture"
    """A picture that the messenger cannot have yet: nothing to look up."""
    DOCUMENT = "document"
    """A file (`Delivery.document`) with the message as its caption."""
    PREPARED = "prepared"
    """A call that was prepared before (`Delivery.prepared`). Where it is refused, `Outbox.refused` says so."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to a chat. `id` orders the deliveries of a chat and grows over restarts.

    `screen` is the number that its buttons are bound to (None: valid at any time); `target` is the message that an
    edit changes; `topic` is a forum's; it is not sent before `not_before`. `amends` marks the edit of an older message:
    where it is refused, nothing is lost, and of several that wait only the newest is sent. `document` is the name of a
    file whose content is read when it is sent. `prepared` is a call without its chat, as JSON. `ticket` is the
    appointment whose ticket this is. A `silent` one makes no sound.
    """

    id: int
    chat_id: int
    kind: Kind
    message: Message
    screen: int | None = None
    target: int | None = None
    urgency: Urgency = Urgency.INTERACTIVE
    not_before: float = 0.0
    topic: int | None = None
    amends: bool = False
    document: str | None = None
    prepared: str | None = None
    ticket: int | None = None
    silent: bool = False


class AttemptKind(StrEnum):
    """What an attempt tries to do at the API."""

    BOOK = "book"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """A confirmed booking or cancelling that has no outcome yet; `body` is the core's attempt as JSON."""

    chat_id: int
    number: int
    kind: AttemptKind
    body: str
    withdrawn: bool = False
    accepted: bool = False
    """Whether the API said that it is done, in words that cannot be read: it must not be asked again."""


@dataclass(frozen=True, slots=True)
class BookingCounts:
    """What a chat has: `coming` appointments, `pending` bookings without an outcome, and `booked` ones of the day."""

    coming: int
    pending: int
    booked: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of an attempt: a word for the record, and the appointment that it made (`appointment_id`)."""

    chat_id: int
    number: int
    outcome: str
    appointment_id: int | None = None
    facts: tuple[Fact, ...] = ()
    """What the appointment book learns of it."""


@dataclass(frozen=True, slots=True)
class StoredHook:
    """A webhook as it came, its signature checked. `event_id` names the event: what comes again has the same."""

    event_id: str
    body: str
    received_at: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """An update that our own code failed on for the last time, and the error's name."""

    update_id: int
    error: str


Work = Callable[[Any], None]
"""What a repository writes, given the store's connection, in its thread. Called again where the database was busy."""


@dataclass(frozen=True, slots=True)
class Change:
    """All that one turn alters. Stored in one transaction, together with other turns' changes."""

    done: tuple[int, ...] = ()
    failed: tuple[SetAside, ...] = ()
    chat: StoredChat | None = None
    returned: int | None = None
    left: int | None = None
    queued: tuple[Delivery, ...] = ()
    sent: tuple[int, ...] = ()
    ticket_message: tuple[int, int] | None = None
    """An appointment, and the number of the message that shows its ticket."""
    opened: tuple[StoredAttempt, ...] = ()
    withdrawn: tuple[int, int] | None = None
    accepted: tuple[int, int] | None = None
    settled: Settled | None = None
    facts: tuple[Fact, ...] = ()
    """What the appointment book learns."""
    picture: tuple[str, str] | None = None
    """A QR link and the `file_id` under which Telegram keeps its picture."""
    remembered: tuple[tuple[str, str], ...] = ()
    """Small facts by name, such as the API's budget."""
    works: tuple[Work, ...] = ()
    """What other repositories write in the same transaction, after all else."""
