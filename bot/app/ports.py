"""The ports of the shell: protocols of the moncreneau API, the messenger, the store and the clock.

`bot.moncreneau`, `bot.telegram` and `bot.storage` implement them; tests use other implementations of the same
protocols. Nothing here knows HTTP, SQL or Telegram.
"""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from bot.app.records import (
    Change,
    CopiedTables,
    Delivery,
    DepartmentDay,
    StoredAttempt,
    StoredChat,
    StoredUpdate,
    TicketMessage,
)
from bot.core.appointment_book import BookEntry
from bot.core.model import Appointment, Department, Failure, FailureCode, Order, Slot

Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A slot that a citizen has chosen. `confirmed`: they wait for its booking."""

    department_id: int
    at: datetime
    worker_id: int | None = None
    confirmed: bool = False


class WriteOutcome(Enum):
    """Whether a failed write may have been carried out by the API."""

    REFUSED = "refused"  # surely not done; sending it again is pointless
    NOT_SENT = "not sent"  # surely not done; it may be sent again later
    UNKNOWN = "unknown"  # may have been done: look up before sending again
    ACCEPTED = "accepted"  # accepted with an unreadable response: never send it again


class ApiError(Exception):
    """A request to the moncreneau API failed. Carries no key, name or chat id, so that it may be logged."""

    outcome: WriteOutcome
    failure: Failure
    retry_after: float | None
    """Seconds to wait before sending the same request again, if the API named them."""
    presumed_refusal: FailureCode | None = None
    """The reason for the refusal if lookups show that nothing was done. None: it may then be sent again."""
    seen: tuple[Appointment, ...] = ()
    """The readable entries of a list that has unreadable ones."""


class Need(Enum):
    """Why a citizen's appointments are read: how fresh they must be, and how urgent it is."""

    LOOK = "look"  # the citizen looks at them; some seconds old is good enough
    CANCEL = "cancel"  # a cancellation waits for it; some seconds old, nearly as urgent as a write
    SETTLE = "settle"  # a first lookup: the present list, all pages, nearly as urgent as a write
    SETTLE_AGAIN = "settle again"  # a repeated lookup: less urgent, because it may go on for hours
    BACKGROUND = "background"  # background: only with requests that nobody else needs


class Moncreneau(Protocol):
    """The moncreneau API as the conversation uses it. Every method raises `ApiError`."""

    async def departments(self) -> tuple[Department, ...]:
        """All departments that take appointments, active ones only; may be some minutes old."""

    async def availability(  # noqa: PLR0913 — what a reading is of, and whom it is for
        self,
        owner: str,
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,
        *,
        wanted: datetime | None = None,
    ) -> tuple[Slot, ...]:
        """The slots to offer from `first` to `last` (both included), earliest first; some minutes old in busy hours.

        `owner` is the citizen who looks: one citizen may cause only so many readings an hour.

        A slot that other citizens hold or just booked is left out, unless its day has no other: then it is `perhaps`.
        With `wanted`, a slot that was said to be free, they are read again if it is not among them.

        The API does not tell slots by member of staff; what the bot did itself it knows for each of them.
        """

    def hold(self, owner: str, choice: SlotChoice | None, *, check: bool = False) -> datetime | None:
        """Hold the slot that a citizen is about to confirm, until three minutes from now; None: none any more.

        Answered at once, from memory, with the time held. With `check` that is another one if somebody else holds
        the chosen one or a reading shows it taken: the nearest free one, of the same day if there is one. None: there
        is none. A confirmed slot is not replaced: then None means that the citizen's own hold has ended, and that
        others hold the slot. The same if nothing was read yet.
        """

    async def appointment(self, appointment_id: int, need: Need = Need.SETTLE) -> Appointment | None:
        """One appointment as it is now, or None if the API has none with this id."""

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """All appointments, of every status, whose `externalUserId` is `owner` or is not told, in order of time.

        An unreadable entry is left out, except in lookups: then the error has the readable ones in `seen`.
        """

    async def day(self, department_id: int, day: date) -> tuple[Appointment, ...]:
        """All appointments of a department on a day, strangers' too: keep and log none that is not a known chat's.

        Only with requests that nobody else needs. If the list may lack one of ours, the error has the rest in `seen`.
        """

    async def book(self, order: Order) -> Appointment:
        """Create the appointment: exactly one POST, never repeated in here."""

    async def cancel(self, appointment_id: int) -> None:
        """Cancel the appointment: exactly one DELETE, never repeated in here. 404 raises with APPOINTMENT_GONE."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The messenger's result: the message id, and the `file_id` of a picture."""

    message_id: int = 0
    file_id: str | None = None


class StoreUnavailableError(Exception):
    """Nothing was stored, or nobody knows, because the database does not answer; it may a moment later."""


class SendError(Exception):
    """A delivery failed. Its text has the messenger's words, never the message's."""


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
    """Telegram refuses this message finally; it accepts others."""


class UnpaidError(SendError):
    """Surely not sent, because its cost cannot be paid."""


class EditLostError(SendError):
    """The message to edit is deleted or cannot be edited."""


class NotSentError(SendError):
    """Surely not sent, for a passing reason."""


class MaybeSentError(SendError):
    """Unknown whether it was sent: the response was lost."""


class Messenger(Protocol):
    """Sends deliveries, each with one call."""

    async def deliver(self, delivery: Delivery, file_id: str | None) -> Receipt:
        """Send or edit. Raises `SendError`; *message is not modified* is a success."""

    async def typing(self, chat_id: int) -> None:
        """Show *typing* in a chat. Never raises."""


class Store(Protocol):
    """The stored state. Every method may wait while the database cannot be used."""

    async def commit(self, change: Change) -> None:
        """Store the change; returns after the commit."""

    def commit_soon(self, change: Change) -> None:
        """Store the change soon, without waiting."""

    async def receive(self, updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store received updates; returns the new ones, by id, after the commit."""

    async def chat(self, chat_id: int) -> StoredChat | None:
        """The stored chat, or None."""

    async def open_updates(self) -> tuple[StoredUpdate, ...]:
        """The updates that are not done, by id."""

    def open_deliveries(self) -> AsyncIterator[Delivery]:
        """The deliveries that are not sent yet, by id."""

    async def open_attempts(self, chat_id: int | None = None) -> tuple[StoredAttempt, ...]:
        """The attempts without an outcome, of one chat or of all, oldest first."""

    async def attempt(self, chat_id: int, number: int) -> StoredAttempt | None:
        """An attempt as it is stored now; None if it is closed."""

    async def open_attempts_of(self, chat_id: int) -> tuple[StoredAttempt, ...]:
        """A chat's attempts without an outcome."""

    async def entry(self, appointment_id: int) -> BookEntry | None:
        """The entry of an appointment in the appointment book."""

    async def entries_of(self, chat_id: int) -> tuple[BookEntry, ...]:
        """All entries of a chat in the appointment book."""

    async def department_days(self, since: date) -> tuple[DepartmentDay, ...]:
        """The departments and days, from `since` on, on which the appointment book has appointments that stand."""

    async def entries_on(self, department_id: int, day: date) -> tuple[BookEntry, ...]:
        """All entries of a department on a day."""

    async def ticket_messages(self, chat_id: int, appointment_id: int) -> tuple[TicketMessage, ...]:
        """The newest messages that show the ticket of a chat's appointment, or its QR picture, oldest first."""

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """The appointments that settled attempts of this chat made."""

    async def made_by_others(self, found: Collection[int], chat_id: int, number: int) -> frozenset[int]:
        """Which of these appointments another attempt made, or belong to another chat."""

    async def copy_of(self, chat_id: int) -> CopiedTables:
        """All rows of all tables that are about this chat."""

    async def picture(self, link: str) -> str | None:
        """The messenger's `file_id` of a QR picture."""
