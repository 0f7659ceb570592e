"""The newsroom: all that broadcasts need, joined, beside what citizens need.

Knows the parts and the settings, not how any of them works.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime

from bot.app.outbox import Outbox
from bot.app.ports import Moncreneau
from bot.app.rate_limits import EvenPacer, GlobalRateLimiter
from bot.app.records import Change
from bot.bootstrap import connections
from bot.broadcast import compose_views, views
from bot.broadcast.compose_states import ShowDraft
from bot.broadcast.direct_sends import DirectSends
from bot.broadcast.handler import LISTED, BroadcastHandler, BroadcastViews
from bot.broadcast.lifecycle import ListCursor
from bot.broadcast.model import Broadcast, BroadcastSnapshot
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.recaller import MAX_RECALLS_IN_FLIGHT, Recaller
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.sender import SendLoop
from bot.broadcast.throttle import MAX_IN_FLIGHT, BroadcastThrottle, SendBreaker
from bot.i18n import Translators
from bot.settings import Settings
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store
from bot.telegram import bot_profile
from bot.telegram.broadcast_sender import TelegramBroadcastSender, read_content
from bot.telegram.lazy_bot import LazyBot
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import RawBot
from bot.views.message import Message, Office

log = logging.getLogger(__name__)
GRACE = 8.0
"""Seconds, beside what the rest of the house takes to stop, in which those who are on the wire are heard of."""
SPARE = 10
"""Connections beside those of the lanes: for reports, and for the question whether Telegram is back."""
ADMINS = "admins"
"""The fact under which those are kept who may see the admins' commands."""
UNLIMITED = 1000.0
"""Messages per second that are expected where nothing limits them."""


class BroadcastFeature:
    """Everything about broadcasts. `desk` is where admins come to."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        settings: Settings,
        *,
        office_time: Callable[[], datetime],
        translators: Translators,
        store: Store,
        bot: RawBot,
        outbox: Outbox,
        overall: GlobalRateLimiter,
        office: Office,
        offices: Moncreneau,
    ) -> None:
        self._admins = settings.admin_ids
        self._bot = bot
        self._translators = translators
        self._store = store
        self._outbox = outbox
        self._now = office_time
        self._office = office
        self._stopping: asyncio.Task[None] | None = None
        messenger = TelegramMessenger(bot)
        self._standby = LazyBot(
            lambda: connections.telegram_bot(settings, MAX_IN_FLIGHT + MAX_RECALLS_IN_FLIGHT + SPARE)
        )
        repository, recipients = SqlBroadcastRepository(store), SqlRecipientRepository(store)

        def herald_through(way: TelegramMessenger) -> TelegramBroadcastSender:
            return TelegramBroadcastSender(way, lambda locale: views.footer(translators.get(locale)))

        # Announcements have connections of their own: no citizen's message ever waits behind one of them.
        sender = herald_through(TelegramMessenger(self._standby))
        paid = settings.paid_broadcast_rate
        pace = EvenPacer(paid or settings.broadcast_rate or None)
        # What is paid for is counted apart from what every bot may send.
        counted = GlobalRateLimiter(None) if paid else overall
        floods, per_chat = outbox.floods, outbox.per_chat
        breaker = SendBreaker("Telegram (broadcasting)", sender.reach)
        throttle = BroadcastThrottle(pace, counted, floods, breaker)
        direct_sends = DirectSends(overall, per_chat, floods)
        self._reporter = Reporter(
            repository,
            recipients,
            sender,
            direct_sends,
            admins=settings.admin_ids,
            locale_of=self._locale_of,
            caption=self._caption,
        )
        self._broadcasts = BroadcastRunner(
            repository,
            recipients,
            sender,
            SendLoop(
                recipients,
                sender,
                throttle,
                per_chat,
                on_left=self._left,
                office_time=office_time,
                paid=bool(paid),
            ),
            Recaller(
                recipients,
                sender,
                BroadcastThrottle(pace, overall, floods, breaker, width=MAX_RECALLS_IN_FLIGHT),
                per_chat,
            ),
            office_time=office_time,
            locales=translators.supported,
            rate=paid or min(settings.broadcast_rate or UNLIMITED, overall.bulk_rate or UNLIMITED),
            changed=self._changed,
            ended=self._reporter.ended,
            clock_ahead=lambda: -(connections.telegram_clock_gap(bot) or 0.0),
        )
        self._progress = ProgressMessages(
            repository,
            messenger,
            overall,
            settings.admin_ids,
            self._card,
            look=self._broadcasts.snapshot,
            moving=self._broadcasts.moving,
        )
        self.desk = BroadcastHandler(
            repository=repository,
            recipients=recipients,
            sender=herald_through(messenger),
            direct_sends=direct_sends,
            offices=offices,
            broadcasts=self._broadcasts,
            progress=self._progress,
            reporter=self._reporter,
            views=BroadcastViews(self._stage, self._listing, self._recalling),
            locales=translators.supported,
            locale_of=self._locale_of,
            read_content=read_content,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Go on with what an earlier process left; at the end nothing more goes out, see `close`."""
        tasks = (
            asyncio.create_task(self._progress.run(), name="cards"),
            asyncio.create_task(self._part_with_former_admins(), name="former admins"),
        )
        resumed = await self._broadcasts.resume()
        if resumed:
            log.warning("%d broadcasts go on", resumed)
        for snapshot in await self._broadcasts.recent(LISTED):
            # An earlier process may have been killed before it could show how it ended.
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
        """Hear of those who are on the wire; the rest of the house stops at the same time."""
        if self._stopping:
            await self._stopping
        await self._standby.shutdown()

    async def _part_with_former_admins(self) -> None:
        """Nobody else can tell that there are commands for admins, least of all those who were one."""
        known = {int(each) for each in (await self._store.fact(ADMINS) or "").split()}
        former = known - self._admins
        if known != self._admins:
            # Who may see the commands is remembered until they surely do not, however often the bot starts meanwhile.
            # And the face is set anew at the next start: somebody who is an admin again must get the commands back.
            await self._remember(known | self._admins, *((("face", ""),) if former else ()))
        if former:
            codes = bot_profile.language_codes(self._translators.supported)
            await bot_profile.hide(self._bot, sorted(former), codes)
            await self._remember(self._admins)

    async def _remember(self, admins: Collection[int], *more: tuple[str, str]) -> None:
        await self._store.commit(Change(remembered=((ADMINS, " ".join(map(str, sorted(admins)))), *more)))

    def _changed(self, number: int) -> None:
        self._progress.touch(number)

    def _left(self, chat_id: int) -> None:
        self._outbox.forget(chat_id)
        self._store.commit_soon(Change(left=chat_id))

    async def _locale_of(self, chat_id: int) -> str | None:
        known = await self._store.chat(chat_id)
        return known.locale if known else None

    # --- what things look like -----------------------------------------------------------------------------------

    def _stage(self, show: ShowDraft, locale: str) -> Message:
        return compose_views.render(show, self._translators.get(locale), self._now(), self._office)

    def _card(self, snapshot: BroadcastSnapshot, locale: str) -> Message:
        return views.progress(snapshot, self._translators.get(locale), self._office)

    def _listing(self, snapshots: tuple[BroadcastSnapshot, ...], last: ListCursor | None, locale: str) -> Message:
        return views.listing(snapshots, self._translators.get(locale), last, self._office)

    def _recalling(self, snapshot: BroadcastSnapshot, locale: str) -> Message:
        return views.ask_recall(snapshot, self._translators.get(locale))

    def _caption(self, broadcast: Broadcast, locale: str) -> Message:
        return views.report(broadcast, self._translators.get(locale))
