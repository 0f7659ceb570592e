"""Changes of appointments by others: recorded in the appointment book, and told to the citizen once.

They are found in webhooks and in lists that are read anyway. They are processed in turns of the citizen's chat, in
order with the citizen's own actions, which the API reports too and which are never told as news. Knows neither HTTP nor
SQL, nor how anything is worded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.app.appointment_recorder import SERVES
from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES, chat_of, owner_of
from bot.app.ports import ApiError, Moncreneau, Need, Store
from bot.app.records import AttemptKind, Change, Delivery, DeliveryIds, Kind, StoredAttempt, StoredChat, Urgency
from bot.app.strays import cancelling_of, is_stray
from bot.app.turn import Render
from bot.core import dates, for_whom
from bot.core.appointment_book import (
    BookEffect,
    BookEntry,
    Fact,
    LookAgain,
    Source,
    WasCancelled,
    WasMade,
    WasMoved,
    WasValidated,
    absorb,
)
from bot.core.model import Appointment, AppointmentStatus, Department, Draft, Ticket
from bot.core.screens import CancelledByOthers, MadeByOffice, MovedByOffice, QrPicture, Screen, TicketShown, Validated

SOON = timedelta(hours=24)
"""How near an appointment must be for a lookup to be urgent."""
LOUD = timedelta(hours=12)
"""How near it must be for a message to make a sound at night."""
LONG_AGO = timedelta(days=7)
"""An older webhook is not believed: the API is asked. An appointment that was made longer ago is not told as new."""
LOOK_PAUSE = 60.0
"""Seconds between two lookups of one appointment."""
REASON_PAUSE, REASON_PATIENCE = 10.0, 15.0
"""Seconds for which a cancellation that an older webhook led to waits for its own webhook, which has the reason."""
ATTEMPT_PAUSE, ATTEMPT_PATIENCE = 3.0, 600.0
"""Seconds between tries while an open attempt may be the cause, and the longest wait for one that surely is not."""


@dataclass(frozen=True, slots=True)
class Report:
    """A parsed webhook. `appointment` is None if it cannot be read; `created` is office time."""

    appointment_id: int
    created: datetime
    owner: str | None = None
    appointment: Appointment | None = None
    is_new: bool = False
    by_office: bool | None = None
    reason: str = ""


class NotYetError(Exception):
    """The webhook cannot be processed yet: try again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not before {seconds} s have passed")
        self.seconds = seconds


class AppointmentNews:
    """Makes the turns of chats whose appointments others changed.

    `unix_time` gives Unix seconds, `clock_gap` the seconds by which the service's clock is ahead of ours.
    """

    def __init__(  # noqa: PLR0913, PLR0917 — the parts, joined in one place
        self,
        store: Store,
        api: Moncreneau,
        render: Render,
        office_time: Callable[[], datetime],
        unix_time: Callable[[], float],
        clock_gap: Callable[[], float],
        *,
        ids: DeliveryIds,
    ) -> None:
        self._store = store
        self._api = api
        self._render = render
        self._office_time = office_time
        self._unix_time = unix_time
        self._clock_gap = clock_gap
        self._ids = ids
        self._looked: dict[int, float] = {}

    async def chat_of(self, report: Report) -> int | None:
        """The chat of the appointment; None if it is unknown."""
        entry = await self._store.entry(report.appointment_id)
        chat_id = entry.chat_id if entry else chat_of(report.owner or "")
        known = await self._store.chat(chat_id) if chat_id is not None and chat_id > 0 else None
        return known.chat_id if known else None

    async def of_list(self, chat_id: int, found: tuple[Appointment, ...], as_of: datetime) -> Change:
        """The turn after a list of all appointments of the chat was read. An open attempt may explain differences."""
        if await self._store.open_attempts_of(chat_id) or await self._is_erased(chat_id):
            return Change()
        known = {each.appointment_id: each for each in await self._store.entries_of(chat_id)}
        listed = {each.id: each for each in found}
        missing = [each.appointment_id for each in known.values() if each.at > self._office_time()]
        at = as_of.replace(microsecond=0)
        facts = [
            Fact(number, chat_id, at, Source.LIST, listed.get(number), age=SERVES)
            for number in dict.fromkeys((*listed, *missing))
        ]
        return await self._of_facts(known, facts)

    async def of_day(self, chat_id: int, facts: tuple[Fact, ...]) -> Change:
        """The turn after a department's day was read, with what it says of the chat's appointments."""
        if await self._store.open_attempts_of(chat_id) or await self._is_erased(chat_id):
            return Change()  # the next reading reports it, after the outcome of the attempt
        entries = [await self._store.entry(each.appointment_id) for each in facts]
        return await self._of_facts({each.appointment_id: each for each in entries if each}, facts)

    async def _of_facts(self, known: Mapping[int, BookEntry], facts: Iterable[Fact]) -> Change:
        """The change that follows from the facts of a list. Facts without news are left out."""
        absorbed: list[Fact] = []
        deliveries: list[Delivery] = []
        strays: list[StoredAttempt] = []
        for each in facts:
            entry = known.get(each.appointment_id)
            fact, after, effects = await self._absorbed(entry, each)
            if stray := await self._stray(entry, fact):
                strays.append(stray)
            elif after and is_changed(entry, after):
                absorbed.append(fact)
                deliveries += () if self._is_long_known(entry, fact) else await self._told(after, effects)
        return Change(facts=tuple(absorbed), queued=tuple(deliveries), opened=tuple(strays))

    def _is_long_known(self, entry: BookEntry | None, fact: Fact) -> bool:
        """Whether an appointment that is new to us was made long ago."""
        made = fact.appointment.created_at if fact.appointment and entry is None else None
        return made is not None and self.service_time() - made > LONG_AGO

    async def of_report(self, chat_id: int, report: Report, received_at: float) -> Change:
        """The turn after a webhook. Raises `NotYetError`, and `ApiError` if a needed lookup fails."""
        if await self._is_erased(chat_id):
            return Change()
        entry = await self._store.entry(report.appointment_id)
        is_patient = self._unix_time() - received_at < ATTEMPT_PATIENCE
        if is_patient and await self._may_be_own(chat_id, entry, report):
            raise NotYetError(ATTEMPT_PAUSE)
        if not is_patient and await self._is_own(chat_id, entry, report):
            raise NotYetError(LOOK_PAUSE)
        is_old = self.service_time() - report.created > LONG_AGO
        fact = Fact(
            report.appointment_id,
            chat_id,
            report.created,
            Source.WEBHOOK,
            None if is_old else report.appointment,
            is_new=report.is_new,
            by_office=report.by_office,
            reason=report.reason,
        )
        effects = absorb(entry, fact)[1]
        if LookAgain() in effects:
            looked = self._looked.get(report.appointment_id)
            if looked is not None and looked >= received_at:
                return Change()  # the entry is newer than this webhook
            if pause := self._pause(report.appointment_id):
                raise NotYetError(pause)
        fact, after, effects = await self._absorbed(entry, fact)
        if after is None:
            return Change()
        if stray := await self._stray(entry, fact):
            return Change(opened=(stray,))
        is_unexplained = fact.source is Source.READING and WasCancelled() in effects
        if is_unexplained and not _is_cancellation(report) and self._unix_time() - received_at < REASON_PATIENCE:
            del self._looked[report.appointment_id]
            raise NotYetError(REASON_PAUSE)
        queued = () if self._is_long_known(entry, fact) else await self._told(after, effects)
        return Change(facts=(fact,), queued=queued)

    async def _is_erased(self, chat_id: int) -> bool:
        """Whether nothing is known of the chat any more: what was read for it before must not be stored after."""
        return await self._store.chat(chat_id) is None

    async def _may_be_own(self, chat_id: int, entry: BookEntry | None, report: Report) -> bool:
        """Whether an open attempt may be the cause."""
        for attempt in await self._store.open_attempts_of(chat_id):
            if attempt.kind in {AttemptKind.BOOK, AttemptKind.MOVE} and entry is None:
                return True
            if _concerns(attempt) == report.appointment_id:
                return True
        return False

    async def _is_own(self, chat_id: int, entry: BookEntry | None, report: Report) -> bool:
        """Whether an open attempt makes or cancels this very appointment. Its outcome tells of it, however late."""
        for attempt in await self._store.open_attempts_of(chat_id):
            draft = _draft(attempt)
            if draft is None:
                if _concerns(attempt) == report.appointment_id:
                    return True
            elif entry is None and (report.appointment is None or _is_ordered(draft, report.appointment)):
                return True
        return False

    async def _absorbed(
        self, entry: BookEntry | None, fact: Fact
    ) -> tuple[Fact, BookEntry | None, tuple[BookEffect, ...]]:
        """The fact, or that of a lookup if it is not sure; the entry after it, and the effects."""
        after, effects = absorb(entry, fact)
        if LookAgain() not in effects:
            return fact, after, effects
        is_listed = fact.source in {Source.LIST, Source.DAY}
        if is_listed and self._pause(fact.appointment_id):
            return fact, entry, ()
        self._looked = {number: at for number, at in self._looked.items() if self._unix_time() - at < LOOK_PAUSE}
        self._looked[fact.appointment_id] = self._unix_time()
        as_of = self.service_time()
        is_soon = entry is not None and entry.at - self._office_time() < SOON
        # A wrong list may lack hundreds of appointments, so these lookups are never urgent.
        need = Need.SETTLE_AGAIN if is_soon and fact.source is not Source.DAY else Need.BACKGROUND
        try:
            found = await self._api.appointment(fact.appointment_id, need)
        except ApiError:
            del self._looked[fact.appointment_id]
            if is_listed:
                return fact, entry, ()
            raise
        if entry is None and found and found.owner not in {None, owner_of(fact.chat_id)}:
            return fact, None, ()
        cancelled = found is None or found.status is AppointmentStatus.CANCELLED
        answer = Fact(
            fact.appointment_id,
            fact.chat_id,
            as_of,
            Source.READING,
            found,
            by_office=fact.by_office if cancelled else None,
            reason=fact.reason if cancelled else "",
        )
        return answer, *absorb(entry, answer)

    async def _stray(self, entry: BookEntry | None, fact: Fact) -> StoredAttempt | None:
        """The attempt that cancels the appointment, if it is one that the bot made without intending to."""
        if entry is not None or fact.appointment is None:
            return None
        known = await self._store.entries_of(fact.chat_id)
        if not is_stray(fact.appointment, fact.chat_id, known):
            return None
        return cancelling_of(fact.appointment, fact.chat_id)

    def _pause(self, appointment_id: int) -> float:
        """Seconds before the appointment may be looked up again."""
        looked = self._looked.get(appointment_id)
        since = LOOK_PAUSE if looked is None else self._unix_time() - looked
        return LOOK_PAUSE - since if 0 <= since < LOOK_PAUSE else 0.0

    def service_time(self) -> datetime:
        """Office time by the API's clock, to the second."""
        return (self._office_time() + timedelta(seconds=self._clock_gap())).replace(microsecond=0)

    async def _told(self, entry: BookEntry, effects: tuple[BookEffect, ...]) -> tuple[Delivery, ...]:
        """The messages that are still useful to the citizen, and the edit of the old ticket."""
        chat = await self._store.chat(entry.chat_id)
        if not effects or chat is None or chat.left:
            return ()
        now, is_over = self._office_time(), entry.at < self._office_time()
        ticket = await self._ticket(entry)
        deliveries: list[Delivery] = []
        several = for_whom.several_names(
            [TicketShown(ticket)], await self._store.entries_of(entry.chat_id), self._office_time()
        )
        messages = () if is_over else await self._store.ticket_messages(entry.chat_id, entry.appointment_id)
        for each in messages:
            screen = QrPicture(ticket) if each.is_picture else TicketShown(ticket)
            shown = self._render(screen, chat.locale, None, several_names=several)
            edit = Delivery(
                self._ids.next(),
                chat.chat_id,
                Kind.EDIT,
                shown,
                target=each.message,
                urgency=Urgency.NOTICE,
                amends=True,
            )
            deliveries.append(edit)
        for effect in effects:
            if is_over and not isinstance(effect, WasValidated):
                continue
            is_silent = isinstance(effect, WasValidated) or (dates.is_night(now) and entry.at - now > LOUD)
            before = await self._ticket(effect.before) if isinstance(effect, WasMoved) else ticket
            words = self._render(_screen(effect, ticket, before), chat.locale, None, several_names=several)
            deliveries.append(
                Delivery(
                    self._ids.next(),
                    chat.chat_id,
                    Kind.SEND,
                    words,
                    urgency=Urgency.NOTICE,
                    ticket=entry.appointment_id if isinstance(effect, WasMade | WasMoved) else None,
                    supersedes=entry.appointment_id,
                    silent=is_silent,
                )
            )
            if isinstance(effect, WasMade) and ticket.appointment.qr_link:
                deliveries.append(self._picture(chat, ticket, several_names=several))
        return tuple(deliveries)

    def _picture(self, chat: StoredChat, ticket: Ticket, *, several_names: bool) -> Delivery:
        """The QR code of an appointment that the office made."""
        shown = self._render(QrPicture(ticket), chat.locale, None, several_names=several_names)
        number = ticket.appointment.id
        return Delivery(
            self._ids.next(), chat.chat_id, Kind.PICTURE, shown, urgency=Urgency.NOTICE, ticket=number, silent=True
        )

    async def _ticket(self, entry: BookEntry) -> Ticket:
        try:
            departments = await self._api.departments()
        except ApiError:
            departments = ()
        department = next((each for each in departments if each.id == entry.department_id), None)
        return Ticket(entry.appointment, department or Department(entry.department_id, ""))


def _is_cancellation(report: Report) -> bool:
    return report.appointment is not None and report.appointment.status is AppointmentStatus.CANCELLED


def _concerns(attempt: StoredAttempt) -> int | None:
    """The appointment that the attempt is to cancel, if it is to cancel one."""
    match attempt.kind:
        case AttemptKind.BOOK:
            return None
        case AttemptKind.CANCEL | AttemptKind.STRAY:
            return CANCELLINGS.read(attempt.body).ticket.appointment.id
        case AttemptKind.MOVE:
            return MOVES.read(attempt.body).old.appointment.id


def _draft(attempt: StoredAttempt) -> Draft | None:
    """What the attempt is to book; None if it books nothing, or nothing more."""
    match attempt.kind:
        case AttemptKind.BOOK:
            return BOOKINGS.read(attempt.body).draft
        case AttemptKind.CANCEL | AttemptKind.STRAY:
            return None
        case AttemptKind.MOVE:
            move = MOVES.read(attempt.body)
            return move.draft if move.made is None else None


def _is_ordered(draft: Draft, made: Appointment) -> bool:
    return (made.department_id, made.at.replace(second=0, microsecond=0)) == (draft.department.id, draft.at)


def _screen(effect: BookEffect, ticket: Ticket, before: Ticket) -> Screen:
    match effect:
        case WasCancelled(by_office=by_office, reason=reason):
            return CancelledByOthers(ticket, by_office, reason)
        case WasMoved():
            return MovedByOffice(ticket, before)
        case WasValidated():
            return Validated(ticket)
        case _:
            return MadeByOffice(ticket)


def is_changed(before: BookEntry | None, after: BookEntry) -> bool:
    """Whether more than the time of the last sighting changed."""
    return before is None or replace(before, as_of=after.as_of) != after
