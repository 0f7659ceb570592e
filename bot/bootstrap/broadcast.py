"""The composition of the broadcast feature, from the settings and the parts that citizens' features use too."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime

from bot.app.outbox import Outbox
from bot.app.ports import Moncreneau
from bot.app.rate_limits import EvenPacer, GlobalRateLimiter
from bot.app.records import Change, DeliveryIds
from bot.app.roles import Roles
from bot.app.updates import AdminRouter
from bot.bootstrap import connections
from bot.broadcast import compose_views, views
from bot.broadcast.compose_states import ShowDraft
from bot.broadcast.handler import LISTED, BroadcastHandler, BroadcastViews
from bot.broadcast.lifecycle import BroadcastCommand, ListCursor
from bot.broadcast.model import Broadcast, BroadcastSnapshot
from bot.broadcast.ports import ProgressMessage
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.recaller import MAX_RECALLS_IN_FLIGHT, Recaller
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.sender import SendLoop
from bot.broadcast.throttle import MAX_IN_FLIGHT, BroadcastThrottle, SendBreaker
from bot.core.model import Department
from bot.http_client.session import MaySend, always
from bot.i18n import Translators
from bot.logs import scrubbed
from bot.operations.admin_commands import AdminCommands
from bot.operations.views import special_help
from bot.settings import Settings
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store
from bot.telegram import bot_profile
from bot.telegram.broadcast_sender import TelegramBroadcastSender, read_content
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import RawBot
from bot.views import bot_profile as texts
from bot.views.message import Message, Office

log = logging.getLogger(__name__)
GRACE = 8.0
"""Seconds in which calls in flight may be answered at the end, while the other parts stop."""
SPARE = 10
"""Connections beyond the calls in flight: for probes."""
ADMINS = "admins"
"""The fact that lists the admins and staff whose command menu was set."""
UNLIMITED = 1000.0
"""Messages per second to expect without a limit."""


class BroadcastFeature:
    """The broadcast feature; `handler` answers admins."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        settings: Settings,
        *,
        office_time: Callable[[], datetime],
        translators: Translators,
        store: Store,
        bot: RawBot,
        outbox: Outbox,
        global_limiter: GlobalRateLimiter,
        office: Office,
        api: Moncreneau,
        ids: DeliveryIds,
        roles: Roles,
        known_departments: Callable[[], tuple[Department, ...]],
        announced_closures: Callable[[], Mapping[int, frozenset[date]]],
        may_send: MaySend = always,
    ) -> None:
        self._roles = roles
        self._bot = bot
        self._translators = translators
        self._store = store
        self._outbox = outbox
        self._now = office_time
        self._office = office
        self._stopping: asyncio.Task[None] | None = None
        # Broadcasts have connections of their own, so that no citizen's message waits behind one. Idle ones are closed.
        self._broadcast_bot = connections.telegram_bot(
            settings, MAX_IN_FLIGHT + MAX_RECALLS_IN_FLIGHT + SPARE, may_send
        )
        repository, recipients = SqlBroadcastRepository(store), SqlRecipientRepository(store)
        sender = TelegramBroadcastSender(
            TelegramMessenger(self._broadcast_bot), lambda locale: views.footer(translators.get(locale))
        )
        paid = settings.paid_broadcast_rate
        pace = EvenPacer(paid or settings.broadcast_rate or None)
        # Paid messages have a limit of their own.
        counted = GlobalRateLimiter(None) if paid else global_limiter
        floods, chat_limiter = outbox.floods, outbox.chat_limiter
        breaker = SendBreaker("Telegram (broadcasting)", sender.reach)
        throttle = BroadcastThrottle(pace, counted, floods, breaker)
        self._reporter = Reporter(
            repository,
            admins=settings.admin_ids,
            locale_of=self._locale_of,
            caption=self._caption,
            commit=self._commit,
            ids=ids,
        )
        self._broadcasts = BroadcastRunner(
            repository,
            recipients,
            sender,
            SendLoop(
                recipients,
                sender,
                throttle,
                chat_limiter,
                on_left=self._left,
                office_time=office_time,
                paid=bool(paid),
            ),
            Recaller(
                recipients,
                sender,
                BroadcastThrottle(pace, global_limiter, floods, breaker, width=MAX_RECALLS_IN_FLIGHT),
                chat_limiter,
            ),
            office_time=office_time,
            locales=translators.supported,
            rate=paid or min(settings.broadcast_rate or UNLIMITED, global_limiter.bulk_rate or UNLIMITED),
            changed=self._changed,
            ended=self._reporter.ended,
            clock_ahead=lambda: -(connections.telegram_clock_gap(bot) or 0.0),
        )
        self._progress = ProgressMessages(
            repository,
            self._may_follow,
            self._draw_progress,
            draw_left=self._draw_left,
            snapshot=self._broadcasts.snapshot,
            moving=self._broadcasts.moving,
            accept=outbox.accept,
            ids=ids,
        )
        self._menus: asyncio.Queue[int] = asyncio.Queue()
        self._handler = BroadcastHandler(
            repository=repository,
            recipients=recipients,
            sender=sender,
            api=api,
            broadcasts=self._broadcasts,
            progress=self._progress,
            reporter=self._reporter,
            views=BroadcastViews(
                self._draw_state, self._draw_list, self._draw_question, self._draw_closed_days, self._draw_no_day
            ),
            locales=translators.supported,
            locale_of=self._locale_of,
            read_content=read_content,
            ids=ids,
            roles=roles,
            known_departments=known_departments,
            announced_closures=announced_closures,
        )
        commands = AdminCommands(self._draw_help, self._locale_of, self._menus.put_nowait, ids)
        self.handler = AdminRouter(roles.people, (commands, self._handler))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Resume what an earlier process left; at the end no more calls begin, see `close`."""
        await self._broadcast_bot.request.initialize()
        tasks = (
            asyncio.create_task(self._progress.run(), name="broadcast progress"),
            asyncio.create_task(self._tell_refused_previews(), name="refused previews"),
            asyncio.create_task(self._remove_former_admins_menu(), name="former admins"),
            asyncio.create_task(self._show_menus(), name="admins' menus"),
        )
        resumed = await self._broadcasts.resume()
        if resumed:
            log.warning("%d broadcasts resumed", resumed)
        for snapshot in await self._broadcasts.recent(LISTED):
            # An earlier process may have ended before it could show the last status.
            self._progress.touch(snapshot.broadcast.plan.number)
        try:
            yield
        finally:
            self._stopping = asyncio.create_task(self._broadcasts.stop(GRACE), name="broadcasts stop")
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def close(self) -> None:
        """Wait for calls in flight."""
        if self._stopping:
            await self._stopping
        await self._broadcast_bot.request.shutdown()

    async def _tell_refused_previews(self) -> None:
        while True:
            chat_id, reason = await self._outbox.refused.get()
            try:
                await self._commit(await self._handler.preview_refused(chat_id, reason, self._now()))
            except Exception as error:
                name = type(error).__name__
                log.exception("an admin was not told of a refused preview: %s", name, exc_info=scrubbed(error))

    async def _commit(self, change: Change) -> None:
        await self._store.commit(change)
        self._outbox.accept(change.queued)

    async def _remove_former_admins_menu(self) -> None:
        """Former admins and staff must not see the commands of a role that they have no more."""
        known = {int(each) for each in (await self._store.saved_value(ADMINS) or "").split()}
        people = self._roles.people
        former = known - people
        if known != people:
            # They stay listed until their menu is surely removed, over restarts. The next start sets all menus again,
            # for those who may have a role again.
            await self._remember(known | people, *((("face", ""),) if former else ()))
        if former:
            codes = bot_profile.language_codes(self._translators.supported)
            await bot_profile.hide(self._bot, sorted(former), codes)
            await self._remember(people)

    async def _show_menus(self) -> None:
        """Set the menu of each admin and member of staff who writes, unless it is known to be set."""
        codes = ("", *bot_profile.language_codes(self._translators.supported))
        while True:
            chat = await self._menus.get()
            menus = [
                bot_profile.chat_menu(code, texts.commands(self._translators.get(code), self._special(chat)), chat)
                for code in codes
            ]
            async for _ in bot_profile.keep_in_sync(self._bot, menus, await self._store.saved_value("face") or ""):
                pass

    async def _remember(self, admins: Collection[int], *more: tuple[str, str]) -> None:
        await self._store.commit(Change(saved_values=((ADMINS, " ".join(map(str, sorted(admins)))), *more)))

    def _changed(self, number: int) -> None:
        self._progress.touch(number)

    def _left(self, chat_id: int) -> None:
        self._outbox.forget(chat_id)
        self._store.commit_soon(Change(left=chat_id))

    async def _locale_of(self, chat_id: int) -> str | None:
        known = await self._store.chat(chat_id)
        return known.locale if known else None

    # --- views ---------------------------------------------------------------------------------------------------

    def _special(self, user_id: int) -> tuple[str, ...]:
        return texts.special(admin=user_id in self._roles.admins, staff=user_id in self._roles.staff)

    def _draw_help(self, user_id: int, locale: str) -> Message:
        is_admin, is_staff = user_id in self._roles.admins, user_id in self._roles.staff
        return special_help(self._translators.get(locale), self._office, admin=is_admin, staff=is_staff)

    def _draw_state(self, show: ShowDraft, locale: str) -> Message:
        return compose_views.render(show, self._translators.get(locale), self._now(), self._office)

    def _may_follow(self, chat_id: int, broadcast: Broadcast) -> bool:
        """Admins follow all broadcasts, staff those of their departments."""
        return chat_id in self._roles.admins or broadcast.plan.department_id in self._roles.departments_of(chat_id)

    def _draw_progress(self, snapshot: BroadcastSnapshot, progress: ProgressMessage) -> Message:
        is_admin = progress.chat_id in self._roles.admins
        translator = self._translators.get(progress.locale)
        return views.progress(snapshot, translator, self._office, with_report=is_admin)

    def _draw_closed_days(self, found: tuple[views.ClosedDay, ...], day: date | None, locale: str) -> Message:
        return views.closed_days(found, self._translators.get(locale), day, self._now().date())

    def _draw_no_day(self, locale: str) -> Message:
        return views.no_day(self._translators.get(locale))

    def _draw_left(self, number: int, locale: str) -> Message:
        return views.left(number, self._translators.get(locale))

    def _draw_list(self, snapshots: tuple[BroadcastSnapshot, ...], last: ListCursor | None, locale: str) -> Message:
        return views.listing(snapshots, self._translators.get(locale), last, self._office)

    def _draw_question(self, snapshot: BroadcastSnapshot, command: BroadcastCommand, locale: str) -> Message:
        return views.question(snapshot, command, self._translators.get(locale))

    def _caption(self, broadcast: Broadcast, locale: str) -> Message:
        return views.report(broadcast, self._translators.get(locale))
