"""The citizens' side of alerts for earlier places: asking for one, stopping it, listing them, opening an offer.

Asks the API nothing but what it knows of departments. Knows neither SQL nor how anything is worded.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.app.ports import Store
from bot.app.records import Work
from bot.core import earlier_places
from bot.core.appointment_book import BookEntry
from bot.core.earlier_places import PlaceAlert, WatchedAlert
from bot.core.effects import AskAlert, LoadOffer, NoteGone, PlaceAlertEffect, StopAlert
from bot.core.events import AlertAsked, Event, OfferLoaded
from bot.core.model import Department, ListedAlert, Ticket
from bot.core.states import Notice


class PlaceAlertRepository(Protocol):
    """The stored alerts."""

    async def all(self) -> tuple[WatchedAlert, ...]:
        """All alerts."""

    async def of_chat(self, chat_id: int) -> tuple[WatchedAlert, ...]:
        """The alerts of a chat."""

    async def count(self) -> int:
        """How many alerts there are."""

    async def end(self, alerts: tuple[PlaceAlert, ...]) -> None:
        """Delete these alerts, unless their citizens have asked again meanwhile."""

    def saved(self, alert: PlaceAlert) -> Work:
        """The write that stores an alert in place of the chat's other one for the department."""

    def stopped(self, chat_id: int, department_id: int) -> Work:
        """The write that deletes the alert of a chat for a department."""


class PlaceAlerts:
    """Answers what the conversation wants of alerts."""

    def __init__(
        self, store: Store, alerts: PlaceAlertRepository, departments: Callable[[], tuple[Department, ...]]
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._departments = departments

    async def answer(
        self, chat_id: int, asked: PlaceAlertEffect, now: datetime
    ) -> tuple[Event | None, tuple[Work, ...]]:
        """The event that answers the effect, if one does, and what is to be written with the turn."""
        match asked:
            case AskAlert():
                return await self._ask(chat_id, asked, now)
            case StopAlert(department_id=department_id):
                return None, (self._alerts.stopped(chat_id, department_id),)
            case NoteGone():
                return None, await self._without_gone(chat_id, asked, now)
            case LoadOffer():
                return await self._offer(chat_id, asked, now), ()

    async def listed(self, chat_id: int, now: datetime) -> tuple[ListedAlert, ...]:
        """The open alerts of a chat, by department."""
        watched = [each for each in await self._alerts.of_chat(chat_id) if not earlier_places.is_over(each, now)]
        return tuple(
            ListedAlert(self._department(each.alert.department_id), each.entry.appointment if each.entry else None)
            for each in sorted(watched, key=lambda each: each.alert.department_id)
        )

    async def _ask(self, chat_id: int, asked: AskAlert, now: datetime) -> tuple[AlertAsked, tuple[Work, ...]]:
        entry = await self._entry(chat_id, asked.appointment_id)
        if asked.appointment_id is not None and (refusal := _refusal(entry, now)):
            return AlertAsked(at=now, refusal=refusal), ()
        department_id = entry.department_id if entry else asked.department_id
        known = {each.alert.department_id: each for each in await self._alerts.of_chat(chat_id)}
        before = known.pop(department_id, None)
        if sum(not earlier_places.is_over(each, now) for each in known.values()) >= earlier_places.MOST_ALERTS:
            return AlertAsked(at=now, refusal=Notice.ALERT_LIMIT), ()
        asked_at = now.replace(microsecond=0)
        worker_id = entry.worker_id if entry else asked.worker_id
        wanted = PlaceAlert(chat_id, department_id, asked_at, asked.appointment_id, worker_id)
        alert = earlier_places.asked_again(before, wanted, now)
        department = self._department(department_id)
        replaced = before.entry if before and not earlier_places.is_over(before, now) else None
        is_other = replaced is not None and replaced.appointment_id != asked.appointment_id
        answer = AlertAsked(
            at=now,
            department=department,
            ticket=Ticket(entry.appointment, department) if entry else None,
            before=Ticket(replaced.appointment, department) if replaced and is_other else None,
        )
        return answer, (self._alerts.saved(alert),)

    async def _offer(self, chat_id: int, asked: LoadOffer, now: datetime) -> OfferLoaded:
        """The appointment that the offered place would replace, if it still stands, and the department."""
        entry = await self._entry(chat_id, asked.appointment_id)
        if asked.appointment_id is None:
            department = self._department(asked.department_id)
            return OfferLoaded(at=now, slot=asked.slot, department=department, worker_id=asked.worker_id)
        if entry is None or not entry.is_coming or entry.at <= now or not entry.name:
            return OfferLoaded(at=now, slot=asked.slot)
        department = self._department(entry.department_id)
        ticket = Ticket(entry.appointment, department)
        return OfferLoaded(at=now, slot=asked.slot, department=department, ticket=ticket, worker_id=entry.worker_id)

    async def _without_gone(self, chat_id: int, asked: NoteGone, now: datetime) -> tuple[Work, ...]:
        for each in await self._alerts.of_chat(chat_id):
            if each.alert.department_id == asked.department_id:
                after = earlier_places.without_gone(each.alert, asked.slot, now)
                return (self._alerts.saved(after),) if after else ()
        return ()

    async def _entry(self, chat_id: int, appointment_id: int | None) -> BookEntry | None:
        """The entry of an appointment of this chat."""
        entry = None if appointment_id is None else await self._store.entry(appointment_id)
        return entry if entry and entry.chat_id == chat_id else None

    def _department(self, number: int) -> Department:
        return next((each for each in self._departments() if each.id == number), Department(number, ""))


def _refusal(entry: BookEntry | None, now: datetime) -> Notice | None:
    """Why an appointment can have no alert."""
    if entry is None:
        return Notice.APPOINTMENT_UNKNOWN
    return None if earlier_places.can_ask(entry.status, entry.at, now.date()) else Notice.ALERT_TOO_LATE
