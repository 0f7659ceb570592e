"""Receives updates by long polling: an update is stored before the offset that confirms it is sent.

PTB's own `Updater` confirms a batch before it is processed. This one requests raw updates and confirms those that are
in the inbox. A press is answered while its update is being stored. Knows nothing of what updates mean.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Protocol

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.app.backoff import Backoff
from bot.app.conversations import Conversations
from bot.app.failpoints import reach
from bot.app.reachability import ReachabilityLog
from bot.app.records import StoredUpdate
from bot.telegram.press_answers import PressAnswers
from bot.telegram.transport import RawBot, host_of, seconds, words_of
from bot.telegram.update_parser import ALLOWED, is_numbered, stored_update

log = logging.getLogger(__name__)
LONG_POLL = 25
BATCH = 100
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
FULL = 2000
"""The number of updates in memory at which polling pauses; Telegram keeps the others for 24 hours."""
FULL_PAUSE = 0.05
RECENT = 2 * LONG_POLL + 10.0
"""Seconds without an answer after which Telegram counts as unreachable; a poll without updates takes `LONG_POLL`."""

Json = dict[str, Any]


class Inbox(Protocol):
    """The stored updates."""

    async def receive(self, updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store received updates; returns the new ones, by id, after the commit."""

    async def newest_update(self) -> int:
        """The highest id that was ever stored; -1 if there is none."""

    async def updates(self, ids: Sequence[int]) -> tuple[StoredUpdate, ...]:
        """The updates with these ids that are not done, in order."""


class Poller:
    """The only reader of the bot's updates. What was stored before it runs has been passed to the conversations."""

    def __init__(
        self,
        bot: RawBot,
        inbox: Inbox,
        conversations: Conversations,
        answer_press: Callable[[str], Awaitable[None]],
    ) -> None:
        self._bot = bot
        self._inbox = inbox
        self._conversations = conversations
        self._press_answers = PressAnswers(answer_press)
        self._reachability = ReachabilityLog("Telegram (receiving)")
        self._offset: int | None = None
        self._newest = -1
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._answered_at = float("-inf")

    @property
    def is_reachable(self) -> bool:
        """Whether Telegram answered within the last minute."""
        return asyncio.get_running_loop().time() - self._answered_at < RECENT

    async def run(self) -> None:
        """Poll until cancelled. Cancelling loses nothing: Telegram delivers unconfirmed updates again."""
        # Telegram has just answered getMe.
        self._answered_at = asyncio.get_running_loop().time()
        self._newest = await self._inbox.newest_update()
        while True:
            if self._conversations.waiting > FULL:
                await asyncio.sleep(FULL_PAUSE)
                continue
            if updates := await self._poll():
                await self._take(updates)

    async def _poll(self) -> list[Json]:
        call: Json = {"timeout": LONG_POLL, "limit": BATCH, "allowed_updates": json.dumps(ALLOWED)}
        if self._offset is not None:
            call["offset"] = self._offset
        try:
            updates = await self._bot.call("getUpdates", call, read_timeout=LONG_POLL + 10)
        except Conflict as error:
            if "webhook" in str(error).lower():
                await self._delete_webhook()
            else:
                self._reachability.failed("another process polls with the same token (stop it, or use another token)")
        except InvalidToken:
            self._reachability.failed("the token is no longer accepted (check TELEGRAM_BOT_TOKEN)")
        except RetryAfter as error:
            await asyncio.sleep(seconds(error))
            return []
        except TelegramError as error:
            self._reachability.failed(words_of(error))
        else:
            if isinstance(updates, list) and (not updates or any(map(is_numbered, updates))):
                self._reachability.succeeded()
                self._answered_at = asyncio.get_running_loop().time()
                self._backoff.reset()
                if not updates:
                    # All are confirmed. Ids may restart lower after a week without updates, so poll without an offset.
                    self._offset = None
                return [each for each in updates if is_numbered(each)]
            self._reachability.failed("its answer is no list of updates")
        await asyncio.sleep(self._backoff.pause())
        return []

    async def _delete_webhook(self) -> None:
        """Delete a webhook, because it prevents polling; Telegram keeps its updates. It is logged first."""
        try:
            log.warning(
                "another deployment receives this bot's updates by a webhook at %s; deleting the webhook, so that they"
                " come here (to keep it, stop this process and set the webhook again)",
                host_of(await self._bot.webhook_info()),
            )
            await self._bot.call("deleteWebhook", {"drop_pending_updates": False})
        except TelegramError as error:
            self._reachability.failed(f"a webhook cannot be deleted: {words_of(error)}")

    async def _take(self, updates: list[Json]) -> None:
        reach("update received")
        # By id: an update may come twice in a batch.
        by_number = {each.update_id: each for each in map(stored_update, updates)}
        arrived = tuple(by_number.values())
        for update in updates:
            query = update.get("callback_query")
            if isinstance(query, dict) and isinstance(query.get("id"), str):
                self._press_answers.soon(by_number[update["update_id"]].chat_id, query["id"])
        if min(by_number) > self._newest:
            # New updates: their turns begin while they are being stored. The store never commits the changes of a turn
            # before its update, and mostly together with it: one commit between a press and its answer.
            self._conversations.accept(arrived)
            await self._receive(arrived)
        else:
            new = await self._receive(arrived)
            known = by_number.keys() - {each.update_id for each in new}
            self._conversations.accept((*new, *await self._left_open(known)))
        reach("update stored")
        self._newest = max(self._newest, *by_number)
        self._offset = max(by_number) + 1

    async def _left_open(self, known: Collection[int]) -> tuple[StoredUpdate, ...]:
        """Those that nobody works on: a standby stored them by webhook, too late for Telegram and for our start."""
        idle = [each for each in known if not self._conversations.has(each)]
        return await self._inbox.updates(idle) if idle else ()

    async def _receive(self, arrived: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        """Store a batch. An update that cannot be stored is stored without its content, to be set aside."""
        try:
            return await self._inbox.receive(arrived)
        except Exception as error:  # noqa: BLE001 — one update must not stop all that come after it
            if len(arrived) == 1:
                log.error("update %d cannot be stored: %s", arrived[0].update_id, type(error).__name__)  # noqa: TRY400
                return await self._inbox.receive((StoredUpdate(arrived[0].update_id, 0, ""),))
        return tuple([new for each in arrived for new in await self._receive((each,))])
