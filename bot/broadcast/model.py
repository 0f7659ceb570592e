"""The values of a broadcast: content, audience, plan, status, recipient counts and history.

All of them are frozen. Knows nothing of Telegram: the formatting of a text is an opaque `look` that only the sender
reads. Times are naive office time. A plan round-trips through versioned JSON.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.core.json_codec import JsonCodec


class Media(StrEnum):
    """The kind of a message: text, photo or document."""

    TEXT = "text"
    PHOTO = "photo"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Content:
    """A message as the admin sent it: text or caption, `file_id`, and formatting as opaque JSON (`look`)."""

    media: Media
    text: str
    file_id: str = ""
    look: str = "{}"


@dataclass(frozen=True, slots=True)
class Version:
    """The content for citizens whose language is `locale`. The first version also goes to all other languages."""

    locale: str
    content: Content


def content_for(versions: tuple[Version, ...], locale: str) -> Content:
    """The content for `locale`, or the first version if that language has none."""
    return next((each for each in versions if each.locale == locale), versions[0]).content


@dataclass(frozen=True, slots=True)
class Everyone:
    """All citizens."""

    kind: Literal["everyone"] = "everyone"


@dataclass(frozen=True, slots=True)
class Speakers:
    """Citizens who use the bot in this language."""

    locale: str
    kind: Literal["speakers"] = "speakers"


@dataclass(frozen=True, slots=True)
class Visitors:
    """Citizens with an upcoming appointment in this department."""

    department_id: int
    name: str
    kind: Literal["visitors"] = "visitors"


@dataclass(frozen=True, slots=True)
class Dated:
    """Citizens with an appointment from `first` to `last`, both included."""

    first: date
    last: date
    kind: Literal["dated"] = "dated"


@dataclass(frozen=True, slots=True)
class DayVisitors:
    """Citizens with an appointment in this department from `first` to `last`, both included."""

    department_id: int
    name: str
    first: date
    last: date
    kind: Literal["day_visitors"] = "day_visitors"


Audience = Annotated[Everyone | Speakers | Visitors | Dated | DayVisitors, Field(discriminator="kind")]
"""Citizens who blocked the bot or opted out of announcements are never part of an audience."""


def department_of(audience: Audience) -> int | None:
    """The department to whose citizens the audience is limited; None if it is limited to none."""
    return audience.department_id if isinstance(audience, Visitors | DayVisitors) else None


class RecipientStatus(StrEnum):
    """The state of one recipient. Stored by value."""

    PENDING = "pending"
    AGAIN = "again"  # was UNKNOWN; an admin asked to send it again
    SENDING = "sending"  # in flight; becomes UNKNOWN if the process dies
    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"  # opted out, or no longer booked, before their turn
    RECALLED = "recalled"


class BroadcastStatus(StrEnum):
    """The status of a broadcast. It determines the next step, also after a restart. Stored by value."""

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
    """How many recipients have which status."""

    by_status: tuple[tuple[RecipientStatus, int], ...] = ()

    def of(self, status: RecipientStatus) -> int:
        """How many have this status."""
        return dict(self.by_status).get(status, 0)

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(number for _, number in self.by_status)

    @property
    def left(self) -> int:
        """How many are still to be sent to, or are being sent to now."""
        return self.of(RecipientStatus.PENDING) + self.of(RecipientStatus.AGAIN) + self.of(RecipientStatus.SENDING)


class AdminAction(StrEnum):
    """An action of an admin on a broadcast, for the history. Stored by value."""

    CONFIRMED = "confirmed"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    RECALLED = "recalled"
    RESENT = "resent"
    INSISTED = "insisted"
    UNPAID = "unpaid"  # done by nobody: paused because Telegram refused a paid broadcast


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An action with its admin and time. `user_id` is given if two admins have the same name."""

    who: str
    action: AdminAction
    at: datetime
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A broadcast as an admin confirmed it, with a unique number.

    Sending begins at `starts` (None: at once). `at_night`: the admin allowed it to begin at night. `department_id`: its
    staff sends it, and nobody gets it who is not booked there, whatever the audience says.
    """

    number: int
    versions: tuple[Version, ...]
    audience: Audience
    starts: datetime | None = None
    at_night: bool = False
    department_id: int | None = None

    @property
    def is_for_booked(self) -> bool:
        """Whether only chats with an appointment get it."""
        return self.department_id is not None or isinstance(self.audience, Visitors | Dated | DayVisitors)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A confirmed broadcast with its status, recipient counts and history, as stored."""

    plan: Plan
    status: BroadcastStatus
    counts: RecipientCounts = field(default_factory=RecipientCounts)
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class BroadcastSnapshot:
    """A broadcast at this moment. `resumes_at`: it pauses for the night until then; `seconds`: time still needed."""

    broadcast: Broadcast
    resumes_at: datetime | None = None
    seconds: float | None = None


_CODEC = JsonCodec(Plan)


def write_plan(plan: Plan) -> str:
    """The plan as versioned JSON."""
    return _CODEC.write(plan)


def read_plan(text: str) -> Plan:
    """The plan. Raises `ValueError` on unreadable text: a confirmed broadcast must not get lost silently."""
    return _CODEC.read(text)
