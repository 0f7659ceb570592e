"""The only place that knows everybody: joins the parts, starts them in order, stops them in order.

`running(settings)` is the whole bot; the command line and the tests call the same function. It raises `StartError`
with one clear line where the bot cannot work (a wrong token or key, an unusable database).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.app.attempt import DELAYS, LookupDelays
from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations, GroupHints
from bot.app.outbox import Outbox
from bot.app.ports import Clock
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Change
from bot.app.sessions import Sessions
from bot.app.turn import DeliveryIds, Turns
from bot.app.updates import AdminRouter
from bot.bootstrap import connections
from bot.bootstrap.broadcast import BroadcastFeature
from bot.bootstrap.connections import StartError
from bot.bootstrap.operations import Operations
from bot.broadcast.report import read_file
from bot.core.screens import Screen
from bot.core.states import Notice
from bot.i18n import CatalogueError, Translators
from bot.moncreneau.gateway import Gateway
from bot.operations.status import Outcomes, Readiness
from bot.settings import Settings
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store
from bot.telegram import bot_profile
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import RawBot
from bot.telegram.update_parser import TelegramUpdateParser
from bot.views import bot_profile as texts
from bot.views import general
from bot.views.message import Message, Office
from bot.views.render import render

log = logging.getLogger(__name__)
BUILT = (*texts.USUAL, *texts.EXTRA, *texts.ADMIN)
KEEP_DONE = 2 * 24 * 3600.0
HOUSEKEEPING = 3600.0
GRACE_CLERK, GRACE_TURNS, GRACE_OUTBOX, GRACE_STORE = 3.0, 3.0, 2.0, 1.5
__all__ = ["House", "StartError", "running"]


@dataclass(slots=True)
class App:
    """The running parts, for whoever looks after them."""

    settings: Settings
    store: Store
    gateway: Gateway
    outbox: Outbox
    conversations: Conversations
    attempt_worker: AttemptWorker
    bot: RawBot
    translators: Translators
    polling: asyncio.Task[None] | None = None
    """Ends only when it fails: then the bot is deaf, and the process had better end too."""


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running(settings: Settings, clock: Clock = _now, lookups: LookupDelays = DELAYS) -> AsyncIterator[App]:
    """The bot, from its first poll to its last row; `clock` gives all time that citizens see. Raises `StartError`."""
    async with contextlib.AsyncExitStack() as stack:
        translators = _translators(settings)
        await stack.enter_async_context(connections.only_process(settings.database_url))
        readiness = await stack.enter_async_context(_port(settings))
        store = await connections.open_store(settings.database_url)
        stack.push_async_callback(store.close, GRACE_STORE)
        bot = await connections.connect_telegram(settings)
        stack.push_async_callback(bot.shutdown)
        office = Office.of_zone(settings.timezone.key, settings.booking_horizon_days)
        operations = Operations(settings, clock, store, translators, office)
        await stack.enter_async_context(operations.open())
        app = _join(settings, clock, translators, store, bot, operations, lookups)
        broadcast_feature = _broadcast_feature(app, operations, clock)
        app.conversations.staff = AdminRouter(settings.admin_ids, (broadcast_feature.handler,))
        stack.push_async_callback(broadcast_feature.close)
        poller = await _resume(app)
        stack.push_async_callback(_stop, app)
        health = await stack.enter_async_context(
            operations.health(app.conversations, app.outbox, app.attempt_worker, poller)
        )
        app.conversations.staff = AdminRouter(settings.admin_ids, (broadcast_feature.handler, operations.desk(health)))
        await stack.enter_async_context(broadcast_feature.open())
        app.polling = asyncio.create_task(poller.run(), name="polling")
        notices = operations.notices.run(app.outbox.accept)
        for work in (_sync_bot_profile(app), _purge_done(store), notices):
            stack.push_async_callback(_ended, asyncio.create_task(work))
        stack.push_async_callback(_ended, app.polling)
        readiness.health = health
        log.warning(
            "ready: @%s, %d updates and %d attempts resumed",
            bot.username,
            app.conversations.waiting,
            app.attempt_worker.open,
        )
        try:
            yield app
        finally:
            readiness.health = None


@asynccontextmanager
async def _port(settings: Settings) -> AsyncIterator[Readiness]:
    """The port for operators, where one is wanted; its libraries are loaded only then."""
    readiness = Readiness()
    if settings.http_port is None:
        yield readiness
        return
    from bot.operations import http  # noqa: PLC0415 — see above

    try:
        listener = http.bound(settings.http_host, settings.http_port)
    except OSError as error:
        raise StartError(f"HTTP_HOST, HTTP_PORT: cannot listen there: {error.strerror}") from None
    async with http.serving(http.create_app(readiness), listener):
        yield readiness


def _translators(settings: Settings) -> Translators:
    try:
        return Translators.load(settings.default_locale)
    except CatalogueError as error:
        raise StartError(str(error)) from None


def _join(  # noqa: PLR0913, PLR0917 — the parts, in the order in which they were made
    settings: Settings,
    clock: Clock,
    translators: Translators,
    store: Store,
    bot: RawBot,
    operations: Operations,
    lookups: LookupDelays,
) -> App:
    def office_time() -> datetime:
        return clock().astimezone(settings.timezone).replace(tzinfo=None)

    def draw(screen: Screen, locale: str, notice: Notice | None) -> Message:
        return render(screen, translators.get(locale), notice, office=operations.office)

    def hint(locale: str) -> Message:
        return general.group_hint(translators.get(locale), bot.username)

    outbox = Outbox(
        store,
        TelegramMessenger(bot, partial(read_file, SqlRecipientRepository(store))),
        GlobalRateLimiter(settings.telegram_rate or None),
        ChatRateLimiter(settings.telegram_chat_rate or None),
    )
    conversations = Conversations(
        store=store,
        sessions=Sessions(store, settings.default_locale),
        turns=Turns(operations.api, draw, office_time, settings.booking_horizon_days, store.made_by),
        outbox=outbox,
        read=TelegramUpdateParser(bot.username, translators.resolve),
        office_time=office_time,
        groups=GroupHints(hint),
        at_once=settings.chats_at_once,
    )
    attempt_worker = AttemptWorker(
        store, operations.api, Outcomes(conversations.settle, operations.counted), office_time, lookups
    )
    conversations.attempt_worker = attempt_worker
    return App(settings, store, operations.gateway, outbox, conversations, attempt_worker, bot, translators)


def _broadcast_feature(app: App, operations: Operations, clock: Clock) -> BroadcastFeature:
    zone = app.settings.timezone
    return BroadcastFeature(
        app.settings,
        office_time=lambda: clock().astimezone(zone).replace(tzinfo=None),
        translators=app.translators,
        store=app.store,
        bot=app.bot,
        outbox=app.outbox,
        overall=app.outbox.overall,
        office=operations.office,
        api=app.gateway,
    )


async def _resume(app: App) -> Poller:
    """Take up what an earlier process left: what it had to say, then what it had heard, then what it had to do."""
    async for delivery in app.store.open_deliveries():
        DeliveryIds.seen(delivery.id)
        app.outbox.accept((delivery,))
    attempts = await app.store.open_attempts()
    app.conversations.accept(await app.store.open_updates())
    for attempt in attempts:
        app.attempt_worker.begin(attempt, resumed=True)
    messenger = TelegramMessenger(app.bot)
    newest = await app.store.newest_update()
    return Poller(app.bot, app.store, app.conversations, messenger.answer_press, newest)


async def _stop(app: App) -> None:
    """Finish what is in hand, within ten seconds in all; the rest is stored."""
    await app.attempt_worker.stop(GRACE_CLERK)
    await app.conversations.stop(GRACE_TURNS)
    await app.outbox.stop(GRACE_OUTBOX)
    log.warning(
        "stopped: %d updates and %d attempts wait for the next start",
        app.conversations.waiting,
        app.attempt_worker.open,
    )


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _sync_bot_profile(app: App) -> None:
    """Commands and descriptions, those that changed; what cannot be set yet is tried until it can."""
    faces = []
    for code in ("", *bot_profile.language_codes(app.translators.supported)):
        translator = app.translators.get(code)
        faces.append(
            bot_profile.BotProfile(
                language=code,
                commands=texts.commands(translator, available=BUILT),
                admin_commands=texts.commands(translator, admin=True, available=BUILT),
                description=texts.description(translator),
                short_description=texts.short_description(translator),
            )
        )
    wanted = bot_profile.calls(faces, app.settings.admin_ids)
    async for stored_marks in bot_profile.keep_in_sync(app.bot, wanted, await app.store.fact("face") or ""):
        app.store.commit_soon(Change(remembered=(("face", stored_marks),)))


async def _purge_done(store: Store) -> None:
    while True:
        with contextlib.suppress(SQLAlchemyError):
            await store.forget_done(time.time() - KEEP_DONE)
        await asyncio.sleep(HOUSEKEEPING)
