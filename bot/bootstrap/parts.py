"""Makes the parts of the leading process and joins them. Starts nothing: `leader` does."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.app.appointment_news import AppointmentNews
from bot.app.appointment_recorder import AppointmentRecorder
from bot.app.attempt_worker import AttemptWorker
from bot.app.booking_caps import BookingCaps, CapCheck
from bot.app.calendar_files import CalendarFiles
from bot.app.conversations import Conversations, GroupHints
from bot.app.earlier_places import EarlierPlaces, GivenUpPlaces
from bot.app.inbox_feed import InboxFeed
from bot.app.my_data import MyData, chat_in
from bot.app.outbox import Outbox
from bot.app.place_alerts import PlaceAlerts
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.reconciler import Reconciler
from bot.app.records import Change, CopiedTables, Delivery, DeliveryIds
from bot.app.reminders import Reminders
from bot.app.retention import Retention
from bot.app.roles import Roles
from bot.app.scheduler import Scheduler
from bot.app.sessions import Sessions
from bot.app.steady_clock import SteadyClock
from bot.app.turn import Turns
from bot.app.update_limiter import UpdateLimiter
from bot.app.updates import AdminRouter
from bot.app.webhook_worker import WebhookWorker
from bot.bootstrap import connections
from bot.bootstrap.broadcast import BroadcastFeature
from bot.bootstrap.department_details import SAVED_AS as DETAILS
from bot.bootstrap.department_details import DetailsKeeper
from bot.bootstrap.operations import Operations
from bot.bootstrap.receivers import Receivers
from bot.bootstrap.replica import Replica
from bot.bootstrap.staff import StaffFeature
from bot.broadcast.report import read_file
from bot.core.calendar_event import CalendarEvent, appointment_in
from bot.core.health import HealthReport, PlaceAlertHealth, ReminderHealth, UpdatesHealth, WebhookHealth
from bot.core.model import Appointment
from bot.core.screens import Screen
from bot.core.states import Notice
from bot.i18n import Translators
from bot.moncreneau import webhooks
from bot.moncreneau.gateway import Gateway
from bot.operations import agenda_views, statistics
from bot.operations.agenda import MorningAgenda
from bot.operations.status import HealthCollector
from bot.settings import Settings
from bot.storage.blocks import SqlBlockRepository
from bot.storage.place_alerts import SqlPlaceAlertRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.retention import SqlRetention
from bot.storage.store import Store
from bot.storage.timers import SqlTimerRepository
from bot.storage.webhooks import SqlWebhookRepository
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import RawBot
from bot.telegram.update_parser import TelegramUpdateParser
from bot.telegram.webhook import PATH, Wanted, WebhookKeeper, delete_own, secret_token
from bot.telegram.webhook import SAVED_AS as WEBHOOK
from bot.views import general
from bot.views import my_data as my_data_views
from bot.views.calendar import calendar_file
from bot.views.courtesy import courtesy_reader
from bot.views.message import Message, Office
from bot.views.render import render

log = logging.getLogger(__name__)
FLOOD, LONGEST_FLOOD = "flood", 24 * 3600.0
"""The name of the saved end of a flood of all chats (Unix seconds), and the seconds beyond which a clock was wrong."""
READ_TIMEOUT = 2.0
"""Seconds within which a healthy database answers; a health report does not wait longer."""


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


async def join_parts(replica: Replica, store: Store, operations: Operations, ids: DeliveryIds) -> App:
    """The parts of the process that leads; nothing runs yet."""
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


async def _following(places: GivenUpPlaces, calendar_files: CalendarFiles, change: Change) -> tuple[Delivery, ...]:
    """Let the other parts learn of a change; returns what else is sent because of it."""
    places.learn(change)
    return await calendar_files.renewed(change)


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


async def _alert_health(alerts: SqlPlaceAlertRepository, places: EarlierPlaces) -> PlaceAlertHealth | None:
    """The figures of alerts for earlier places; None while the database does not answer."""
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return PlaceAlertHealth(open=await alerts.count(), sent=places.sent)
    except (TimeoutError, SQLAlchemyError):
        return None
