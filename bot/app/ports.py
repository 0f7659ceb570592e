"""What the shell asks of the world outside: the moncreneau API, the messenger, the store and the time.

Only shapes and meanings stand here; `bot.moncreneau`, `bot.telegram` and `bot.storage` implement them, tests use other
implementations of the same protocols. Nothing here knows HTTP, SQL or Telegram.
"""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from bot.app.records import Change, Delivery, StoredAttempt, StoredChat, StoredUpdate
from bot.core.appointment_book import BookEntry
from bot.core.model import Appointment, Department, Failure, FailureCode, Order, Slot

Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot that a citizen has chosen. `confirmed`: they wait for its booking."""

    department_id: int
    at: datetime
    worker_id: int | None = None
    confirmed: bool = False


class WriteOutcome(Enum):
    """What a failed request did to the world; only writes care."""

    REFUSED = "refused"  # surely not done, and asking the same again is pointless
    NOT_SENT = "not sent"  # surely not done; the same may be asked again later
    UNKNOWN = "unknown"  # may have been done: ask what happened before asking again
    ACCEPTED = "accepted"  # said to be done, in words that cannot be read: never ask the same again


class ApiError(Exception):
    """A request to the moncreneau API failed. Carries no key, name or chat id, so that it may be logged."""

    outcome: WriteOutcome
    failure: Failure
    retry_after: float | None
    """Seconds before which the same request must not be sent again, where the service said so."""
    presumed_refusal: FailureCode | None = None
    """Where it may have been done: why it was refused, if it turns out that it was not. None: it may be asked again."""
    seen: tuple[Appointment, ...] = ()
    """What could be read of a list of appointments nevertheless."""


class Need(Enum):
    """Why a citizen's appointments are read: how fresh they must be, and how urgent it is."""

    LOOK = "look"  # the citizen wants to see them; some seconds old will do
    CANCEL = "cancel"  # a cancelling waits for it, the same; nearly as urgent as a write
    SETTLE = "settle"  # an unknown outcome is looked for: afresh, through all pages, nearly as urgent as a write
    SETTLE_AGAIN = "settle again"  # the same after the first looks failed: less urgent, for it may go on for hours
    BACKGROUND = "background"  # nobody waits for it: takes what nobody else needs


class Moncreneau(Protocol):
    """The moncreneau API as the conversation uses it. Every method raises `ApiError`."""

    async def departments(self) -> tuple[Department, ...]:
        """All departments that take appointments, active ones only; may be some minutes old."""

    async def availability(
        self, department_id: int, first: date, last: date, worker_id: int | None = None
    ) -> tuple[Slot, ...]:
        """The slots to offer from `first` to `last` (both included), earliest first; some minutes old in busy hours.

        A slot that other citizens hold or just booked is left out, unless its day has no other: then it is `perhaps`.
        The API does not tell slots by member of staff; what the bot did itself it knows for each of them.
        """

    def hold(self, owner: str, choice: Choice | None, *, check: bool = False) -> datetime | None:
        """Hold the slot that a citizen is about to confirm, until three minutes from now; None: none any more.

        Answered at once, from memory, with the time held. With `check` that is another one where somebody else holds
        the chosen one or a reading shows it taken: the nearest free one, of the same day if there is one. None: there
        is none.
        """

    async def appointment(self, appointment_id: int, need: Need = Need.SETTLE) -> Appointment | None:
        """One appointment as it is now, or None where the API knows none of that number."""

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """All appointments, of every status, whose `externalUserId` is `owner`, in order of time.

        One that cannot be read is left out, unless an outcome is settled: then the error has in `seen` what could be
        read.
        """

    async def book(self, order: Order) -> Appointment:
        """Create the appointment: exactly one POST, never repeated in here."""

    async def cancel(self, appointment_id: int) -> None:
        """Cancel the appointment: exactly one DELETE, never repeated in here. 404 raises with APPOINTMENT_GONE."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the messenger answered: the message's number, and the picture's `file_id` where there was one."""

    message_id: int = 0
    file_id: str | None = None


class SendError(Exception):
    """A delivery came to nothing. Carries the messenger's words, never the message's."""


class FloodedError(SendError):
    """Too many messages; surely not sent. Try again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"flooded for {retry_after} s")
        self.retry_after = retry_after


class ChatLeftError(SendError):
    """The chat blocked the bot or is gone; nothing can be sent until it returns."""


class ChatGoneError(ChatLeftError):
    """The chat does not exist any more, or never did."""


class MessageRefusedError(SendError):
    """This message is refused for good; others are not."""


class UnpaidError(SendError):
    """Surely not sent: what sending costs cannot be paid."""


class EditLostError(SendError):
    """The message to edit is not there any more, or cannot be edited."""


class NotSentError(SendError):
    """Surely not sent, for a passing reason."""


class MaybeSentError(SendError):
    """Nobody knows whether it was sent: the answer was lost."""


class Messenger(Protocol):
    """The way out: one delivery, one call."""

    async def deliver(self, delivery: Delivery, file_id: str | None) -> Receipt:
        """Send or edit. Raises `SendError`; *message is not modified* is a success."""

    async def typing(self, chat_id: int) -> None:
        """Show that the bot is at work. Never raises."""


class Store(Protocol):
    """What the shell keeps. Every method may wait while the database cannot be used."""

    async def commit(self, change: Change) -> None:
        """Store the change whole; returns when it is on the disk."""

    def commit_soon(self, change: Change) -> None:
        """Store the change whole, soon; nobody waits."""

    async def receive(self, updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store what arrived; returns what is new, by id, when it is on the disk."""

    async def chat(self, chat_id: int) -> StoredChat | None:
        """What is known of a chat."""

    async def open_updates(self) -> tuple[StoredUpdate, ...]:
        """What was received and not done, by id."""

    def open_deliveries(self) -> AsyncIterator[Delivery]:
        """What is not surely sent, by id."""

    async def open_attempts(self, chat_id: int | None = None) -> tuple[StoredAttempt, ...]:
        """The attempts without an outcome, of one chat or of all, oldest first."""

    async def attempt(self, chat_id: int, number: int) -> StoredAttempt | None:
        """An attempt as it stands now; None where it has its outcome."""

    async def open_attempts_of(self, chat_id: int) -> tuple[StoredAttempt, ...]:
        """A chat's attempts without an outcome."""

    async def entry(self, appointment_id: int) -> BookEntry | None:
        """What the appointment book has of an appointment."""

    async def entries_of(self, chat_id: int) -> tuple[BookEntry, ...]:
        """All that the appointment book has of a chat."""

    async def ticket_message(self, chat_id: int, appointment_id: int) -> int | None:
        """The number of the message that shows the ticket of a chat's appointment, where it is known."""

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """The appointments that settled attempts of this chat made."""

    async def made_by_others(self, found: Collection[int], chat_id: int, number: int) -> frozenset[int]:
        """Those of these appointments that another attempt than this one made, or that are another chat's."""

    async def picture(self, link: str) -> str | None:
        """The messenger's `file_id` of a QR picture."""
