"""Tells citizens of free places that they asked to be told of. Every five minutes it looks who may be told of what.

What is known costs nothing and comes first: places that our own citizens gave up, and readings that were made for
others. Only a department of which nothing is known is read, at most every half an hour, with requests that nobody else
needs. A message, its count and its date are one change, in a turn of the chat. Knows no SQL, no words.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

from bot.app.conversations import ChatTurn
from bot.app.place_alerts import PlaceAlertRepository
from bot.app.ports import ApiError, Store, WriteOutcome
from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.app.turn import Render
from bot.core import earlier_places, for_whom
from bot.core.appointment_book import Fact, Source
from bot.core.earlier_places import GROUP_PAUSE, MOST_MESSAGES, PlaceAlert, PlaceOffer, WatchedAlert
from bot.core.model import AppointmentStatus, Department, Ticket
from bot.core.screens import EarlierPlace
from bot.logs import scrubbed

log = logging.getLogger(__name__)
TICK = 300.0
"""Seconds between two looks."""
KNOWN_FOR = timedelta(minutes=15)
"""How long a reading, or a place that was given up, tells what is free."""
READ_EVERY = timedelta(minutes=30)
STANDING = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT})


@dataclass(frozen=True, slots=True)
class KnownSlots:
    """The free slots of a department, without those that citizens hold, as they were read `age` ago."""

    slots: frozenset[datetime]
    age: timedelta


CanTake = Callable[[int, int | None, datetime], Awaitable[bool]]
"""Returns whether a chat could move its appointment now, or (None) book one; see `CapCheck.can_take`."""


class SlotSource(Protocol):
    """What is known of free slots."""

    def known_slots(self, department_id: int) -> KnownSlots | None:
        """The newest reading, which costs nothing; None if there is none."""

    async def read_in_background(self, department_id: int, first: date, last: date) -> None:
        """Read the slots, so that they are known, with a request that nobody else needs. Raises `ApiError`."""


class GivenUpPlaces:
    """The places that our own citizens gave up lately, learnt from the changes of their turns."""

    def __init__(self, office_time: Callable[[], datetime]) -> None:
        self._now = office_time
        self._since: dict[tuple[int, datetime], datetime] = {}

    def learn(self, change: Change) -> None:
        """Learn which places our citizens gave up or took.

        What the office cancels is not known to be free: it may be closed. The next reading tells.
        """
        for fact in change.all_facts:
            if fact.appointment is None:
                continue
            place = (fact.appointment.department_id, fact.appointment.at.replace(second=0, microsecond=0))
            if _is_given_up(fact):
                self._since[place] = self._now()
            elif fact.appointment.status in STANDING:
                self._since.pop(place, None)

    def of(self, department_id: int, after: datetime) -> frozenset[datetime]:
        """The places of a department that were given up after this time, and not taken since."""
        now = self._now()
        self._since = {place: at for place, at in self._since.items() if timedelta() <= now - at <= KNOWN_FOR}
        return frozenset(at for (number, at), when in self._since.items() if number == department_id and when > after)


class EarlierPlaces:
    """Looks for places until it is cancelled. `play` queues a turn of a chat."""

    def __init__(  # noqa: PLR0913 — the parts, joined in one place
        self,
        *,
        store: Store,
        alerts: PlaceAlertRepository,
        slots: SlotSource,
        given_up: GivenUpPlaces,
        departments: Callable[[], tuple[Department, ...]],
        render: Render,
        play: Callable[[int, ChatTurn], None],
        office_time: Callable[[], datetime],
        ids: DeliveryIds,
        horizon_days: int,
        can_take: CanTake,
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._slots = slots
        self._given_up = given_up
        self._departments = departments
        self._render = render
        self._play = play
        self._now = office_time
        self._ids = ids
        self._can_take = can_take
        self._horizon = timedelta(days=horizon_days)
        self._offered: dict[tuple[int, datetime], datetime] = {}
        """When citizens were last told of a place."""
        self._read_at: dict[int, datetime] = {}
        self.sent = 0
        """Messages that were queued since the start."""

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(TICK)
            try:
                await self.tick()
            except Exception as error:  # whatever the error: the next look may succeed
                log.exception("looking for places failed: %s", type(error).__name__, exc_info=scrubbed(error))

    async def tick(self) -> None:
        """End the alerts that are over, and queue a turn of each chat that may be told of a place now."""
        now = self._now()
        watched = await self._alerts.all()
        if over := tuple(each.alert for each in watched if earlier_places.is_over(each, now)):
            await self._alerts.end(over)
        self._offered = {place: at for place, at in self._offered.items() if timedelta() <= now - at < GROUP_PAUSE}
        waiting = defaultdict[int, list[WatchedAlert]](list)
        for each in watched:
            if earlier_places.is_due(each, now):
                waiting[each.alert.department_id].append(each)
        await self._read(tuple(waiting), now)
        for department_id, group in waiting.items():
            free = [at for at in self._free(department_id, now) if (department_id, at) not in self._offered]
            # What would be refused is not offered, and keeps it from nobody else.
            able = [each for each in group if free and await self._can_take(*_whose(each.alert), now)]
            for offer in earlier_places.offers(able, free, now):
                self._offered[department_id, offer.slot] = now
                self._play(offer.alert.chat_id, partial(self.turn, offer))

    def _free(self, department_id: int, now: datetime) -> frozenset[datetime]:
        """The slots that are known to be free: those of a recent reading, and those that were given up after it."""
        known = self._slots.known_slots(department_id)
        if known is None or known.age > KNOWN_FOR:
            return self._given_up.of(department_id, now - KNOWN_FOR)
        return known.slots | self._given_up.of(department_id, now - known.age)

    async def _read(self, departments: tuple[int, ...], now: datetime) -> None:
        """Read the departments of which nothing was read for long, as far as requests are left over."""
        for department_id in departments:
            known, last = self._slots.known_slots(department_id), self._read_at.get(department_id)
            if (known and known.age < READ_EVERY) or (last and timedelta() <= now - last < READ_EVERY):
                continue
            try:
                await self._slots.read_in_background(department_id, now.date(), now.date() + self._horizon)
            except ApiError as error:
                if error.outcome is WriteOutcome.NOT_SENT:
                    return  # no request is left over, or the service is down
            self._read_at[department_id] = now

    async def turn(self, offer: PlaceOffer) -> Change:
        """The turn of the chat: the alert is read in it, so that what an earlier turn sent counts."""
        now, alert = self._now(), offer.alert
        chat = await self._store.chat(alert.chat_id)
        found = next((each for each in await self._alerts.of_chat(alert.chat_id) if _is_same(each.alert, alert)), None)
        if chat is None or found is None or not earlier_places.is_due(found, now):
            return Change()
        if not earlier_places.suits(found, offer.slot, now) or await self._store.open_attempts_of(alert.chat_id):
            return Change()
        after = earlier_places.told(found.alert, offer.slot, now)
        entry = found.entry
        screen = self._screen(found, offer.slot, is_last=after.sent >= MOST_MESSAGES)
        several = for_whom.several_names([screen], await self._store.entries_of(alert.chat_id), now)
        delivery = Delivery(
            self._ids.next(),
            alert.chat_id,
            Kind.SEND,
            self._render(screen, chat.locale, None, several_names=several),
            urgency=Urgency.NOTICE,
            not_after=earlier_places.not_after(now),
            about=((entry.appointment_id, entry.version),) if entry else (),
        )
        self.sent += 1
        return Change(queued=(delivery,), works=(self._alerts.saved(after),))

    def _screen(self, watched: WatchedAlert, slot: datetime, *, is_last: bool) -> EarlierPlace:
        number = watched.alert.department_id
        department = next((each for each in self._departments() if each.id == number), Department(number, ""))
        ticket = Ticket(watched.entry.appointment, department) if watched.entry else None
        return EarlierPlace(department, slot, ticket, watched.alert.worker_id, is_last)


def _is_given_up(fact: Fact) -> bool:
    is_cancelled = fact.appointment is not None and fact.appointment.status is AppointmentStatus.CANCELLED
    return is_cancelled and (fact.source is Source.ATTEMPT or fact.by_office is False)


def _whose(alert: PlaceAlert) -> tuple[int, int | None]:
    return alert.chat_id, alert.appointment_id


def _is_same(one: PlaceAlert, other: PlaceAlert) -> bool:
    return (one.department_id, one.asked_at) == (other.department_id, other.asked_at)
