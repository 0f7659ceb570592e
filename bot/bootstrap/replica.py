"""What every process of the bot starts, also one that stands by while another leads. `leader` starts the rest."""

import contextlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from bot.app.attempt import LookupDelays
from bot.app.ports import Clock
from bot.app.records import StoredWebhook
from bot.app.webhook_worker import ReadWebhook, unreadable
from bot.bootstrap import connections
from bot.bootstrap.connections import StartError
from bot.bootstrap.department_details import DepartmentsFile
from bot.bootstrap.receivers import Receivers
from bot.http_client.session import MaySend, always
from bot.i18n import CatalogueError, Translators
from bot.moncreneau import webhooks
from bot.settings import Settings
from bot.storage.inbox_writer import InboxWriter
from bot.storage.lease import Lease
from bot.telegram.transport import RawBot


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


async def start_replica(  # noqa: PLR0913, PLR0917 — what `running` was given and made
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


def _translators(settings: Settings) -> Translators:
    try:
        return Translators.load(settings.default_locale)
    except CatalogueError as error:
        raise StartError(str(error)) from None


async def _store_webhook(writer: InboxWriter, read: ReadWebhook, webhook: StoredWebhook) -> None:
    """Store what a standby receives; the process that leads works on it."""
    await writer.add(webhook, unreadable(read, webhook))
