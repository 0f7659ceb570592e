"""Connections to the three services outside, as the settings say: the database, Telegram, the moncreneau API.

The bot and `python -m bot check` make the same ones. `StartError` says in one clear line why one can never work like
this; where a service only does not answer yet, the bot waits. Knows nothing of what is sent over them.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import InvalidToken, TelegramError

from bot.app.backoff import Backoff
from bot.app.ports import ApiError, Clock
from bot.app.reachability import ReachabilityLog
from bot.core.health import OperatorIssue
from bot.http_client.tls import tls_context
from bot.moncreneau.gateway import Gateway
from bot.moncreneau.quota import QuotaSnapshot, clock_gap
from bot.settings import Settings, SettingsError
from bot.storage import engines, process_lock
from bot.storage.process_lock import DatabaseInUseError
from bot.storage.store import Store
from bot.telegram.transport import CONNECTIONS, AiohttpRequest, RawBot, words_of

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)
"""What a database that cannot be used raises, whenever it is used."""
UNUSABLE = (*DATABASE_ERRORS, OSError, ImportError, ValueError)
"""The same, while it is opened."""


class StartError(Exception):
    """The bot cannot work like this; the message says what to do."""


def check_database_url(url: str) -> None:
    """Raise `SettingsError` for an address that no database can have."""
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


async def open_store(url: str) -> Store:
    """The store, brought up to date. Raises `StartError`."""
    try:
        return await Store(url).open()
    except UNUSABLE as error:
        raise unusable(error) from None


def telegram_bot(settings: Settings, connections: int = CONNECTIONS) -> RawBot:
    """The bot at Telegram; nothing is asked yet. Raises `StartError` where TLS cannot be set up."""
    try:
        tls_context()
    except OSError as error:
        why = error.strerror or error
        raise StartError(f"the TLS certificates cannot be read (SSL_CERT_FILE, SSL_CERT_DIR): {why}") from None
    base, request = settings.telegram_api_url, AiohttpRequest(connections)
    token = settings.telegram_bot_token.get_secret_value()
    return RawBot(
        token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request, get_updates_request=request
    )


async def connect_telegram(settings: Settings) -> RawBot:
    """Ask Telegram who we are, for as long as it takes; a token that is refused ends it. Raises `StartError`."""
    bot = telegram_bot(settings)
    reachability = ReachabilityLog("Telegram (starting)")
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        try:
            await bot.identify()
        except InvalidToken:
            await bot.shutdown()
            raise StartError("Telegram does not accept TELEGRAM_BOT_TOKEN; check it with BotFather") from None
        except TelegramError as error:
            reachability.failed(words_of(error))
            await asyncio.sleep(backoff.pause())
        else:
            reachability.succeeded()
            return bot


def telegram_clock_gap(bot: RawBot) -> float | None:
    """Seconds by which Telegram's clock was ahead of ours at its last answer; None where it did not say."""
    date, at = bot.request.said if isinstance(bot.request, AiohttpRequest) else (None, 0.0)
    return clock_gap({"Date": date} if date else {}, at)


def moncreneau_gateway(
    settings: Settings,
    clock: Clock,
    on_quota: Callable[[], None] | None = None,
    on_issue: Callable[[OperatorIssue, bool], None] | None = None,
) -> Gateway:
    """The gateway; nothing is asked yet. Raises `StartError` for what no key can be."""
    try:
        return Gateway(
            settings.moncreneau_api_url,
            settings.moncreneau_api_key.get_secret_value().strip(),
            clock=clock,
            zone=settings.timezone,
            reserve=settings.api_reserve,
            on_quota=on_quota,
            on_issue=on_issue,
        )
    except ValueError as error:
        raise StartError(f"MONCRENEAU_API_KEY, MONCRENEAU_API_URL: {error}") from None


def fact_name_for_key(what: str, settings: Settings) -> str:
    """The name of a fact about this key at this address; neither can be read in it."""
    key = settings.moncreneau_api_key.get_secret_value().strip()
    return f"{what}.{hashlib.sha256(f'{settings.moncreneau_api_url} {key}'.encode()).hexdigest()[:16]}"


def hour(error: ApiError) -> str:
    """When asking again makes sense, in office time."""
    until = error.failure.until
    return f"{until:%Y-%m-%d %H:%M}" if until else "a minute from now"


def quota_to_keep(gateway: Gateway) -> str | None:
    """What of the hourly budget to keep over a restart."""
    snapshot = gateway.quota_snapshot()
    return json.dumps(asdict(snapshot)) if snapshot else None


def restore_quota(gateway: Gateway, kept: str | None) -> None:
    """Go on from what an earlier process kept; what cannot be read counts as nothing."""
    try:
        gateway.restore_quota(QuotaSnapshot(**json.loads(kept or "")))
    except (TypeError, ValueError):
        return
