"""Composes the operators' parts: the API client with its stored state, `/status`, alerts and health.

`bot.bootstrap` composes the parts for citizens. This file knows the parts, not how they work.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import date, datetime

from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations
from bot.app.outbox import Outbox
from bot.app.ports import ApiError, Clock
from bot.app.records import Change, DeliveryIds
from bot.bootstrap import connections
from bot.bootstrap.connections import StartError
from bot.core.health import (
    ChatLimit,
    HealthReport,
    OperatorIssue,
    PlaceAlertHealth,
    ReminderHealth,
    ReplicaHealth,
    UpdatesHealth,
    WebhookHealth,
)
from bot.core.model import FailureCode
from bot.core.rating import DepartmentRatings
from bot.core.statistics import Count
from bot.http_client.session import MaySend, always
from bot.i18n import Translators
from bot.moncreneau.errors import QuotaExhausted
from bot.operations import blocking_views, statistics_views, views
from bot.operations.blocking import BlockHandler
from bot.operations.blocking_views import BlockScreen
from bot.operations.inbox_lag import LATE, InboxLag
from bot.operations.operator_alerts import SAVED_AS as ALERTS
from bot.operations.operator_alerts import OperatorAlerts
from bot.operations.statistics import StatisticsHandler
from bot.operations.status import SAVED_AS, DailyCounters, Database, HealthCollector, StatusHandler
from bot.settings import Settings
from bot.storage.blocks import SqlBlockRepository
from bot.storage.diagnostics import set_aside
from bot.storage.statistics import SqlStatistics
from bot.storage.store import Store
from bot.telegram.polling import Poller
from bot.telegram.webhook import WebhookKeeper
from bot.views.message import Message, Office

log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two writes; changes since the last one are lost if the process is killed."""
NamedValues = tuple[tuple[str, str], ...]
"""Names and values."""
BUDGET, PROVEN = "budget", "key"
"""Values stored for a key: the state of its quota, and that it worked."""
CHECK_EVERY = 60.0
"""Seconds between checks of how long the API was not asked."""
PROBE_AFTER, PROBE_AFTER_FAILURE = 900.0, 300.0
"""Seconds without a request after which the API is probed; the second while it does not answer."""
FRESH = 60.0
"""Seconds for which a response of the API is recent enough for `/status`."""


class DebouncedSaver:
    """Stores the values that `read` returns, within `PAUSE` seconds of a change: they change with every request."""

    def __init__(self, store: Store, read: Callable[[], NamedValues]) -> None:
        self._store = store
        self._read = read
        self._timer: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Report a change; cheap, and never raises."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self.keep)

    def keep(self) -> None:
        """Store the values now, with the next batch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if values := self._read():
            self._store.commit_soon(Change(saved_values=values))


class Operations:
    """The API client, and what operators see. The quota, the day's figures and open issues outlive a restart."""

    def __init__(  # noqa: PLR0913 — its parts
        self,
        settings: Settings,
        clock: Clock,
        store: Store,
        translators: Translators,
        office: Office,
        *,
        ids: DeliveryIds,
        may_send: MaySend = always,
    ) -> None:
        self._settings = settings
        self._ids = ids
        self._clock = clock
        self._since = clock()
        self._quota, self._proven = (connections.saved_value_name(what, settings) for what in (BUDGET, PROVEN))
        self._store = store
        self._translators = translators
        self.office = office
        self._saver = DebouncedSaver(store, self._values)

        def operations_of(issue: OperatorIssue) -> Collection[str]:
            return self.gateway.open_issues().get(issue, ())

        self.alerts = OperatorAlerts(
            store, settings.admin_ids, self._draw_alert, self.locale_of, operations_of, ids=ids
        )
        self.limits_reached = Counter[ChatLimit]()
        """The number of refusals since the start, by limit. The limiters count them here."""
        self.inbox_lag = InboxLag(store.oldest_open_update, time.time, self.alerts.changed)
        self.gateway = connections.moncreneau_gateway(
            settings, clock, self._save_quota, self.alerts.changed, self.limits_reached, may_send
        )
        self.outcomes = Counter[str]()
        """The number of attempts closed since the start, by outcome; the attempt worker counts them."""
        self._database = Database(store)
        self._today = DailyCounters(
            self._office_time,
            lambda: sum(self.gateway.stats().requests.values()),
            lambda: self.outcomes["booked"],
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Restore the stored state, then call the API once. Raises `StartError` for a key that it never accepted."""
        try:
            connections.restore_quota(self.gateway, await self._store.saved_value(self._quota))
            self._today.restore(await self._store.saved_value(SAVED_AS))
            told = self.alerts.restore(await self._store.saved_value(ALERTS))
            self.inbox_lag.restore(is_told=told.pop(LATE, None) is not None)
            self.gateway.restore_issues(told)
            await self._verify()
            watching = {asyncio.create_task(each) for each in (self._probe_when_quiet(), self.inbox_lag.run())}
            try:
                yield
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.wait(watching)
        finally:
            await self._database.aclose()
            await self.gateway.aclose()
            self._saver.keep()

    async def health(  # noqa: PLR0913, PLR0917 — the parts whose figures it collects
        self,
        conversations: Conversations,
        outbox: Outbox,
        attempt_worker: AttemptWorker,
        source: Poller | WebhookKeeper,
        webhooks: Callable[[], WebhookHealth | None],
        reminders: Callable[[], Awaitable[ReminderHealth | None]],
        updates: Callable[[], Awaitable[UpdatesHealth | None]],
        place_alerts: Callable[[], Awaitable[PlaceAlertHealth | None]],
        replica: Callable[[], ReplicaHealth | None],
    ) -> HealthCollector:
        """The collector of the parts' figures."""
        return HealthCollector(
            clock=self._clock,
            since=self._since,
            api=self.gateway.stats,
            today=self._today,
            conversations=conversations,
            outbox=outbox,
            attempt_worker=attempt_worker,
            outcomes=self.outcomes,
            limits_reached=self.limits_reached,
            telegram=lambda: source.is_reachable,
            database=self._database,
            set_aside=await self._store.reader.read(set_aside),
            webhooks=webhooks,
            reminders=reminders,
            updates=updates,
            oldest_update=self.inbox_lag.age,
            place_alerts=place_alerts,
            replica=replica,
        )

    def status_handler(self, report: Callable[[], Awaitable[HealthReport]]) -> StatusHandler:
        """The handler of `/status`; the API is asked first, unless it answered a moment ago."""

        async def fresh_report() -> HealthReport:
            if self.gateway.silence > FRESH or not self.gateway.stats().reachable:
                await self.gateway.probe()
            return await report()

        return StatusHandler(fresh_report, self._draw_status, self.locale_of, self._ids)

    def statistics_handler(self) -> StatisticsHandler:
        """The handler of `/stats`."""
        repository = SqlStatistics(self._store)
        return StatisticsHandler(repository, self._draw_statistics, self._draw_caption, self.locale_of, self._ids)

    def block_handler(self) -> BlockHandler:
        """The handler of `/block`, `/unblock` and `/blocked`."""
        return BlockHandler(SqlBlockRepository(self._store), self._draw_blocking, self.locale_of, self._ids)

    async def statistics_file(self) -> bytes:
        """The statistics of all weeks as a CSV file."""
        return statistics_views.csv_file(await SqlStatistics(self._store).counts(), self.gateway.name_of)

    async def locale_of(self, chat_id: int) -> str:
        """The language of a chat, or the default one."""
        known = await self._store.chat(chat_id)
        return known.locale if known else self._settings.default_locale

    async def _verify(self) -> None:
        try:
            await self.gateway.verify()
        except ApiError as error:
            if isinstance(error, QuotaExhausted):
                log.warning("the moncreneau API is not asked before %s: its limit is used up", connections.hour(error))
            elif error.failure.code is not FailureCode.NO_ACCESS:
                log.warning("the moncreneau API does not answer yet: %s", error)
            elif await self._store.saved_value(self._proven):
                log.error("the moncreneau API no longer accepts MONCRENEAU_API_KEY: %s; citizens are told", error)  # noqa: TRY400
            else:
                raise StartError(f"the moncreneau API does not accept MONCRENEAU_API_KEY: {error}") from None

    async def _probe_when_quiet(self) -> None:
        """Probe the API while there are no other requests, so that an outage is noticed at night as well.

        That costs four requests an hour, about a dozen during an outage, and keeps the departments cached.
        """
        while True:
            await asyncio.sleep(CHECK_EVERY)
            if self.gateway.silence >= (PROBE_AFTER if self.gateway.stats().reachable else PROBE_AFTER_FAILURE):
                await self.gateway.probe()

    def _save_quota(self) -> None:
        """Called after every response. A 429 is stored at once, so that the next process knows it."""
        if self.gateway.stats().blocked_until:
            self._saver.keep()
        else:
            self._saver.changed()

    def _values(self) -> NamedValues:
        quota, proven = connections.quota_to_keep(self.gateway), "worked" if self.gateway.proven else None
        values = {SAVED_AS: self._today.kept(), self._quota: quota, self._proven: proven}
        return tuple((name, value) for name, value in values.items() if value)

    def _office_time(self) -> datetime:
        return self._clock().astimezone(self._settings.timezone).replace(tzinfo=None)

    def _draw_status(self, report: HealthReport, locale: str) -> Message:
        translator, zone = self._translators.get(locale), self._settings.timezone
        return views.status(report, translator, self.office, zone, self.gateway.name_of)

    def _draw_blocking(self, screen: BlockScreen, locale: str) -> Message:
        return blocking_views.render(screen, self._translators.get(locale))

    def _draw_statistics(
        self, counts: tuple[Count, ...], ratings: tuple[DepartmentRatings, ...], today: date, locale: str
    ) -> Message:
        return statistics_views.statistics(counts, ratings, today, self._translators.get(locale), self.gateway.name_of)

    def _draw_caption(self, locale: str) -> Message:
        return statistics_views.caption(self._translators.get(locale))

    def _draw_alert(self, issue: OperatorIssue, present: bool, locale: str) -> Message:  # noqa: FBT001 — a callback
        return views.alert(issue, self._translators.get(locale), self.gateway.name_of, present=present)
