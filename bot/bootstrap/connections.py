"""Opens the connections that the settings name: the database, Telegram, the moncreneau API.

The bot and `python -m bot check` open the same ones. `StartError` says in one line why a connection can never work with
these settings; if a service only does not answer yet, the bot waits. Must not know what is sent over them.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import InvalidToken, TelegramError

from bot.app.backoff import Backoff
from bot.app.ports import ApiError, Clock
from bot.app.pseudonyms import Pseudonyms
from bot.app.reachability import ReachabilityLog
from bot.core.health import ChatLimit, OperatorIssue
from bot.http_client.session import MaySend, always
from bot.http_client.tls import tls_context
from bot.moncreneau.gateway import Gateway
from bot.moncreneau.quota import QuotaSnapshot, clock_gap
from bot.settings import Settings, SettingsError
from bot.storage import engines, lease, process_lock, store
from bot.storage.lease import Lease
from bot.storage.process_lock import DatabaseInUseError
from bot.storage.store import Store
from bot.telegram.transport import CONNECTIONS, AiohttpRequest, RawBot, words_of

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)
"""The exceptions of a database that cannot be used."""
UNUSABLE = (*DATABASE_ERRORS, OSError, ImportError, ValueError)
"""The exceptions of a database that cannot be opened."""


class StartError(Exception):
    """The bot cannot start; the message says what to do."""


def check_database_url(url: str) -> None:
    """Raise `SettingsError` for an invalid database URL."""
    try:
        engines.address(url)
    except ValueError as error:
        raise SettingsError(f"settings:\n  DATABASE_URL: {error}") from None


def unusable(error: BaseException) -> StartError:
    """The one line for a database that cannot be used."""
    return StartError(f"the database cannot be used (DATABASE_URL): {engines.cause(error)}")


@asynccontextmanager
async def only_process(url: str, wait: float = process_lock.WAIT) -> AsyncIterator[None]:
    """Work on the database alone; waits `wait` seconds for another process to end. Raises `StartError`."""

    def waiting() -> None:
        log.warning("another process works on the database; waiting for it to end, %.0f s at most", wait)

    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(process_lock.only_process(url, wait, waiting))
        except DatabaseInUseError as error:
            raise StartError(f"{error}: stop it, or give this one another DATABASE_URL") from None
        except UNUSABLE as error:
            raise unusable(error) from None
        yield


async def prepare_database(url: str) -> None:
    """Bring the database up to date. Raises `StartError`."""
    try:
        await store.prepare(url)
    except UNUSABLE as error:
        raise unusable(error) from None


def new_lease(url: str, on_lost: Callable[[str], None]) -> Lease | None:
    """The lease of the database; None for SQLite, where only one process works. `on_lost`: see `Lease`."""
    if engines.address(url).get_backend_name() == "sqlite":
        return None
    return Lease(url, lease.replica_name(), on_lost)


async def open_store(settings: Settings, leading: Lease | None) -> Store:
    """The store of the process that leads, brought up to date. Raises `StartError`."""
    pseudonyms = Pseudonyms(settings.telegram_bot_token.get_secret_value())
    url, fence = (leading.url, leading.fence) if leading else (settings.database_url, None)
    try:
        return await Store(url, pseudonyms, fence=fence).open()
    except UNUSABLE as error:
        raise unusable(error) from None


def telegram_bot(settings: Settings, connections: int = CONNECTIONS, may_send: MaySend = always) -> RawBot:
    """The client of Telegram; no call is made yet. Raises `StartError` if TLS cannot be set up.

    `may_send`: see `open_session`.
    """
    try:
        tls_context()
    except OSError as error:
        why = error.strerror or error
        raise StartError(f"the TLS certificates cannot be read (SSL_CERT_FILE, SSL_CERT_DIR): {why}") from None
    base, request = settings.telegram_api_url, AiohttpRequest(connections, may_send=may_send)
    token = settings.telegram_bot_token.get_secret_value()
    return RawBot(
        token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request, get_updates_request=request
    )


async def connect_telegram(settings: Settings, may_send: MaySend = always) -> RawBot:
    """Call `getMe` until Telegram answers. Raises `StartError` if it refuses the token."""
    bot = telegram_bot(settings, may_send=may_send)
    reachability = ReachabilityLog("Telegram (starting)")
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    try:
        while True:
            try:
                await bot.identify()
            except InvalidToken:
                raise StartError("Telegram does not accept TELEGRAM_BOT_TOKEN; check it with BotFather") from None
            except TelegramError as error:
                reachability.failed(words_of(error))
                await asyncio.sleep(backoff.pause())
            else:
                reachability.succeeded()
                return bot
    except (StartError, asyncio.CancelledError):
        await bot.request.shutdown()
        raise


def telegram_clock_gap(bot: RawBot) -> float | None:
    """Seconds by which Telegram's clock is ahead of ours, from its last response; None if unknown."""
    date, at = bot.request.said if isinstance(bot.request, AiohttpRequest) else (None, 0.0)
    return clock_gap({"Date": date} if date else {}, at)


def moncreneau_gateway(  # noqa: PLR0913, PLR0917 — settings and callbacks
    settings: Settings,
    clock: Clock,
    on_quota: Callable[[], None] | None = None,
    on_issue: Callable[[OperatorIssue, bool], None] | None = None,
    reached: Counter[ChatLimit] | None = None,
    may_send: MaySend = always,
) -> Gateway:
    """The gateway; no request is sent yet. `may_send`: see `open_session`."""
    return Gateway(
        settings.moncreneau_api_url,
        settings.moncreneau_api_key.get_secret_value(),
        clock=clock,
        zone=settings.timezone,
        reserve=settings.api_reserve,
        on_quota=on_quota,
        on_issue=on_issue,
        reached=reached,
        may_send=may_send,
    )


def saved_value_name(what: str, settings: Settings) -> str:
    """The name under which a value of this key and address is stored; a hash hides both."""
    key = settings.moncreneau_api_key.get_secret_value().strip()
    return f"{what}.{hashlib.sha256(f'{settings.moncreneau_api_url} {key}'.encode()).hexdigest()[:16]}"


def hour(error: ApiError) -> str:
    """When to try again, in office time."""
    until = error.failure.until
    return f"{until:%Y-%m-%d %H:%M}" if until else "a minute from now"


def quota_to_keep(gateway: Gateway) -> str | None:
    """The state of the quota as JSON, to store over a restart."""
    snapshot = gateway.quota_snapshot()
    return json.dumps(asdict(snapshot)) if snapshot else None


def restore_quota(gateway: Gateway, kept: str | None) -> None:
    """Continue with the stored state of the quota; an unreadable one is ignored."""
    try:
        gateway.restore_quota(QuotaSnapshot(**json.loads(kept or "")))
    except (TypeError, ValueError):
        return
