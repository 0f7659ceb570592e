"""Collects the health report from the parts of the bot, for `/status`, the metrics and the readiness check.

`DailyCounters` turns counts since the start into counts per day, over restarts. Knows no texts, none of the services,
and no clock but the office's.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations
from bot.app.outbox import Outbox
from bot.app.ports import Clock, Store
from bot.app.records import Change, Delivery, DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.core.health import (
    ApiHealth,
    ChatLimit,
    HealthReport,
    PlaceAlertHealth,
    ReminderHealth,
    ReplicaHealth,
    UpdatesHealth,
    WebhookHealth,
)
from bot.views.message import Message

SAVED_AS = "today"


class DailyCounters:
    """The requests and bookings of one day. `requests` and `booked` return totals since the start."""

    def __init__(
        self, office_time: Callable[[], datetime], requests: Callable[[], int], booked: Callable[[], int]
    ) -> None:
        self._now = office_time
        self._totals = (requests, booked)
        self._seen = (requests(), booked())
        self._day = office_time().date().isoformat()
        self._figures = (0, 0)

    def restore(self, kept: str | None) -> None:
        """Continue with the counts of an earlier process if they are of today; anything else counts as zero."""
        try:
            day, requests, booked = json.loads(kept or "[]")
        except (ValueError, TypeError):
            return
        if day == self._day and isinstance(requests, int) and isinstance(booked, int):
            self._figures = (self._figures[0] + requests, self._figures[1] + booked)

    def figures(self) -> tuple[int, int]:
        """Requests and bookings of this day so far."""
        day, totals = self._now().date().isoformat(), (self._totals[0](), self._totals[1]())
        if day != self._day:
            self._day, self._figures = day, (0, 0)
        self._figures = tuple(
            figure + total - seen for figure, total, seen in zip(self._figures, totals, self._seen, strict=True)
        )  # type: ignore[assignment]
        self._seen = totals
        return self._figures

    def kept(self) -> str:
        """The counts to store over a restart."""
        return json.dumps([self._day, *self.figures()])


COMMAND = "status"
PROBE = "probe"
WRITE_TIMEOUT = 2.0
"""Seconds within which a healthy database writes a row."""


class Database:
    """Finds out by writing whether the store can write. One probe at a time, also while the database is locked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._probe: asyncio.Task[None] | None = None

    async def writes(self) -> bool:
        """Write a row and wait briefly for the commit."""
        if self._probe is None or self._probe.done():
            row = (PROBE, str(int(time.time())))
            self._probe = asyncio.create_task(self._store.commit(Change(saved_values=(row,))))
        with contextlib.suppress(Exception):  # whatever the error, the store cannot write
            async with asyncio.timeout(WRITE_TIMEOUT):
                await asyncio.shield(self._probe)
                return True
        return False

    async def aclose(self) -> None:
        """Cancel a probe that hangs."""
        if self._probe:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)


async def no_reminders() -> None:
    """The default without a scheduler."""


async def no_place_alerts() -> None:
    """The default without alerts."""


async def no_updates() -> None:
    """The default if updates are polled."""


async def unknown_age() -> None:
    """The default if nobody looks how long updates wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCollector:
    """Collects the figures of the parts. `set_aside` is the number of updates set aside before the start."""

    clock: Clock
    since: datetime
    api: Callable[[], ApiHealth]
    today: DailyCounters
    conversations: Conversations
    outbox: Outbox
    attempt_worker: AttemptWorker
    outcomes: Mapping[str, int]
    limits_reached: Mapping[ChatLimit, int]
    telegram: Callable[[], bool]
    database: Database
    set_aside: int
    webhooks: Callable[[], WebhookHealth | None] = lambda: None
    reminders: Callable[[], Awaitable[ReminderHealth | None]] = no_reminders
    updates: Callable[[], Awaitable[UpdatesHealth | None]] = no_updates
    oldest_update: Callable[[], Awaitable[float | None]] = unknown_age
    place_alerts: Callable[[], Awaitable[PlaceAlertHealth | None]] = no_place_alerts
    replica: Callable[[], ReplicaHealth | None] = lambda: None

    async def report(self) -> HealthReport:
        """The present health report."""
        requests, booked = self.today.figures()
        return HealthReport(
            at=self.clock(),
            since=self.since,
            api=self.api(),
            requests_today=requests,
            booked_today=booked,
            inbox=self.conversations.waiting,
            outbox=self.outbox.waiting,
            attempts=self.attempt_worker.open,
            set_aside=self.set_aside + self.conversations.set_aside,
            telegram=self.telegram(),
            database=await self.database.writes(),
            stalled=self.outbox.stalled,
            sent=self.outbox.sent,
            refused=self.outbox.failed,
            webhooks=self.webhooks(),
            reminders=await self.reminders(),
            updates=await self.updates(),
            oldest_update=await self.oldest_update(),
            place_alerts=await self.place_alerts(),
            replica=self.replica(),
            outcomes=dict(self.outcomes),
            limits_reached=dict(self.limits_reached),
            moves=dict(self.attempt_worker.moves),
        )


class StatusHandler:
    """Answers `/status`."""

    def __init__(
        self,
        look: Callable[[], Awaitable[HealthReport]],
        draw: Callable[[HealthReport, str], Message],
        locale_of: Callable[[int], Awaitable[str]],
        ids: DeliveryIds,
    ) -> None:
        self._look = look
        self._draw = draw
        self._locale_of = locale_of
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        if not isinstance(inbound.event, Commanded) or inbound.event.name != COMMAND:
            return None
        message = self._draw(await self._look(), await self._locale_of(chat_id))
        return Change(queued=(Delivery(self._ids.next(), chat_id, Kind.SEND, message),))
