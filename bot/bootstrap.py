"""The only place that knows everybody: joins the parts, starts them in order, stops them in order.

`running(settings)` is the whole bot; the command line and the tests call the same function. It raises `StartError`
with one clear line where the bot cannot work (a wrong token or key, an unusable database).
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import InvalidToken, TelegramError

from bot.app.clerk import Clerk
from bot.app.conversations import Conversations
from bot.app.groups import GroupHints
from bot.app.outbox import Outbox
from bot.app.pacing import Overall, PerChat
from bot.app.ports import ApiError, Clock
from bot.app.records import Change
from bot.app.sessions import Sessions
from bot.app.turn import Turns
from bot.app.weather import Weather
from bot.core.model import Problem
from bot.core.notices import Notice
from bot.core.screens import Screen
from bot.i18n import CatalogueError, Translators
from bot.moncreneau.budget import BudgetSnapshot
from bot.moncreneau.gateway import Gateway
from bot.moncreneau.transport import fast_transport
from bot.settings import Settings
from bot.storage.store import Store
from bot.telegram import profile
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import FastRequest, LeanBot
from bot.telegram.updates import Reader
from bot.views import profile as texts
from bot.views import standing
from bot.views.message import Message
from bot.views.office import Office
from bot.views.render import render

log = logging.getLogger(__name__)
KEEP_DONE = 2 * 24 * 3600.0
HOUSEKEEPING = 3600.0
GRACE_CLERK, GRACE_TURNS, GRACE_OUTBOX, GRACE_STORE = 3.0, 3.0, 2.0, 1.5


class StartError(Exception):
    """The bot cannot work like this; the message says what to do."""


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
        store = await _opened(settings.database_url)
        stack.push_async_callback(store.close, GRACE_STORE)
        bot = await _known(settings)
        stack.push_async_callback(bot.shutdown)
        gateway = await _gateway(settings, store, clock)
        stack.push_async_callback(gateway.aclose)
        house = _join(settings, clock, translators, store, bot, gateway)
        poller = await _resume(house)
        stack.push_async_callback(_stop, house)
        house.polling = asyncio.create_task(poller.run(), name="polling")
        for task in (house.polling, asyncio.create_task(_show_face(house)), asyncio.create_task(_keep_house(store))):
            stack.push_async_callback(_ended, task)
        log.warning(
            "ready: @%s, %d updates and %d attempts resumed",
            bot.username,
            house.conversations.waiting,
            house.clerk.open,
        )
        yield house


def _translators(settings: Settings) -> Translators:
    try:
        return Translators.load(settings.default_locale)
    except CatalogueError as error:
        raise StartError(str(error)) from None


async def _opened(url: str) -> Store:
    try:
        return await Store(url).open()
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        raise StartError(f"the database cannot be used (DATABASE_URL): {cause}") from None


async def _known(settings: Settings) -> LeanBot:
    """Ask Telegram who we are, for as long as it takes; a token that is refused ends it."""
    base = settings.telegram_api_url
    request = FastRequest()
    token = settings.telegram_bot_token.get_secret_value()
    try:
        bot = LeanBot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=request,
            get_updates_request=request,
        )
    except InvalidToken:
        raise StartError(
            "TELEGRAM_BOT_TOKEN is not a bot token; BotFather gives one (it looks like 123456:ABC…)"
        ) from None
    weather = Weather("Telegram (starting)")
    pause = 0.5
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            await bot.shutdown()
            raise StartError("Telegram does not accept TELEGRAM_BOT_TOKEN; check it with BotFather") from None
        except TelegramError as error:
            weather.bad(type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)
        else:
            weather.good()
            return bot


async def _gateway(settings: Settings, store: Store, clock: Clock) -> Gateway:
    """Ask the API once: a key that is refused ends it, an API that is away does not."""
    keeper = _BudgetKeeper(store)
    gateway = Gateway(
        settings.moncreneau_api_url,
        settings.moncreneau_api_key.get_secret_value(),
        clock=clock,
        zone=settings.timezone,
        transport=fast_transport(),
        reserve=settings.api_reserve,
        on_budget=keeper.changed,
    )
    keeper.gateway = gateway
    if kept := await store.fact("budget"):
        with contextlib.suppress(TypeError, ValueError):
            gateway.restore_budget(BudgetSnapshot(**json.loads(kept)))
    try:
        await gateway.verify()
    except ApiError as error:
        if error.trouble.problem is Problem.NO_ACCESS:
            await gateway.aclose()
            raise StartError(f"the moncreneau API does not accept MONCRENEAU_API_KEY: {error}") from None
        log.warning("the moncreneau API does not answer yet: %s", error)
    return gateway


class _BudgetKeeper:
    """Remembers the API's budget over a restart, at most once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept_at = 0.0
        self.gateway: Gateway | None = None

    def changed(self) -> None:
        snapshot = self.gateway.budget_snapshot() if self.gateway else None
        if snapshot and time.monotonic() - self._kept_at > 1:
            self._kept_at = time.monotonic()
            self._store.commit_soon(Change(remembered=(("budget", json.dumps(asdict(snapshot))),)))


def _join(  # noqa: PLR0913, PLR0917 — the parts, in the order in which they were made
    settings: Settings, clock: Clock, translators: Translators, store: Store, bot: LeanBot, gateway: Gateway
) -> House:
    def office_time() -> datetime:
        return clock().astimezone(settings.timezone).replace(tzinfo=None)

    office = Office.of_zone(settings.timezone.key, settings.booking_horizon_days)

    def draw(screen: Screen, locale: str, notice: Notice | None) -> Message:
        return render(screen, translators.get(locale), notice, office=office)

    def hint(locale: str) -> Message:
        return standing.group_hint(translators.get(locale), bot.username)

    outbox = Outbox(
        store,
        TelegramMessenger(bot),
        Overall(settings.telegram_rate or None),
        PerChat(settings.telegram_chat_rate or None),
    )
    conversations = Conversations(
        store=store,
        sessions=Sessions(store, settings.default_locale),
        turns=Turns(gateway, draw, office_time, settings.booking_horizon_days),
        outbox=outbox,
        read=Reader(bot.username, translators.resolve),
        office_time=office_time,
        groups=GroupHints(hint),
        at_once=settings.chats_at_once,
    )
    clerk = Clerk(store, gateway, conversations.settle, office_time)
    conversations.clerk = clerk
    return House(settings, store, gateway, outbox, conversations, clerk, bot, translators)


async def _resume(house: House) -> Poller:
    """Take up what an earlier process left: what it had to say, then what it had heard, then what it had to do."""
    async for delivery in house.store.open_deliveries():
        house.outbox.accept((delivery,))
    attempts = await house.store.open_attempts()
    house.conversations.accept(await house.store.open_updates())
    for attempt in attempts:
        house.clerk.begin(attempt, resumed=True)
    messenger = TelegramMessenger(house.bot)
    return Poller(house.bot, house.store, house.conversations, messenger.answer_press)


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
            profile.Face(
                language=locale,
                commands=texts.commands(translator),
                admin_commands=texts.commands(translator, admin=True),
                description=texts.description(translator),
                short_description=texts.short_description(translator),
            )
        )
    wanted = profile.calls(faces, house.settings.admin_ids)
    async for marks in profile.keep_shown(house.bot, wanted, await house.store.fact("face") or ""):
        house.store.commit_soon(Change(remembered=(("face", marks),)))


async def _keep_house(store: Store) -> None:
    while True:
        with contextlib.suppress(SQLAlchemyError):
            await store.forget_done(time.time() - KEEP_DONE)
        await asyncio.sleep(HOUSEKEEPING)
