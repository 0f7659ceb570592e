"""What broadcasting asks of the world outside: books that remember, and a herald that carries messages.

Only shapes and meanings; `bot.storage.broadcasts` and `bot.telegram.broadcast_sender` implement them. Nothing here
knows SQL or Telegram.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
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
from bot.views.message import Message


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whose turn comes: the language they get it in, and whether they may still be written to.

    `status` befell them at `at` (Unix seconds); `message_id` is the message that they have.
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
    """What became of a recipient, for the books."""

    chat_id: int
    status: RecipientStatus
    message_id: int | None = None
    error: str | None = None


NOWHERE = 0
"""The message of a card that is gone."""


@dataclass(frozen=True, slots=True)
class ProgressMessage:
    """The message in an admin's chat that shows how a broadcast gets on; who has one follows the broadcast."""

    number: int
    chat_id: int
    message_id: int
    locale: str


@dataclass(frozen=True, slots=True)
class Admin:
    """Who acts, for the history."""

    user_id: int
    name: str


class BroadcastRepository(Protocol):
    """What is remembered of broadcasts. What is written is on the disk when a method returns.

    While the database cannot be used, every method waits until it can.
    """

    async def next_number(self) -> int:
        """A number that no broadcast ever had."""

    async def draft(self, chat_id: int) -> str | None:
        """What an admin is composing."""

    def keep_draft(self, chat_id: int, body: str | None) -> Work:
        """The write that keeps a draft, or forgets it (None)."""

    async def write(self, work: Work) -> None:
        """Write at once."""

    async def confirm(self, plan: Plan, admin: Admin, done: HistoryEntry, card: ProgressMessage) -> bool:
        """Store a confirmed broadcast and forget its draft. False: it was confirmed before, and nothing changes."""

    async def move(
        self,
        number: int,
        before: BroadcastStatus,
        after: BroadcastStatus,
        by: tuple[Admin, HistoryEntry] | None = None,
        *,
        again: bool = False,
    ) -> bool:
        """From one status to another, with the deed that led there. False: it was not in that status any more.

        `again`: the unknown are to get it again. All of it or nothing.
        """

    async def broadcast(self, number: int) -> Broadcast | None:
        """A broadcast with its history and its figures as they were written last."""

    async def recent(self, most: int) -> tuple[Broadcast, ...]:
        """The newest broadcasts, newest first."""

    async def listed(self, most: int, after: ListCursor | None = None) -> tuple[Broadcast, ...]:
        """Broadcasts in the order of `ListCursor.key`, those behind `after` where that is given."""

    async def numbers(self, statuses: frozenset[BroadcastStatus]) -> tuple[int, ...]:
        """The broadcasts in these statuses, and those that ended and are not reported yet."""

    async def reported(self, broadcast: Broadcast) -> None:
        """The report of this end has been sent; where an admin led it on meanwhile, that of the next end has not."""

    async def is_reported(self, number: int) -> bool:
        """Whether it has."""

    async def put_card(self, card: ProgressMessage) -> None:
        """Remember where an admin sees the broadcast; one an admin.

        A message shows one broadcast: where it showed another, that one is followed without a card from now on.
        """

    async def clear(self, chat_id: int, message_id: int) -> None:
        """This message shows no broadcast any more; the admin follows without a card."""

    async def lose_card(self, card: ProgressMessage) -> None:
        """The message is gone: the admin follows without one (`NOWHERE`)."""

    async def progress_messages(self, number: int) -> tuple[ProgressMessage, ...]:
        """Where the broadcast is shown."""


class RecipientRepository(Protocol):
    """Who gets a broadcast, and what became of each. What is written is on the disk when a method returns.

    While the database cannot be used, every method waits until it can.
    """

    async def prepare(self, number: int, now: datetime) -> bool:
        """Write the next page of recipients; returns whether there are more to write."""

    async def count(self, audience: Audience, now: datetime) -> int:
        """How many would get it now."""

    async def count_fates(self, number: int) -> RecipientCounts:
        """The figures, counted now and written down."""

    async def page(
        self, number: int, fates: frozenset[RecipientStatus], after: int, size: int
    ) -> tuple[Recipient, ...]:
        """Recipients of these fates with a chat number above `after`, in order."""

    async def known(self, recipient: Recipient) -> Recipient:
        """The same, with what is known now: their language, whether they left, what they want."""

    async def note(self, number: int, entries: tuple[StatusUpdate, ...]) -> None:
        """Write what became of recipients."""

    async def change_fates(self, number: int, before: RecipientStatus, after: RecipientStatus, why: str) -> int:
        """All recipients of one fate get another, for this reason; returns how many."""

    def report(self, number: int) -> AsyncIterator[tuple[StatusUpdate, ...]]:
        """Everybody's fate, in order of chat number, by pages."""


PreparedMessage = tuple[str, dict[str, Any]]
"""A message made ready for sending, as the herald wants it."""


class BroadcastSender(Protocol):
    """The way out for broadcasts. Raises `SendError`."""

    def prepared(self, content: Content, locale: str) -> PreparedMessage:
        """Make ready what a citizen who speaks `locale` gets, down to the button under it."""

    async def reach(self) -> None:
        """Ask for nothing; raises where nobody answers."""

    async def send(self, prepared: PreparedMessage, chat_id: int, *, paid: bool = False) -> int:
        """Send it; returns the message's number, 0 where the answer does not tell."""

    async def recall(self, chat_id: int, message_id: int) -> bool:
        """Take a message back. False: it is gone already."""

    async def document(self, chat_id: int, name: str, content: bytes, caption: Message) -> None:
        """Send a file."""
