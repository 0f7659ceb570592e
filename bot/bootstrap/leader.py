"""Starts the parts that only one process may have, resumes what an earlier process left, and stops them in order."""

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.app.ports import Clock
from bot.app.records import Change, DeliveryIds, StoredUpdate, StoredWebhook
from bot.app.roles import Roles
from bot.bootstrap import connections
from bot.bootstrap.operations import Operations
from bot.bootstrap.parts import App, join_parts
from bot.bootstrap.replica import Replica
from bot.core.retention import UPDATE_IDS
from bot.storage.inbox_writer import listen
from bot.storage.timers import SqlTimerRepository
from bot.storage.webhooks import SqlWebhookRepository
from bot.telegram import bot_profile
from bot.views import bot_profile as texts
from bot.views.message import Office

log = logging.getLogger(__name__)
PROFILE = "face"
"""The name under which the bot's commands and descriptions are saved as they were last set; given by release 0.1."""
PURGE_EVERY = 3600.0
GRACE_ATTEMPTS, GRACE_TURNS, GRACE_OUTBOX, GRACE_STORE = 3.0, 3.0, 2.0, 1.5


async def lead(stack: contextlib.AsyncExitStack, replica: Replica) -> App:
    """Start the parts that only one process may have; `stack` stops them, in reverse."""
    settings, clock, bot, translators = replica.settings, replica.clock, replica.bot, replica.translators
    store = await connections.open_store(settings, replica.lease)
    stack.push_async_callback(store.close, GRACE_STORE)
    stack.callback(replica.receivers.close)
    office = Office.of_zone(settings.timezone.key, settings.booking_horizon_days)
    ids = DeliveryIds()
    operations = Operations(settings, clock, store, translators, office, ids=ids, may_send=replica.may_send)
    await stack.enter_async_context(operations.open())
    app = await join_parts(replica, store, operations, ids)
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


async def _take_updates(app: App, updates: tuple[StoredUpdate, ...]) -> None:
    await app.store.receive(updates)
    if app.inbox_feed:
        app.inbox_feed.look_soon()


async def _take_webhook(app: App, webhook: StoredWebhook) -> None:
    assert app.webhook_worker  # noqa: S101 — there is one where there is a route
    await app.webhook_worker.receive(webhook)


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
