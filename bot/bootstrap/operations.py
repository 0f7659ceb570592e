"""Behind the stage: the API with all that is kept of it over a restart, and what operators get to see of the house.

Joined here and not in `bootstrap`, which joins what citizens need. Knows the parts, not how any of them works.

Facts that change with every request and should outlive the process: stored soon, but not each time.

Knows what a fact is called and nothing of what it means.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.app.appointment_recorder import AppointmentRecorder
from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations
from bot.app.outbox import Outbox
from bot.app.ports import ApiError, Clock
from bot.app.records import Change
from bot.bootstrap import connections
from bot.bootstrap.connections import StartError
from bot.core.health import HealthReport, OperatorIssue
from bot.core.model import Appointment, FailureCode
from bot.i18n import Translators
from bot.moncreneau.errors import QuotaExhausted
from bot.operations import views
from bot.operations.operator_alerts import OperatorAlerts
from bot.operations.status import FACT, DailyCounters, Database, HealthCollector, StatusHandler
from bot.settings import Settings
from bot.storage.appointments import AppointmentBook
from bot.storage.diagnostics import set_aside
from bot.storage.store import Store
from bot.telegram.polling import Poller
from bot.views.message import Message, Office

PAUSE = 1.0
"""Seconds between two writings; so much may be forgotten when the process is killed."""
Facts = tuple[tuple[str, str], ...]


class DebouncedSaver:
    """Stores what `read` gives, within `PAUSE` seconds of a change."""

    def __init__(self, store: Store, read: Callable[[], Facts]) -> None:
        self._store = store
        self._read = read
        self._timer: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Tell that something changed; cheap, and never raises."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self.keep)

    def keep(self) -> None:
        """Store it now, with the next batch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if facts := self._read():
            self._store.commit_soon(Change(remembered=facts))


log = logging.getLogger(__name__)
BUDGET, PROVEN = "budget", "key"
"""Facts about a key: what is left of its hour, and that it worked."""
LISTEN = 60.0
"""Seconds between looks at how long the API was not asked for anything."""
QUIET, AWAY = 900.0, 300.0
"""Seconds of that after which it is asked whether it answers; the second where it did not when it was last asked."""
STALE = 60.0
"""The same for an admin who asks how it stands."""


class Operations:
    """The gateway, watched: its budget, the day's figures and its troubles are remembered, admins are told.

    `api` is what citizens are served with: the same, and what it tells of their appointments is noted.
    """

    def __init__(
        self, settings: Settings, clock: Clock, store: Store, translators: Translators, office: Office
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._since = clock()
        self._quota, self._proven = (connections.fact_name_for_key(what, settings) for what in (BUDGET, PROVEN))
        self._store = store
        self._translators = translators
        self.office = office
        self._keeper = DebouncedSaver(store, self._facts)
        self.notices = OperatorAlerts(store, settings.admin_ids, self._trouble, self.locale_of)
        self.gateway = connections.moncreneau_gateway(settings, clock, self._asked, self.notices.changed)
        self.notices.met = self.gateway.open_issues
        self.api = AppointmentRecorder(self.gateway, self._noted, store.made_by)
        self._book = AppointmentBook(store)
        self.counted: Counter[str] = Counter()
        self._today = DailyCounters(
            self._office_time, lambda: sum(self.gateway.stats().requests.values()), lambda: self.counted["booked"]
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Go on from what was kept, then ask the API once. Raises `StartError` for a key that it never accepted."""
        try:
            connections.restore_quota(self.gateway, await self._store.fact(self._quota))
            self._today.restore(await self._store.fact(FACT))
            self.gateway.restore_issues(await self.notices.known(self._store.fact))
            await self._verify()
            listening = asyncio.create_task(self._listen(), name="listen")
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.wait({listening})
        finally:
            await self.gateway.aclose()
            self._keeper.keep()

    @asynccontextmanager
    async def health(
        self, conversations: Conversations, outbox: Outbox, attempt_worker: AttemptWorker, poller: Poller
    ) -> AsyncIterator[HealthCollector]:
        """What there is to see, for as long as the house works."""
        database = Database(self._store)
        async with contextlib.aclosing(database):
            yield HealthCollector(
                clock=self._clock,
                since=self._since,
                api=self.gateway.stats,
                today=self._today,
                conversations=conversations,
                outbox=outbox,
                attempt_worker=attempt_worker,
                outcomes=self.counted,
                telegram=lambda: poller.hears,
                database=database,
                set_aside=await set_aside(self._store.engine),
            )

    def desk(self, health: HealthCollector) -> StatusHandler:
        """Where admins ask for it."""

        async def look() -> HealthReport:
            if self.gateway.silence > STALE or not self.gateway.stats().reachable:
                await self.gateway.probe()
            return await health.look()

        return StatusHandler(look, self._condition, self.locale_of)

    async def locale_of(self, chat_id: int) -> str:
        """The language that a chat speaks, as far as it is known."""
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
            elif await self._store.fact(self._proven):
                log.error("the moncreneau API accepts MONCRENEAU_API_KEY no more: %s; citizens are told", error)  # noqa: TRY400
            else:
                raise StartError(f"the moncreneau API does not accept MONCRENEAU_API_KEY: {error}") from None

    def _noted(self, chat_id: int, appointments: tuple[Appointment, ...], made_since: frozenset[int]) -> None:
        self._store.commit_soon(Change(works=(self._book.told(chat_id, appointments, made_since),)))

    async def _listen(self) -> None:
        """Ask the API now and then where nobody else does: that it goes and comes is to be known all the same.

        That costs four requests an hour, a dozen or so while it is away, and keeps the departments at hand.
        """
        while True:
            await asyncio.sleep(LISTEN)
            if self.gateway.silence >= (QUIET if self.gateway.stats().reachable else AWAY):
                await self.gateway.probe()

    def _asked(self) -> None:
        """After every answer. That we are to wait must be known to the next process, however soon this one ends."""
        if self.gateway.stats().blocked_until:
            self._keeper.keep()
        else:
            self._keeper.changed()

    def _facts(self) -> Facts:
        quota, proven = connections.quota_to_keep(self.gateway), "worked" if self.gateway.proven else None
        facts = {FACT: self._today.kept(), self._quota: quota, self._proven: proven}
        return tuple((name, value) for name, value in facts.items() if value)

    def _office_time(self) -> datetime:
        return self._clock().astimezone(self._settings.timezone).replace(tzinfo=None)

    def _condition(self, condition: HealthReport, locale: str) -> Message:
        return views.status(
            condition, self._translators.get(locale), self.office, self._settings.timezone, self.gateway.name_of
        )

    def _trouble(self, issue: OperatorIssue, present: bool, locale: str) -> Message:  # noqa: FBT001 — a callback
        return views.alert(issue, self._translators.get(locale), self.gateway.name_of, present=present)
