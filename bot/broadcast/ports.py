"""The ports of broadcasting: two repositories and the sender, as protocols, and the values that cross them.

`bot.storage.broadcasts`, `bot.storage.recipients` and `bot.telegram.broadcast_sender` implement them. Nothing here
knows SQL or Telegram.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from bot.app.records import Work
from bot.broadcast.lifecycle import ListCursor
from bot.broadcast.model import (
    Audience,
    Broadcast,
    BroadcastStatus,
    Content,
    HistoryEntry,
    Plan,
    RecipientCounts,
    RecipientStatus,
)

NOWHERE = 0
"""The `message_id` of an admin who follows a broadcast without a progress message."""
PreparedMessage = tuple[str, dict[str, Any]]
"""A message that is ready to be sent, except for the chat: the method and its parameters."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient with what is known of their chat now: language, whether they left, whether they opted out.

    `status` was recorded at `at` (Unix seconds); `message_id` is the message they received (0: none or unknown).
    """

    chat_id: int
    locale: str
    left: bool = False
    wanted: bool = True
    message_id: int = 0
    status: RecipientStatus = RecipientStatus.PENDING
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A new status of a recipient, to be recorded."""

    chat_id: int
    status: RecipientStatus
    message_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressMessage:
    """The message in an admin's chat that shows the progress of a broadcast. Its admins follow the broadcast."""

    number: int
    chat_id: int
    message_id: int
    locale: str


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin who acts, for the history."""

    user_id: int
    name: str


@dataclass(frozen=True, slots=True)
class OwnBroadcasts:
    """What a member of staff sees of the broadcasts: those that they confirmed for departments that are theirs now."""

    user_id: int
    departments: frozenset[int]


class BroadcastRepository(Protocol):
    """Stored drafts, broadcasts, histories and progress messages. Writes are on the disk when a method returns.

    While the database cannot be used, every method waits until it can.
    """

    async def next_number(self) -> int:
        """A number that no broadcast has had."""

    async def draft(self, chat_id: int) -> str | None:
        """The draft of an admin, as text."""

    def keep_draft(self, chat_id: int, body: str | None) -> Work:
        """The write that stores a draft, or deletes it (None)."""

    async def write(self, work: Work) -> None:
        """Write at once."""

    async def confirm(self, plan: Plan, admin: Admin, entry: HistoryEntry, progress: ProgressMessage) -> bool:
        """Store a confirmed broadcast and delete its draft. False: it was confirmed before, and nothing changes."""

    async def move(
        self,
        number: int,
        before: BroadcastStatus,
        after: BroadcastStatus,
        by: tuple[Admin, HistoryEntry] | None = None,
        *,
        again: bool = False,
    ) -> bool:
        """Change the status and add to the history, in one transaction. False: the status was not `before` any more.

        `again`: recipients of unknown status become `AGAIN`.
        """

    async def broadcast(self, number: int) -> Broadcast | None:
        """A broadcast with its history, and its counts as last written."""

    async def recent(self, most: int) -> tuple[Broadcast, ...]:
        """The newest broadcasts, newest first."""

    async def listed(
        self, most: int, after: ListCursor | None = None, own: OwnBroadcasts | None = None
    ) -> tuple[Broadcast, ...]:
        """Broadcasts in the order of `ListCursor.key`, behind `after` if given; only `own` ones if given."""

    async def is_own(self, number: int, own: OwnBroadcasts) -> bool:
        """Whether a broadcast is one of these."""

    async def numbers(self, statuses: frozenset[BroadcastStatus]) -> tuple[int, ...]:
        """The broadcasts in these statuses, and the ended ones whose report was not queued."""

    def reported(self, broadcast: Broadcast) -> Work:
        """The write that marks the report of this end as queued; it changes nothing if an admin acted since."""

    async def is_reported(self, number: int) -> bool:
        """Whether the report of its end was queued."""

    async def put_progress_message(self, progress: ProgressMessage) -> None:
        """Store which message shows the broadcast to an admin, one message per admin and broadcast.

        A message shows one broadcast: another one that it showed is followed without a message from now on.
        """

    async def clear_progress_message(self, chat_id: int, message_id: int) -> None:
        """This message shows no broadcast any more; its admin follows without one."""

    async def progress_messages(self, number: int) -> tuple[ProgressMessage, ...]:
        """All progress messages of a broadcast."""


class RecipientRepository(Protocol):
    """The recipients of broadcasts and their statuses. Writes are on the disk when a method returns.

    While the database cannot be used, every method waits until it can.
    """

    async def prepare(self, number: int, now: datetime) -> bool:
        """Store the next page of recipients; returns whether there are more."""

    async def count(self, audience: Audience, now: datetime, staff_of: int | None = None) -> int:
        """How many would get it now, if the staff of this department sends it, or an admin (None)."""

    async def booked_on(self, day: date) -> dict[int, int]:
        """How many of those who get announcements are booked on a day, by department."""

    async def count_by_status(self, number: int) -> RecipientCounts:
        """Count the recipients by status, and store the counts with the broadcast."""

    async def page(
        self, number: int, statuses: frozenset[RecipientStatus], after: int, size: int
    ) -> tuple[Recipient, ...]:
        """Recipients of these statuses with a chat id above `after`, in order."""

    async def refresh(self, recipient: Recipient) -> Recipient:
        """The same recipient with what is known of their chat now."""

    async def is_booked(self, plan: Plan, chat_id: int, listed: datetime) -> bool:
        """Whether a chat still has an appointment as the plan wants it, by the time at which recipients were listed."""

    async def record(self, number: int, updates: tuple[StatusUpdate, ...]) -> None:
        """Store new statuses, in order."""

    async def change_statuses(self, number: int, before: RecipientStatus, after: RecipientStatus, why: str) -> int:
        """Give all recipients of one status another one, with this reason; returns how many."""

    def read_statuses(self, number: int, skip: int, most: int) -> AsyncIterator[tuple[StatusUpdate, ...]]:
        """The statuses of at most `most` recipients behind the first `skip`, in order of chat id, page by page."""


class BroadcastSender(Protocol):
    """Sends broadcasts and takes them back. Raises `SendError`."""

    def prepared(self, content: Content, locale: str) -> PreparedMessage:
        """The message for citizens of this language, with its opt-out button."""

    async def reach(self) -> None:
        """Check that Telegram answers; raises `SendError` if it does not."""

    async def send(self, prepared: PreparedMessage, chat_id: int, *, paid: bool = False) -> int:
        """Send it; returns the message id, 0 if the answer has none."""

    async def recall(self, chat_id: int, message_id: int) -> bool:
        """Delete a message. False: it was already deleted."""
