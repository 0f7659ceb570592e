"""The composition root: joins the parts of the bot, starts them in order and stops them in order.

`running(settings)` is the whole bot; the command line and the tests call the same function. It raises `StartError`
with one clear line if the bot cannot work (a token or key that is refused, a database that cannot be used).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.app.appointment_news import AppointmentNews
from bot.app.appointment_recorder import AppointmentRecorder
from bot.app.attempt import DELAYS, LookupDelays
from bot.app.attempt_worker import AttemptWorker
from bot.app.booking_caps import BookingCaps, CapCheck
from bot.app.calendar_files import CalendarFiles
from bot.app.conversations import Conversations, GroupHints
from bot.app.earlier_places import EarlierPlaces, GivenUpPlaces
from bot.app.inbox_feed import InboxFeed
from bot.app.my_data import MyData, chat_in
from bot.app.outbox import Outbox
from bot.app.place_alerts import PlaceAlerts
from bot.app.ports import Clock
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.reconciler import Reconciler
from bot.app.records import Change, CopiedTables, Delivery, DeliveryIds, StoredUpdate, StoredWebhook
from bot.app.reminders import Reminders
from bot.app.retention import Retention
from bot.app.roles import Roles
from bot.app.scheduler import Scheduler
from bot.app.sessions import Sessions
from bot.app.steady_clock import SteadyClock
from bot.app.turn import Turns
from bot.app.update_limiter import UpdateLimiter
from bot.app.updates import AdminRouter
from bot.app.webhook_worker import ReadWebhook, WebhookWorker, unreadable
from bot.bootstrap import connections
from bot.bootstrap.broadcast import BroadcastFeature
from bot.bootstrap.connections import StartError
from bot.bootstrap.department_details import SAVED_AS as DETAILS
from bot.bootstrap.department_details import DepartmentsFile, DetailsKeeper
from bot.bootstrap.http import open_port
from bot.bootstrap.operations import Operations
from bot.bootstrap.receivers import Receivers
from bot.bootstrap.staff import StaffFeature
from bot.broadcast.report import read_file
from bot.core.calendar_event import CalendarEvent, appointment_in
from bot.core.health import HealthReport, PlaceAlertHealth, ReminderHealth, ReplicaHealth, UpdatesHealth, WebhookHealth
from bot.core.model import Appointment
from bot.core.retention import UPDATE_IDS
from bot.core.screens import Screen
from bot.core.states import Notice
from bot.http_client.session import MaySend, always
from bot.i18n import CatalogueError, Translators
from bot.moncreneau import webhooks
from bot.moncreneau.gateway import Gateway
from bot.operations import agenda_views, statistics
from bot.operations.agenda import MorningAgenda
from bot.operations.status import HealthCollector
from bot.settings import Settings
from bot.storage.blocks import SqlBlockRepository
from bot.storage.inbox_writer import InboxWriter, listen
from bot.storage.lease import Lease
from bot.storage.place_alerts import SqlPlaceAlertRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.retention import SqlRetention
from bot.storage.store import Store
from bot.storage.timers import SqlTimerRepository
from bot.storage.webhooks import SqlWebhookRepository
from bot.telegram import bot_profile
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import RawBot
from bot.telegram.update_parser import TelegramUpdateParser
from bot.telegram.webhook import PATH, Wanted, WebhookKeeper, delete_own, secret_token
from bot.telegram.webhook import SAVED_AS as WEBHOOK
from bot.views import bot_profile as texts
from bot.views import general
from bot.views import my_data as my_data_views
from bot.views.calendar import calendar_file
from bot.views.courtesy import courtesy_reader
from bot.views.message import Message, Office
from bot.views.render import render

log = logging.getLogger(__name__)
PROFILE = "face"
"""The name under which the bot's commands and descriptions are saved as they were last set; given by release 0.1."""
FLOOD, LONGEST_FLOOD = "flood", 24 * 3600.0
"""The name of the saved end of a flood of all chats (Unix seconds), and the seconds beyond which a clock was wrong."""
READ_TIMEOUT = 2.0
"""Seconds within which a healthy database answers; a health report does not wait longer."""
PURGE_EVERY = 3600.0
GRACE_ATTEMPTS, GRACE_TURNS, GRACE_OUTBOX, GRACE_STORE = 3.0, 3.0, 2.0, 1.5
__all__ = ["App", "StartError", "running"]


@dataclass(frozen=True, slots=True)
class App:
    """The running parts."""

    settings: Settings
    store: Store
    gateway: Gateway
    outbox: Outbox
    conversations: Conversations
    attempt_worker: AttemptWorker
    broadcasts: BroadcastFeature
    bot: RawBot
    translators: Translators
    updates: Poller | WebhookKeeper
    """Keeps updates coming."""
    health: HealthCollector
    reconciler: Reconciler
    scheduler: Scheduler
    earlier_places: EarlierPlaces
    retention: Retention
    roles: Roles
    morning_agenda: MorningAgenda
    reload_details: Callable[[], None]
    """Read `DEPARTMENTS_FILE` again, for SIGHUP."""
    inbox_feed: InboxFeed | None = None
    """None if updates are polled."""
    webhook_worker: WebhookWorker | None = None
    """None if webhooks are not received."""
    receiving: asyncio.Task[None] | None = None
    """It ends only if it fails; then the bot receives no more updates, so the process should end too."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Replica:
    """What every process has, also one that stands by while another leads."""

    settings: Settings
    clock: Clock
    lookups: LookupDelays
    translators: Translators
    departments_file: DepartmentsFile
    bot: RawBot
    receivers: Receivers
    lease: Lease | None
    """None on SQLite, where one process works alone."""

    @property
    def may_send(self) -> MaySend:
        """Whether requests to Telegram and to the API may leave now."""
        return self.lease.may_send if self.lease else always


def _log_lost(why: str) -> None:
    log.error("%s", why)


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Clock = _now,
    lookups: LookupDelays = DELAYS,
    on_lost: Callable[[str], None] = _log_lost,
) -> AsyncIterator[App]:
    """Run the bot while the block runs; `clock` returns all times that citizens see.

    On PostgreSQL it first waits until this process leads. `on_lost` is called when it no longer does: it can then
    neither send nor store anything, and should end at once.

    Raises `StartError`, and `SettingsError` for an address that no database can have or a wrong `DEPARTMENTS_FILE`.
    """
    app: App | None = None
    is_stopping = False
    connections.check_database_url(settings.database_url)
    lease = connections.new_lease(settings.database_url, on_lost)

    async def report() -> HealthReport | None:
        return await app.health.report() if app else None

    def replica_health() -> ReplicaHealth | None:
        return lease.health() if lease and not is_stopping else None

    receivers = Receivers(settings, clock)
    async with contextlib.AsyncExitStack() as stack:
        try:
            port = open_port(settings, report, receivers, replica_health)
            replica = await _start_replica(stack, settings, clock, lookups, receivers, port, lease)
            if lease:
                await stack.enter_async_context(lease.held())
            started = await _lead(stack, replica)
        except connections.DATABASE_ERRORS as error:
            # Opening it worked, and reading it did not: some of its pages are damaged, say.
            raise connections.unusable(error) from None
        app = started
        try:
            yield started
        finally:
            app, is_stopping = None, True


async def _start_replica(  # noqa: PLR0913, PLR0917 — what `running` was given and made
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    clock: Clock,
    lookups: LookupDelays,
    receivers: Receivers,
    port: AbstractAsyncContextManager[None],
    lease: Lease | None,
) -> Replica:
    """Start what a process needs before it leads, also all that is slow; `stack` stops it, in reverse."""
    translators = _translators(settings)
    departments_file = DepartmentsFile(settings.departments_file, translators.supported, settings.default_locale)
    if lease is None:
        await stack.enter_async_context(connections.only_process(settings.database_url))
    await stack.enter_async_context(port)
    await connections.prepare_database(settings.database_url)
    if lease:
        writer = InboxWriter(settings.database_url)
        stack.push_async_callback(writer.close)
        stack.callback(receivers.close)
        receivers.open(writer.receive, partial(_store_webhook, writer, partial(webhooks.read, zone=settings.timezone)))
    bot = await connections.connect_telegram(settings, lease.may_send if lease else always)
    stack.push_async_callback(bot.shutdown)
    return Replica(settings, clock, lookups, translators, departments_file, bot, receivers, lease)


async def _lead(stack: contextlib.AsyncExitStack, replica: Replica) -> App:
    """Start the parts that only one process may have; `stack` stops them, in reverse."""
    settings, clock, bot, translators = replica.settings, replica.clock, replica.bot, replica.translators
    store = await connections.open_store(settings, replica.lease)
    stack.push_async_callback(store.close, GRACE_STORE)
    stack.callback(replica.receivers.close)
    office = Office.of_zone(settings.timezone.key, settings.booking_horizon_days)
    ids = DeliveryIds()
    operations = Operations(settings, clock, store, translators, office, ids=ids, may_send=replica.may_send)
    await stack.enter_async_context(operations.open())
    app = await _join(replica, store, operations, ids)
    stack.push_async_callback(app.broadcasts.close)
    await _resume(app, ids)
    stack.push_async_callback(_stop, app)
    replica.receivers.open(partial(_take_updates, app), partial(_take_webhook, app))
    await stack.enter_async_context(app.broadcasts.open())
    if app.webhook_worker:
        stack.push_async_callback(_cancel, asyncio.create_task(app.webhook_worker.run(), name="webhooks"))
    if app.inbox_feed:
        stack.push_async_callback(_cancel, asyncio.create_task(app.inbox_feed.run(), name="inbox"))
    if replica.lease:
        hearing = listen(settings.database_url, partial(_look_soon, app))
        stack.push_async_callback(_cancel, asyncio.create_task(hearing, name="notifications"))
    works = (
        _sync_bot_profile(app),
        _purge_done(app, clock),
        _send_reminders(app, clock),
        operations.alerts.run(app.outbox.accept),
        app.reconciler.run(),
        app.earlier_places.run(),
        app.retention.run(),
        app.morning_agenda.run(),
    )
    for work in works:
        stack.push_async_callback(_cancel, asyncio.create_task(work))
    receiving = asyncio.create_task(app.updates.run(), name="receiving")
    stack.push_async_callback(_cancel, receiving)
    log.info(
        "ready: @%s, %d updates and %d attempts resumed",
        bot.username,
        app.conversations.waiting,
        app.attempt_worker.open,
    )
    return replace(app, receiving=receiving)


def _translators(settings: Settings) -> Translators:
    try:
        return Translators.load(settings.default_locale)
    except CatalogueError as error:
        raise StartError(str(error)) from None


async def _join(replica: Replica, store: Store, operations: Operations, ids: DeliveryIds) -> App:
    settings, clock, bot, translators = replica.settings, replica.clock, replica.bot, replica.translators
    receivers = replica.receivers

    def office_time() -> datetime:
        return clock().astimezone(settings.timezone).replace(tzinfo=None)

    details = DetailsKeeper(
        replica.departments_file,
        store=store,
        departments=operations.gateway.known_departments,
        resolve=translators.resolve,
        office_time=office_time,
        saved=await store.saved_value(DETAILS),
    )

    office_in = partial(_office_in, settings, operations, details, office_time)

    def draw(screen: Screen, locale: str, notice: Notice | None, /, *, several_names: bool = False) -> Message:
        office = replace(office_in(locale), several_names=several_names)
        return render(screen, translators.get(locale), notice, office=office)

    def hint(locale: str) -> Message:
        return general.group_hint(translators.get(locale), bot.username)

    def record(chat_id: int, found: tuple[Appointment, ...], as_of: datetime) -> None:
        conversations.play(chat_id, partial(news.of_list, chat_id, found, as_of))

    def unix_time() -> float:
        return clock().timestamp()

    # A wrong clock of the machine must neither send reminders nor drop them as late.
    steady_time = SteadyClock(office_time, lambda: -(connections.telegram_clock_gap(bot) or 0.0))
    api = AppointmentRecorder(operations.gateway, record, office_time, store.made_by)
    news = AppointmentNews(
        store,
        operations.gateway,
        draw,
        office_time,
        unix_time,
        lambda: operations.gateway.stats().clock_gap or 0.0,
        ids=ids,
    )

    calendar_files = CalendarFiles(
        store=store,
        departments=operations.gateway.known_departments,
        render=draw,
        draw=partial(_calendar_file, translators, office_in),
        clock=clock,
        zone=settings.timezone,
        ids=ids,
    )

    my_data = MyData(store, operations.gateway.known_departments, partial(_copy_file, translators), time.monotonic)

    outbox = Outbox(
        store,
        TelegramMessenger(bot, partial(_read_document, calendar_files, my_data, operations, store)),
        await _message_limiter(settings, store),
        ChatRateLimiter(settings.telegram_chat_rate or None),
        office_time=steady_time,
    )
    given_up = GivenUpPlaces(steady_time)
    timers, alerts = SqlTimerRepository(store), SqlPlaceAlertRepository(store)
    reminders = Reminders(
        store=store,
        timers=timers,
        api=operations.gateway,
        render=draw,
        office_time=steady_time,
        ids=ids,
        changed=details.changed,
    )
    roles = Roles.of(settings.admin_ids, settings.staff)
    attempt_worker = AttemptWorker(store, api, office_time, replica.lookups, operations.outcomes)
    broadcasts = BroadcastFeature(
        settings,
        office_time=office_time,
        translators=translators,
        store=store,
        bot=bot,
        outbox=outbox,
        global_limiter=outbox.global_limiter,
        office=operations.office,
        api=operations.gateway,
        ids=ids,
        roles=roles,
        may_send=replica.may_send,
        known_departments=operations.gateway.known_departments,
        announced_closures=details.closures,
    )
    staff = StaffFeature(
        settings,
        roles,
        office_time=office_time,
        steady_time=steady_time,
        draw=lambda screen, locale: agenda_views.render(screen, translators.get(locale), office_in(locale)),
        store=store,
        outbox=outbox,
        gateway=operations.gateway,
        locale_of=operations.locale_of,
        ids=ids,
    )

    async def report() -> HealthReport:
        return await health.report()  # made below: it looks at the conversations, which answer `/status` with it

    handlers = (
        operations.alerts,
        operations.status_handler(report),
        operations.statistics_handler(),
        operations.block_handler(),
    )
    caps = CapCheck(
        BookingCaps(settings.max_open, settings.max_bookings_per_day, settings.trusted_ids, settings.max_moves),
        store.count_bookings,
        store.count_moves,
        operations.limits_reached,
        SqlBlockRepository(store).is_blocked,
    )
    sessions = Sessions(store, settings.default_locale)
    conversations = Conversations(
        store=store,
        sessions=sessions,
        turns=Turns(
            api,
            draw,
            office_time,
            settings.booking_horizon_days,
            store.made_by,
            store.ticket_messages,
            ids=ids,
            caps=caps,
            entry=store.entry,
            entries_of=store.entries_of,
            on_coming=reminders.counts.add_coming,
            reached=operations.limits_reached,
            my_data=my_data,
            has_question=store.has_question,
            place_alerts=PlaceAlerts(store, alerts, operations.gateway.known_departments),
        ),
        outbox=outbox,
        read=TelegramUpdateParser(bot.username, translators.resolve, courtesy_reader(translators)),
        office_time=office_time,
        groups=GroupHints(hint, ids),
        following=partial(_following, given_up, calendar_files),
        attempt_worker=attempt_worker,
        admins=AdminRouter(roles.people, (AdminRouter(roles.admins, handlers), broadcasts.handler, staff.handler)),
        at_once=settings.chats_at_once,
        limiter=UpdateLimiter(
            lambda locale: general.too_fast(translators.get(locale)), ids, time.monotonic, operations.limits_reached
        ),
    )
    updates, inbox_feed = await _update_source(settings, bot, store, conversations)
    earlier_places = EarlierPlaces(
        store=store,
        alerts=alerts,
        slots=operations.gateway,
        given_up=given_up,
        departments=operations.gateway.known_departments,
        render=draw,
        play=conversations.play,
        office_time=steady_time,
        ids=ids,
        horizon_days=settings.booking_horizon_days,
        can_take=caps.can_take,
    )
    webhook_worker = None
    if receivers.moncreneau:
        repository = SqlWebhookRepository(store)
        read = partial(webhooks.read, zone=settings.timezone)
        last = await repository.last_received()
        webhook_worker = WebhookWorker(repository, news, read, conversations.play, unix_time, last)

    def webhook_health() -> WebhookHealth | None:
        if webhook_worker is None or receivers.moncreneau is None:
            return None
        last = webhook_worker.last_received
        at = None if last is None else datetime.fromtimestamp(last, UTC)
        return WebhookHealth(last=at, refused=receivers.moncreneau.refused, set_aside=webhook_worker.set_aside)

    reminder_health = partial(_reminder_health, timers, reminders, outbox, steady_time)
    updates_health = partial(_updates_health, store, receivers, updates)
    alert_health = partial(_alert_health, alerts, earlier_places)
    health = await operations.health(
        conversations,
        outbox,
        attempt_worker,
        updates,
        webhook_health,
        reminder_health,
        updates_health,
        alert_health,
        replica.lease.health if replica.lease else lambda: None,
    )
    return App(
        settings=settings,
        store=store,
        gateway=operations.gateway,
        outbox=outbox,
        conversations=conversations,
        attempt_worker=attempt_worker,
        broadcasts=broadcasts,
        bot=bot,
        translators=translators,
        updates=updates,
        inbox_feed=inbox_feed,
        health=health,
        reconciler=Reconciler(
            store,
            operations.gateway,
            news,
            conversations.play,
            office_time,
            lambda: bool(webhook_worker and webhook_worker.is_receiving()),
        ),
        reload_details=details.reload,
        roles=roles,
        morning_agenda=staff.morning,
        webhook_worker=webhook_worker,
        retention=Retention(
            repository=SqlRetention(store),
            unix_time=time.time,
            office_time=office_time,
            clock_gap=lambda: connections.telegram_clock_gap(bot),
            erased=sessions.forget,
        ),
        earlier_places=earlier_places,
        scheduler=Scheduler(timers, reminders.turn, conversations.play, steady_time),
    )


async def _updates_health(store: Store, receivers: Receivers, updates: Poller | WebhookKeeper) -> UpdatesHealth | None:
    """How updates come in by webhook; None if they are polled."""
    route = receivers.telegram
    if route is None or isinstance(updates, Poller):
        return None
    last = None
    with contextlib.suppress(TimeoutError, SQLAlchemyError):
        async with asyncio.timeout(READ_TIMEOUT):
            last = await store.last_update()
    at = None if last is None else datetime.fromtimestamp(last, UTC)
    return UpdatesHealth(last=at, refused=route.refused, postponed=route.postponed, can_deliver=updates.can_deliver)


async def _message_limiter(settings: Settings, store: Store) -> GlobalRateLimiter:
    """The limiter of all messages, which goes on where another process ended."""

    def keep(seconds: float) -> None:
        store.commit_soon(Change(saved_values=((FLOOD, str(time.time() + seconds)),)))

    limiter = GlobalRateLimiter(settings.telegram_rate or None, follows=True, on_flood=keep)
    with contextlib.suppress(ValueError):
        left = float(await store.saved_value(FLOOD) or 0) - time.time()
        if 0 < left < LONGEST_FLOOD:
            limiter.resume_flood(left)
    return limiter


async def _reminder_health(
    timers: SqlTimerRepository, reminders: Reminders, outbox: Outbox, now: Callable[[], datetime]
) -> ReminderHealth | None:
    """The figures of reminders; None while the database does not answer."""
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            due, late = await timers.counts(now())
    except (TimeoutError, SQLAlchemyError):
        return None
    counts = reminders.counts
    dropped = counts.dropped + outbox.outdated
    return ReminderHealth(due=due, late=late, sent=counts.sent, dropped=dropped, coming=counts.coming)


async def _following(places: GivenUpPlaces, calendar_files: CalendarFiles, change: Change) -> tuple[Delivery, ...]:
    """Let the other parts learn of a change; returns what else is sent because of it."""
    places.learn(change)
    return await calendar_files.renewed(change)


async def _alert_health(alerts: SqlPlaceAlertRepository, places: EarlierPlaces) -> PlaceAlertHealth | None:
    """The figures of alerts for earlier places; None while the database does not answer."""
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return PlaceAlertHealth(open=await alerts.count(), sent=places.sent)
    except (TimeoutError, SQLAlchemyError):
        return None


def _office_in(
    settings: Settings, operations: Operations, details: DetailsKeeper, office_time: Callable[[], datetime], locale: str
) -> Office:
    """What screens in this language need to know of the office side, as it is now."""
    return replace(
        operations.office,
        today=office_time().date(),
        departments=operations.gateway.known_departments(),
        contact=settings.contact_in(locale),
        details=details.of(locale),
    )


def _calendar_file(
    translators: Translators,
    office_in: Callable[[str], Office],
    event: CalendarEvent,
    locale: str,
    several_names: bool,  # noqa: FBT001 — a callback
) -> bytes:
    return calendar_file(event, translators.get(locale), replace(office_in(locale), several_names=several_names))


def _copy_file(translators: Translators, tables: CopiedTables, locale: str) -> bytes:
    return my_data_views.copy_file(tables, translators.get(locale))


async def _read_document(
    calendar_files: CalendarFiles, my_data: MyData, operations: Operations, store: Store, name: str
) -> bytes:
    """The content of a file that a delivery names: a calendar file, a copy, the statistics, or a broadcast's report."""
    if name == statistics.FILE:
        return await operations.statistics_file()
    if (appointment_id := appointment_in(name)) is not None:
        return await calendar_files.read(appointment_id)
    if (chat_id := chat_in(name)) is not None:
        return await my_data.read(chat_id)
    return await read_file(SqlRecipientRepository(store), name)


async def _resume(app: App, ids: DeliveryIds) -> None:
    """Resume the work that an earlier process left: messages, then updates, then attempts."""
    async for delivery in app.store.open_deliveries():
        ids.seen(delivery.id)
        app.outbox.accept((delivery,))
    attempts = await app.store.open_attempts()
    if app.inbox_feed:
        await app.inbox_feed.look()
    else:
        app.conversations.accept(await app.store.open_updates())
    for attempt in attempts:
        app.attempt_worker.begin(attempt, app.conversations.settle, resumed=True)


def _look_soon(app: App) -> None:
    """Another process stored something."""
    if app.inbox_feed:
        app.inbox_feed.look_soon()
    if app.webhook_worker:
        app.webhook_worker.look_soon()


async def _store_webhook(writer: InboxWriter, read: ReadWebhook, webhook: StoredWebhook) -> None:
    """Store what a standby receives; the process that leads works on it."""
    await writer.add(webhook, unreadable(read, webhook))


async def _take_updates(app: App, updates: tuple[StoredUpdate, ...]) -> None:
    await app.store.receive(updates)
    if app.inbox_feed:
        app.inbox_feed.look_soon()


async def _take_webhook(app: App, webhook: StoredWebhook) -> None:
    assert app.webhook_worker  # noqa: S101 — there is one where there is a route
    await app.webhook_worker.receive(webhook)


async def _update_source(
    settings: Settings, bot: RawBot, store: Store, conversations: Conversations
) -> tuple[Poller | WebhookKeeper, InboxFeed | None]:
    """What keeps updates coming, and what passes them on if the poller does not."""
    mark = await store.saved_value(WEBHOOK) or ""

    def save(mark: str) -> None:
        store.commit_soon(Change(saved_values=((WEBHOOK, mark),)))

    if not settings.telegram_webhook:
        if mark:
            # First, so that what came by it is in the inbox before that is read.
            await delete_own(bot, Wanted.url_in(mark))
            save("")
        answer = TelegramMessenger(bot).answer_press
        return Poller(bot, store, conversations, answer), None
    secret = secret_token(settings.telegram_bot_token.get_secret_value())
    wanted = Wanted(f"{settings.public_url}{PATH}", secret)
    keeper = WebhookKeeper(bot, wanted, mark, save, store.last_update)
    return keeper, InboxFeed(store, conversations, await store.newest_update())


async def _stop(app: App) -> None:
    """Finish the current work, within ten seconds in all; the rest is stored."""
    await app.attempt_worker.stop(GRACE_ATTEMPTS)
    await app.conversations.stop(GRACE_TURNS)
    await app.outbox.stop(GRACE_OUTBOX)
    log.info(
        "stopped: %d updates and %d attempts wait for the next start",
        app.conversations.waiting,
        app.attempt_worker.open,
    )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _sync_bot_profile(app: App) -> None:
    """Set the commands and descriptions that changed; retry until all are set."""
    profiles = []
    for code in ("", *bot_profile.language_codes(app.translators.supported)):
        translator = app.translators.get(code)
        profiles.append(
            bot_profile.BotProfile(
                language=code,
                commands=texts.commands(translator),
                description=texts.description(translator),
                short_description=texts.short_description(translator),
                menus=tuple((each, texts.commands(translator, _special(app.roles, each))) for each in app.roles.people),
            )
        )
    wanted = bot_profile.calls(profiles)
    async for stored_marks in bot_profile.keep_in_sync(app.bot, wanted, await app.store.saved_value(PROFILE) or ""):
        app.store.commit_soon(Change(saved_values=((PROFILE, stored_marks),)))


def _special(roles: Roles, user_id: int) -> tuple[str, ...]:
    """The commands of somebody with a role, beside the usual ones."""
    return texts.special(admin=user_id in roles.admins, staff=user_id in roles.staff)


async def _send_reminders(app: App, clock: Clock) -> None:
    """Set the timers of appointments that an earlier release knew, then look for due ones."""
    await SqlTimerRepository(app.store).arm_known(clock().astimezone(app.settings.timezone).replace(tzinfo=None))
    await app.scheduler.run()


async def _purge_done(app: App, clock: Clock) -> None:
    while True:
        with contextlib.suppress(SQLAlchemyError):
            await app.store.forget_done(time.time() - UPDATE_IDS.total_seconds())
            await SqlWebhookRepository(app.store).forget_done(clock().timestamp())
            await app.store.forget_names(clock().astimezone(app.settings.timezone).date())
        await asyncio.sleep(PURGE_EVERY)
