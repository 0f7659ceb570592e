"""Receives updates by webhook: an update is stored, then answered. Also sets the webhook, where that is needed.

Telegram sends messages and presses of one chat at the same time, in any order, so an update is known by its id alone:
there is no highest id below which all are known, as there is in polling. A press is answered by the response itself
(Bot API, *Making requests when getting updates*), which costs no call. Knows nothing of what updates mean.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from telegram.error import InvalidToken, RetryAfter, TelegramError

from bot.app.backoff import Backoff
from bot.app.failpoints import reach
from bot.app.ports import StoreUnavailableError
from bot.app.reachability import ReachabilityLog
from bot.app.records import StoredUpdate
from bot.telegram.transport import RawBot, host_of, seconds, words_of
from bot.telegram.update_parser import ALLOWED, is_numbered, stored_update

log = logging.getLogger(__name__)
PATH = "/hooks/telegram"
LONGEST = 1024**2
"""Maximum bytes of a body. An update has at most two messages of 4096 characters and a hundred buttons."""
HEADER = "x-telegram-bot-api-secret-token"
MAX_CONNECTIONS = 40
"""Telegram's default. Storing an update takes milliseconds."""
LOOK_EVERY = 30.0
"""Seconds between two looks at what Telegram says of the webhook."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
RECENT = 2 * LOOK_EVERY + 10.0
"""Seconds without an answer or an update after which Telegram counts as unreachable."""
SAVED_AS = "telegram webhook"
"""The name under which the address and a digest of the settings are saved that were last given to Telegram."""

Json = dict[str, Any]


def secret_token(bot_token: str) -> str:
    """The secret that Telegram repeats with each update. It is derived, so there is nothing to configure or keep."""
    return hmac.new(bot_token.encode(), b"secret_token of the webhook", hashlib.sha256).hexdigest()


def is_from_telegram(headers: Mapping[str, str], secret: str) -> bool:
    """Whether the request has the secret; `headers` by names in lower case. Takes constant time."""
    return hmac.compare_digest(headers.get(HEADER, "").encode("utf-8", "replace"), secret.encode())


class UpdateReceiver:
    """Stores updates that Telegram sends. `store` returns after the commit."""

    def __init__(self, store: Callable[[tuple[StoredUpdate, ...]], Awaitable[object]]) -> None:
        self._store = store

    async def receive(self, body: bytes) -> Json:
        """Store an update; returns the method that answers a press, or nothing. Raises what the store raises.

        A body without a readable id is none of Telegram's updates, though it has the secret. It is dropped as if it
        were stored: Telegram would repeat it for 24 hours, and keep back everything behind it in the chat.
        """
        try:
            update = from_json(body)
        except ValueError:
            update = None
        if not is_numbered(update):
            log.error("Telegram sent something that is no update; it is dropped")
            return {}
        reach("update received")
        stored = stored_update(update)
        try:
            await self._store((stored,))
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 — one update must not stop all that come after it
            log.error("update %d cannot be stored: %s", stored.update_id, type(error).__name__)  # noqa: TRY400
            await self._store((StoredUpdate(stored.update_id, 0, ""),))
        reach("update stored")
        query = update.get("callback_query")
        if isinstance(query, dict) and isinstance(query.get("id"), str):
            return {"method": "answerCallbackQuery", "callback_query_id": query["id"]}
        return {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Telegram is told of the webhook."""

    url: str
    secret: str
    allowed: Sequence[str] = ALLOWED
    max_connections: int = MAX_CONNECTIONS

    @property
    def mark(self) -> str:
        """The address, and a digest of everything: Telegram does not tell the secret that it was given."""
        everything = json.dumps([self.url, self.secret, sorted(self.allowed), self.max_connections])
        return f"{self.url} {hashlib.sha256(everything.encode()).hexdigest()[:16]}"

    @staticmethod
    def url_in(mark: str) -> str:
        """The address in a mark."""
        return mark.partition(" ")[0]

    def is_set(self, info: Json, mark: str) -> bool:
        """Whether Telegram has these settings, by its `WebhookInfo` and by what was saved when they were set."""
        allowed = info.get("allowed_updates")
        return (
            mark == self.mark
            and info.get("url") == self.url
            and info.get("max_connections") == self.max_connections
            and isinstance(allowed, list)
            and set(map(str, allowed)) == set(self.allowed)
        )


class WebhookKeeper:
    """Sets the webhook where Telegram has another one or none, and tells whether updates can come.

    One process does this: many that set it at once would be refused with 429. `mark` is what `save` saved last;
    `last_received` returns when the newest update came (Unix seconds), whichever process received it.
    """

    def __init__(
        self,
        bot: RawBot,
        wanted: Wanted,
        mark: str,
        save: Callable[[str], None],
        last_received: Callable[[], Awaitable[float | None]],
    ) -> None:
        self._bot = bot
        self._wanted = wanted
        self._mark = mark
        self._save = save
        self._last_received = last_received
        self._calls = ReachabilityLog("Telegram (webhook)")
        self._deliveries = ReachabilityLog("Telegram", failures=2, down="cannot deliver updates", up="delivers again")
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        # Telegram has just answered getMe. A process that takes over must not be unready for a moment.
        self._answered_at = asyncio.get_running_loop().time()

    @property
    def is_reachable(self) -> bool:
        """Whether Telegram answered within the last minute."""
        return asyncio.get_running_loop().time() - self._answered_at < RECENT

    @property
    def can_deliver(self) -> bool:
        """Whether Telegram can deliver updates, as far as it says.

        Apart from `is_reachable`, on which a web server may decide whether to forward anything: it could never recover.
        """
        return self._deliveries.is_up

    async def run(self) -> None:
        """Keep the webhook set until cancelled. Then it stays: Telegram keeps what it cannot deliver."""
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = await self._look()

    async def _look(self) -> float:
        """Compare Telegram's settings with ours, and set ours; returns the seconds until the next look."""
        try:
            info = await self._bot.webhook_info()
            if self._wanted.is_set(info, self._mark):
                await self._look_at_errors(info)
            else:
                await self._set(info)
        except InvalidToken:
            self._calls.failed("the token is no longer accepted (check TELEGRAM_BOT_TOKEN)")
        except RetryAfter as error:
            return max(seconds(error), FIRST_PAUSE)
        except TelegramError as error:
            self._calls.failed(words_of(error))
        else:
            self._calls.succeeded()
            self._answered_at = asyncio.get_running_loop().time()
            self._backoff.reset()
            return LOOK_EVERY
        return self._backoff.pause()

    async def _set(self, info: Json) -> None:
        present = str(info.get("url") or "")
        if present and present not in {self._wanted.url, self._wanted.url_in(self._mark)}:
            log.warning("the webhook was at %s, set by another deployment; updates come here now", host_of(info))
        call: Json = {
            "url": self._wanted.url,
            "secret_token": self._wanted.secret,
            "allowed_updates": json.dumps(self._wanted.allowed),
            "max_connections": self._wanted.max_connections,
            "drop_pending_updates": False,
        }
        await self._bot.call("setWebhook", call)
        self._mark = self._wanted.mark
        self._save(self._mark)
        log.info("the webhook is set: Telegram sends updates to %s", self._wanted.url)

    async def _look_at_errors(self, info: Json) -> None:
        """Log when Telegram begins to fail, and when it can deliver again: nothing else would show it."""
        failed_at, waiting = info.get("last_error_date"), info.get("pending_update_count")
        came_at = await self._last_received() or 0.0
        if isinstance(failed_at, int) and waiting and failed_at > came_at:
            why = " ".join(str(info.get("last_error_message") or "it gives no reason").split())[:200]
            self._deliveries.failed(f"{why} (PUBLIC_URL, HTTP_PORT and the web server between them)")
        else:
            self._deliveries.succeeded()


async def delete_own(bot: RawBot, url: str) -> None:
    """Delete the webhook at `url`, which the bot itself set, so that nothing more comes by it.

    If Telegram does not answer, the poller does it later.
    """
    try:
        if (await bot.webhook_info()).get("url") == url:
            log.info("updates came by webhook until now (TELEGRAM_WEBHOOK); it is deleted, and they are polled")
            await bot.call("deleteWebhook", {"drop_pending_updates": False})
    except TelegramError as error:
        log.warning("the bot's webhook cannot be deleted yet: %s", words_of(error))
