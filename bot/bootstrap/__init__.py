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

from sqlalchemy.exc import SQLAlchemyError

from bot.app.attempt_worker import Clerk
from bot.app.conversations import Conversations, GroupHints
from bot.app.outbox import Outbox
from bot.app.ports import Clock
from bot.app.rate_limits import Overall, PerChat
from bot.app.records import Change
from bot.app.sessions import Sessions
from bot.app.turn import Ids, Turns
from bot.app.updates import Staff
from bot.bootstrap import connections
from bot.bootstrap.broadcast import Newsroom
from bot.bootstrap.connections import StartError
from bot.bootstrap.operations import Backstage
from bot.core.screens import Screen
from bot.core.states import Notice
from bot.i18n import CatalogueError, Translators
from bot.moncreneau.gateway import Gateway
from bot.operations.status import Outcomes, Watch
from bot.settings import Settings
from bot.storage.store import Store
from bot.telegram import bot_profile
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import LeanBot
from bot.telegram.update_parser import Reader
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
class House:
    """The running parts, for whoever looks after them."""

    settings: Settings
    store: Store
    gateway: Gateway
    outbox: Outbox
    conversations: Conversations
    clerk: Clerk
    bot: LeanBot
    translators: Translators
    polling: asyncio.Task[None] | None = None
    """Ends only when it fails: then the bot is deaf, and the process had better end too."""


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running(settings: Settings, clock: Clock = _now) -> AsyncIterator[House]:
    """The bot, from its first poll to its last row; `clock` gives all time that citizens see. Raises `StartError`."""
    async with contextlib.AsyncExitStack() as stack:
        translators = _translators(settings)
        watch = await stack.enter_async_context(_port(settings))
        store = await connections.opened(settings.database_url)
        stack.push_async_callback(store.close, GRACE_STORE)
        bot = await connections.known(settings)
        stack.push_async_callback(bot.shutdown)
        office = Office.of_zone(settings.timezone.key, settings.booking_horizon_days)
        backstage = Backstage(settings, clock, store, translators, office)
        await stack.enter_async_context(backstage.open())
        house = _join(settings, clock, translators, store, bot, backstage)
        newsroom = _newsroom(house, backstage, clock)
        house.conversations.staff = Staff(settings.admin_ids, (newsroom.desk,))
        stack.push_async_callback(newsroom.close)
        poller = await _resume(house)
        stack.push_async_callback(_stop, house)
        overview = await stack.enter_async_context(
            backstage.overview(house.conversations, house.outbox, house.clerk, poller)
        )
        house.conversations.staff = Staff(settings.admin_ids, (newsroom.desk, backstage.desk(overview)))
        await stack.enter_async_context(newsroom.open())
        house.polling = asyncio.create_task(poller.run(), name="polling")
        notices = backstage.notices.run(house.outbox.accept)
        for work in (_show_face(house), _keep_house(store), notices):
            stack.push_async_callback(_ended, asyncio.create_task(work))
        stack.push_async_callback(_ended, house.polling)
        watch.overview = overview
        log.warning(
            "ready: @%s, %d updates and %d attempts resumed",
            bot.username,
            house.conversations.waiting,
            house.clerk.open,
        )
        try:
            yield house
        finally:
            watch.overview = None


@asynccontextmanager
async def _port(settings: Settings) -> AsyncIterator[Watch]:
    """The port for operators, where one is wanted; its libraries are loaded only then."""
    watch = Watch()
    if settings.http_port is None:
        yield watch
        return
    from bot.operations import http  # noqa: PLC0415 — see above

    try:
        listener = http.bound(settings.http_host, settings.http_port)
    except OSError as error:
        raise StartError(f"HTTP_HOST, HTTP_PORT: cannot listen there: {error.strerror}") from None
    async with http.serving(http.create_app(watch), listener):
        yield watch


def _translators(settings: Settings) -> Translators:
    try:
        return Translators.load(settings.default_locale)
    except CatalogueError as error:
        raise StartError(str(error)) from None


def _join(  # noqa: PLR0913, PLR0917 — the parts, in the order in which they were made
    settings: Settings, clock: Clock, translators: Translators, store: Store, bot: LeanBot, backstage: Backstage
) -> House:
    def office_time() -> datetime:
        return clock().astimezone(settings.timezone).replace(tzinfo=None)

    def draw(screen: Screen, locale: str, notice: Notice | None) -> Message:
        return render(screen, translators.get(locale), notice, office=backstage.office)

    def hint(locale: str) -> Message:
        return general.group_hint(translators.get(locale), bot.username)

    outbox = Outbox(
        store,
        TelegramMessenger(bot),
        Overall(settings.telegram_rate or None),
        PerChat(settings.telegram_chat_rate or None),
    )
    conversations = Conversations(
        store=store,
        sessions=Sessions(store, settings.default_locale),
        turns=Turns(backstage.api, draw, office_time, settings.booking_horizon_days, store.made_by),
        outbox=outbox,
        read=Reader(bot.username, translators.resolve),
        office_time=office_time,
        groups=GroupHints(hint),
        at_once=settings.chats_at_once,
    )
    clerk = Clerk(store, backstage.api, Outcomes(conversations.settle, backstage.counted), office_time)
    conversations.clerk = clerk
    return House(settings, store, backstage.gateway, outbox, conversations, clerk, bot, translators)


def _newsroom(house: House, backstage: Backstage, clock: Clock) -> Newsroom:
    zone = house.settings.timezone
    return Newsroom(
        house.settings,
        office_time=lambda: clock().astimezone(zone).replace(tzinfo=None),
        translators=house.translators,
        store=house.store,
        bot=house.bot,
        outbox=house.outbox,
        overall=house.outbox.overall,
        office=backstage.office,
        offices=house.gateway,
    )


async def _resume(house: House) -> Poller:
    """Take up what an earlier process left: what it had to say, then what it had heard, then what it had to do."""
    async for delivery in house.store.open_deliveries():
        Ids.seen(delivery.id)
        house.outbox.accept((delivery,))
    attempts = await house.store.open_attempts()
    house.conversations.accept(await house.store.open_updates())
    for attempt in attempts:
        house.clerk.begin(attempt, resumed=True)
    messenger = TelegramMessenger(house.bot)
    newest = await house.store.newest_update()
    return Poller(house.bot, house.store, house.conversations, messenger.answer_press, newest)


async def _stop(house: House) -> None:
    """Finish what is in hand, within ten seconds in all; the rest is stored."""
    await house.clerk.stop(GRACE_CLERK)
    await house.conversations.stop(GRACE_TURNS)
    await house.outbox.stop(GRACE_OUTBOX)
    log.warning(
        "stopped: %d updates and %d attempts wait for the next start", house.conversations.waiting, house.clerk.open
    )


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _show_face(house: House) -> None:
    """Commands and descriptions, those that changed; what cannot be set yet is tried until it can."""
    faces = []
    for locale in ("", *house.translators.supported):
        translator = house.translators.get(locale or house.translators.default)
        faces.append(
            bot_profile.Face(
                language=locale,
                commands=texts.commands(translator, available=BUILT),
                admin_commands=texts.commands(translator, admin=True, available=BUILT),
                description=texts.description(translator),
                short_description=texts.short_description(translator),
            )
        )
    wanted = bot_profile.calls(faces, house.settings.admin_ids)
    async for marks in bot_profile.keep_shown(house.bot, wanted, await house.store.fact("face") or ""):
        house.store.commit_soon(Change(remembered=(("face", marks),)))


async def _keep_house(store: Store) -> None:
    while True:
        with contextlib.suppress(SQLAlchemyError):
            await store.forget_done(time.time() - KEEP_DONE)
        await asyncio.sleep(HOUSEKEEPING)
