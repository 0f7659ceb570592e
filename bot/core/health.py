"""The health report: the state of the bot and of the services that it uses, for `/status` and the metrics.

Nothing here names a citizen. Knows neither if the figures come from nor how they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from bot.core.model import FailureCode


class ChatLimit(StrEnum):
    """A limit of what one chat may use up. The values are the labels of the metrics."""

    UPDATES = "updates"
    """Updates sent before the bot answered; those beyond it are not read."""
    OPEN = "coming_appointments"
    PER_DAY = "bookings_a_day"
    BLOCKED = "blocked"
    """Bookings tried by chats that an admin has blocked."""
    MOVES = "moves"
    """Moves of one appointment within a week."""
    NUMBERS = "wrong_numbers"
    """Appointment numbers that are not the chat's."""
    LISTS = "own_appointments"
    """Readings of the chat's appointments."""
    READINGS = "slot_readings"
    """Readings of slots that no cached copy could answer."""


class BotIssue(StrEnum):
    """A problem of the bot itself that operators must know of. The values are stored."""

    LATE_UPDATES = "late_updates"
    """Updates wait for long."""


@dataclass(frozen=True, slots=True)
class OperatorIssue:
    """A problem that only the operator can solve.

    OUT_OF_CREDITS or NO_ACCESS, of one department or of all, or one of the bot itself.
    """

    code: FailureCode | BotIssue
    department_id: int | None = None

    @property
    def key(self) -> str:
        """A word for it, by which it is stored and sorted."""
        return str(self.code) if self.department_id is None else f"{self.code}.{self.department_id}"

    @classmethod
    def of(cls, key: str) -> Self:
        """The reverse of `key`. Raises ValueError for what is none."""
        code, _, department = key.partition(".")
        if code in set(BotIssue):
            return cls(BotIssue(code))
        return cls(FailureCode(code), int(department) if department else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHealth:
    """The state of the moncreneau API. Times are aware, in UTC; None means unknown."""

    reachable: bool
    """Whether it answered the last request."""
    accepts: bool = True
    """Whether it carries out bookings and cancellings, as far as was tried."""
    heard: datetime | None = None
    """When it last answered."""
    limit: int | None = None
    """Requests that it grants an hour."""
    remaining: int | None = None
    reset: datetime | None = None
    blocked_until: datetime | None = None
    hits: int = 0
    """Reads answered from memory, stale copies and shared requests included."""
    misses: int = 0
    """Reads for which the service had to be asked, and those that failed."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Requests that left this machine since the start, by urgency: `read`, `settle`, `write`."""
    booked: int = 0
    """Bookings that it answered since the start."""
    lost_races: int = 0
    """Bookings that it refused since the start because the slot was taken."""
    slot_age: float | None = None
    """The median age of the slots that citizens were shown recently, in seconds."""
    last_error: str | None = None
    """Status and code, nothing else."""
    last_error_at: datetime | None = None
    open_issues: frozenset[OperatorIssue] = frozenset()
    clock_gap: float | None = None
    """Seconds by which its clock is ahead of ours."""

    @property
    def lost_races_per_booking(self) -> float | None:
        """Bookings refused because the slot was taken, for each that was made since the start."""
        return self.lost_races / self.booked if self.booked else None

    @property
    def hit_rate(self) -> float | None:
        """The share of reads that cost no request."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHealth:
    """How the service's webhooks come in. `last` is when the last good one came (aware, in UTC); None: never."""

    last: datetime | None
    refused: int
    """Those with a wrong signature or none since the start."""
    set_aside: int
    """Those that could not be read, or on which our own code failed, since the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatesHealth:
    """How Telegram's updates come in by webhook. The counts are of this process, since its start."""

    last: datetime | None
    """When the last one came, to any process (aware, in UTC); None: never."""
    refused: int
    """Requests without Telegram's secret."""
    postponed: int
    """Updates that could not be stored at that moment, which Telegram repeats."""
    can_deliver: bool = True
    """Whether Telegram can deliver updates, as far as it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderHealth:
    """The reminders of appointments; the last three since the start."""

    due: int
    """Timers that are due and not done."""
    late: int
    """Those that are due for ten minutes."""
    sent: int
    """Messages that were queued."""
    dropped: int
    """Messages that would have been too late or untrue."""
    coming: int
    """Answers of citizens that they come."""


class Role(StrEnum):
    """What a process does beside others on the same database."""

    LEADER = "leader"
    """It acts."""
    STANDBY = "standby"
    """It waits to take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaHealth:
    """One process among those on the same database, and who leads them."""

    role: Role
    replica: str
    """Its name."""
    leader: str | None
    """The name of the leader; None if there is none."""
    since: datetime | None
    """Since when it leads, aware, in UTC."""
    epoch: int
    """Counts the leaders so far."""
    lease_age: float | None
    """Seconds since the leader renewed its lease."""
    takeovers: int
    """How many leaders ended without resigning."""
    standbys: int
    """How many processes stand by."""
    database: bool = True
    """Whether the lease could be read or renewed a moment ago."""

    def at_age(self, lease_age: float | None, *, database: bool) -> Self:
        """The same some time later."""
        return replace(self, lease_age=lease_age, database=database)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAlertHealth:
    """The alerts for earlier places."""

    open: int
    """Alerts now, of all citizens."""
    sent: int
    """Messages that were queued since the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """The state of everything at `at` (aware, in UTC); `since` is when the process started."""

    at: datetime
    since: datetime
    api: ApiHealth
    requests_today: int
    """Requests to the API since midnight in the office, over restarts."""
    booked_today: int
    inbox: int
    """Updates and results that wait or are being worked on."""
    outbox: int
    """Messages that wait."""
    attempts: int
    """Bookings and cancellings without an outcome."""
    set_aside: int
    """Updates on which our own code failed."""
    telegram: bool
    """Whether Telegram answered recently."""
    database: bool
    """Whether the database can be written."""
    sent: int = 0
    """Messages sent since the start."""
    stalled: int = 0
    """Chats whose oldest message has waited for ten minutes."""
    refused: int = 0
    """Messages that Telegram refused since the start."""
    webhooks: WebhookHealth | None = None
    """None if webhooks are not received."""
    updates: UpdatesHealth | None = None
    """None if updates are polled."""
    oldest_update: float | None = None
    """Seconds for which the oldest update has waited that is not done; 0 if all are, None if nobody knows."""
    reminders: ReminderHealth | None = None
    """None if nobody asked."""
    place_alerts: PlaceAlertHealth | None = None
    """None if nobody asked."""
    replica: ReplicaHealth | None = None
    """None on SQLite, where one process works alone."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """The bookings and cancellations since the start by outcome: `booked`, `cancelled`, `withdrawn`, or the problem."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """The moves since the start by outcome: `moved`, `both`, `kept`, `withdrawn`, or the problem."""
    limits_reached: Mapping[ChatLimit, int] = field(default_factory=dict)
    """How often a chat was refused something since the start, by the limit that it had reached."""

    @property
    def per_booking(self) -> float | None:
        """Requests for each booking made today."""
        return self.requests_today / self.booked_today if self.booked_today else None

    @property
    def uptime(self) -> timedelta:
        """How long the process has been running."""
        return self.at - self.since
