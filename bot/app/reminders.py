"""The turn of a chat whose timers are due: the timers are deleted and the messages queued in one change.

A kill at any moment repeats the turn or finds it done. Reminders ask the API nothing about the appointments: what the
appointment book has is kept true by webhooks and lists. Knows neither SQL nor how anything is worded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.app.ports import ApiError, Moncreneau, Store
from bot.app.records import Change, Delivery, DeliveryIds, Kind, StoredChat, Urgency
from bot.app.turn import Render
from bot.core import for_whom
from bot.core.appointment_book import BookEntry
from bot.core.department_details import DetailPart
from bot.core.model import Department, Ticket
from bot.core.rating import RatingQuestion, may_ask
from bot.core.reminders import DueMessage, Timer, TimerKind, due_now
from bot.core.screens import AskingRating, Missed, QrPicture, Reminder, Screen
from bot.core.statistics import week_of

ChangedDetails = Callable[[BookEntry, str], tuple[DetailPart, ...]]
"""Returns which details of an appointment's department, in a language, are not those of its ticket any more."""


class TimerRepository(Protocol):
    """The stored timers. Times are office time."""

    async def due(self, now: datetime, limit: int) -> tuple[int, ...]:
        """The chats of the timers that are due and may be sent at this hour.

        First those whose message would soonest be too late.
        """

    async def of_chat(self, chat_id: int) -> tuple[Timer, ...]:
        """All timers of a chat's appointments."""

    async def forget(self, before: datetime) -> None:
        """Delete the timers whose message is too late since then: those of chats that never returned."""


@dataclass(slots=True)
class ReminderCounts:
    """The number of reminders since the start, by outcome."""

    sent: int = 0
    """Reminders that were queued, and questions after a missed appointment."""
    dropped: int = 0
    """Timers whose message would have been too late or untrue."""
    coming: int = 0
    """Answers of citizens that they come."""

    def add_coming(self) -> None:
        """Count an answer."""
        self.coming += 1


class Reminders:
    """Makes the turns of chats whose timers are due."""

    def __init__(  # noqa: PLR0913 — the parts, joined in one place
        self,
        *,
        store: Store,
        timers: TimerRepository,
        api: Moncreneau,
        render: Render,
        office_time: Callable[[], datetime],
        ids: DeliveryIds,
        changed: ChangedDetails = lambda _entry, _locale: (),
    ) -> None:
        self._store = store
        self._timers = timers
        self._api = api
        self._render = render
        self._office_time = office_time
        self._ids = ids
        self._changed = changed
        self.counts = ReminderCounts()

    async def turn(self, chat_id: int) -> Change:
        """The turn of the chat. Its timers are read in it, so that those of an earlier turn do not fire again."""
        timers, chat = await self._timers.of_chat(chat_id), await self._store.chat(chat_id)
        if chat is None or chat.left:
            return Change()  # the timers wait until the citizen returns
        entries = await self._store.entries_of(chat_id)
        now = self._office_time()
        is_asked = chat.ratings and may_ask(now.date(), chat.asked_on)
        due = due_now(timers, entries, now, wanted=chat.reminders, may_ask=is_asked)
        if not due.fired:
            return Change()
        departments = await self._departments()
        deliveries: list[Delivery] = []
        asked: RatingQuestion | None = None
        self.counts.dropped += due.dropped
        for message in due.messages:
            found = await self._deliveries(chat, message, departments, entries)
            self.counts.sent += bool(found) and message.kind is not TimerKind.RATING
            self.counts.dropped += not found
            deliveries += found
            if found and message.kind is TimerKind.RATING:
                (entry,) = message.entries
                week = week_of(entry.at.date())
                asked = RatingQuestion(chat_id, entry.appointment_id, entry.department_id, week, now.date())
        return Change(fired=due.fired, queued=tuple(deliveries), asked=asked)

    async def _departments(self) -> dict[int, Department]:
        """The departments by id; empty if they are not known now."""
        try:
            return {each.id: each for each in await self._api.departments()}
        except ApiError:
            return {}

    async def _deliveries(
        self,
        chat: StoredChat,
        message: DueMessage,
        departments: dict[int, Department],
        entries: tuple[BookEntry, ...],
    ) -> list[Delivery]:
        """The message, with the QR code if Telegram has its picture; none if the department does not exist any more."""
        shown = [each for each in message.entries if not departments or each.department_id in departments]
        if not shown:
            return []
        tickets = tuple(_ticket(each, departments) for each in shown)
        first = tickets[0]
        several = for_whom.several_names([Reminder(tickets, 0)], entries, self._office_time())
        deliver = partial(self._delivery, chat, message=message, shown=shown, several_names=several)
        if message.kind is TimerKind.NO_SHOW:
            return [deliver(Missed(first))]
        if message.kind is TimerKind.RATING:
            return [deliver(AskingRating(first))]
        changed = {part: None for each in shown for part in self._changed(each, chat.locale)}
        found = [deliver(Reminder(tickets, shown[0].version, changed=tuple(changed)))]
        link = first.appointment.qr_link
        if message.kind is TimerKind.HOURS and len(shown) == 1 and link and await self._store.picture(link):
            found.append(deliver(QrPicture(first)))
        return found

    def _delivery(
        self, chat: StoredChat, screen: Screen, message: DueMessage, shown: list[BookEntry], *, several_names: bool
    ) -> Delivery:
        is_picture = isinstance(screen, QrPicture)
        # A reminder of one appointment is changed like its ticket when it becomes untrue; a list can be of several.
        is_ticket = len(shown) == 1 and not isinstance(screen, Missed | AskingRating)
        return Delivery(
            self._ids.next(),
            chat.chat_id,
            Kind.PICTURE if is_picture else Kind.SEND,
            self._render(screen, chat.locale, None, several_names=several_names),
            # The texts of all citizens are sent before the pictures.
            urgency=Urgency.BULK if is_picture else Urgency.NOTICE,
            silent=is_picture,
            ticket=shown[0].appointment_id if is_ticket else None,
            not_after=message.not_after,
            about=tuple((each.appointment_id, each.version) for each in shown),
        )


def _ticket(entry: BookEntry, departments: dict[int, Department]) -> Ticket:
    return Ticket(entry.appointment, departments.get(entry.department_id) or Department(entry.department_id, ""))
