"""What a broadcast is: its content in each language, whom it is for, where it stands, and what was done to it.

Plain frozen values, shared by composing, steering, the shell and the views. Knows nothing of Telegram: how a text is
formatted is an opaque `look` that only the messenger reads. Times are naive office time.

How a broadcast looks to an admin at this moment: what is stored of it, and what only the running process knows.

A confirmed broadcast's plan as versioned JSON and back. Knows nothing of where the JSON is kept.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.core.json_codec import JsonCodec


class Media(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    PHOTO = "photo"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Content:
    """A message as the admin sent it: its text (or caption), its file, and its look, which is not ours to read."""

    media: Media
    text: str
    file_id: str = ""
    look: str = "{}"


@dataclass(frozen=True, slots=True)
class Version:
    """The content for the citizens who speak `locale`; the first version of a broadcast is for all others too."""

    locale: str
    content: Content


def content_for(versions: tuple[Version, ...], locale: str) -> Content:
    """What a citizen who speaks `locale` gets; a language that has no version of its own gets the first one."""
    return next((each for each in versions if each.locale == locale), versions[0]).content


@dataclass(frozen=True, slots=True)
class Everyone:
    """All citizens."""

    kind: Literal["everyone"] = "everyone"


@dataclass(frozen=True, slots=True)
class Speakers:
    """Those to whom the bot speaks this language."""

    locale: str
    kind: Literal["speakers"] = "speakers"


@dataclass(frozen=True, slots=True)
class Visitors:
    """Those with a coming appointment in this department."""

    department_id: int
    name: str
    kind: Literal["visitors"] = "visitors"


@dataclass(frozen=True, slots=True)
class Dated:
    """Those with an appointment from `first` to `last`, both included."""

    first: date
    last: date
    kind: Literal["dated"] = "dated"


Audience = Annotated[Everyone | Speakers | Visitors | Dated, Field(discriminator="kind")]
"""Always without those who left and those who want no announcements."""


class RecipientStatus(StrEnum):
    """What became of one recipient."""

    PENDING = "pending"
    AGAIN = "again"  # was UNKNOWN, and an admin asked that it be sent again
    SENDING = "sending"  # on the wire; after a kill nobody knows, so it becomes UNKNOWN
    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"  # wanted no announcements any more when the turn came
    RECALLED = "recalled"


class BroadcastStatus(StrEnum):
    """Where a broadcast stands. What is to be done next can be read off it, so that a restart goes on."""

    PREPARING = "preparing"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    RECALLING = "recalling"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """How many recipients have which fate."""

    counts: tuple[tuple[RecipientStatus, int], ...] = ()

    def of(self, status: RecipientStatus) -> int:
        """How many have this fate."""
        return dict(self.counts).get(status, 0)

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(number for _, number in self.counts)

    @property
    def left(self) -> int:
        """Those whose turn has not come, or is just now."""
        return self.of(RecipientStatus.PENDING) + self.of(RecipientStatus.AGAIN) + self.of(RecipientStatus.SENDING)


class AdminAction(StrEnum):
    """What an admin did to a broadcast."""

    CONFIRMED = "confirmed"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    RECALLED = "recalled"
    RESENT = "resent"
    INSISTED = "insisted"
    UNPAID = "unpaid"  # nobody's deed: it was paused because what it costs could not be paid


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who did what, and when. `user_id` where the name alone does not tell who."""

    who: str
    action: AdminAction
    at: datetime
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an admin confirmed, under a number that no other broadcast has.

    `starts` is when sending begins (None: at once); `at_night` when the admin insisted that it may begin by night.
    """

    number: int
    versions: tuple[Version, ...]
    audience: Audience
    starts: datetime | None = None
    at_night: bool = False


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A confirmed broadcast with all that is known of it."""

    plan: Plan
    status: BroadcastStatus
    figures: RecipientCounts = field(default_factory=RecipientCounts)
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class BroadcastSnapshot:
    """A broadcast; `resting` says until when the night holds it up, `seconds` how long it will still take."""

    broadcast: Broadcast
    resting: datetime | None = None
    seconds: float | None = None


_CODEC = JsonCodec(Plan)


def write_plan(plan: Plan) -> str:
    """The plan as JSON, led by its version."""
    return _CODEC.write(plan)


def read_plan(text: str) -> Plan:
    """The plan. Raises `ValueError` where the text is none: what was confirmed must not get lost silently."""
    return _CODEC.read(text)
