"""Processes the API's webhooks: each is stored before it is answered, then becomes a turn of its chat.

A webhook is marked done in the transaction that stores its changes, so a kill at any point processes it once. One that
must wait (the citizen has an open attempt, the API does not answer) is tried again. Knows no HTTP, no SQL, no words.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.app.appointment_news import AppointmentNews, NotYetError, Report
from bot.app.backoff import wait_event
from bot.app.conversations import ChatTurn
from bot.app.ports import ApiError
from bot.app.records import Change, StoredWebhook, Work
from bot.logs import scrubbed

log = logging.getLogger(__name__)
AT_ONCE = 200
"""Webhooks that are processed at a time; the others wait in the store."""
SHORTEST_SLEEP, LONGEST_SLEEP = 0.5, 30.0
API_PAUSE = 60.0
"""Seconds before a webhook is tried again after the API did not answer."""
API_PATIENCE = 24 * 3600.0
"""Seconds after which such a webhook is set aside."""
RECEIVING_SPAN = 24 * 3600.0
"""Seconds after a webhook for which we expect that others will be received, too."""


class WebhookRepository(Protocol):
    """The stored webhooks. Times are Unix seconds."""

    async def add(self, webhook: StoredWebhook, error: str | None = None) -> None:
        """Store a webhook, unless its event is known; returns after the commit. One with an error counts as done."""

    async def due(self, now: float, limit: int) -> tuple[StoredWebhook, ...]:
        """The webhooks that are due now, oldest first."""

    async def next_due(self) -> float | None:
        """When the next webhook is due."""

    async def finish(self, event_id: str, error: str | None = None) -> None:
        """Mark a webhook as done that needs no turn."""

    def done(self, event_id: str, error: str | None = None) -> Work:
        """The write that marks a webhook as done."""

    def postponed(self, event_id: str, until: float) -> Work:
        """The write that defers a webhook."""


class UnreadableWebhookError(Exception):
    """A webhook with a valid signature that has no readable appointment. Its text is the reason to record."""


ReadWebhook = Callable[[StoredWebhook], Report]
"""Parses a webhook. Raises `UnreadableWebhookError`."""


def unreadable(read: ReadWebhook, webhook: StoredWebhook) -> str | None:
    """Why a webhook with a valid signature is set aside; None if it can be read."""
    try:
        read(webhook)
    except UnreadableWebhookError as error:
        log.warning("a webhook is set aside: %s", error)
        return str(error)
    return None


class WebhookWorker:
    """Processes the webhooks that are not done.

    `play` takes a turn of a chat, `now` gives Unix seconds; `last_received` is when the last one came, over restarts.
    """

    def __init__(  # noqa: PLR0913, PLR0917 — the parts, joined in one place
        self,
        webhooks: WebhookRepository,
        news: AppointmentNews,
        read: ReadWebhook,
        play: Callable[[int, ChatTurn, Callable[[], None]], None],
        now: Callable[[], float],
        last_received: float | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._news = news
        self._read = read
        self._play = play
        self._now = now
        self._wake = asyncio.Event()
        self._in_hand: set[str] = set()
        self.last_received = last_received
        self.set_aside = 0
        """The number of webhooks since the start that could not be read or processed."""

    def is_receiving(self) -> bool:
        """Whether webhooks came within the last day."""
        return self.last_received is not None and 0 <= self._now() - self.last_received < RECEIVING_SPAN

    async def receive(self, webhook: StoredWebhook) -> None:
        """Store a webhook with a valid signature; returns after the commit. Raises what the store raises."""
        error = unreadable(self._read, webhook)
        self.set_aside += error is not None
        await self._webhooks.add(webhook, error)
        self.last_received = self._now()
        self._wake.set()

    def look_soon(self) -> None:
        """Another process stored something."""
        self._wake.set()

    async def run(self) -> None:
        """Process webhooks until cancelled."""
        while True:
            self._wake.clear()
            pause = LONGEST_SLEEP
            try:
                # Taken before the query: a turn that ends while it runs is not due again, though its row may say so.
                in_hand = frozenset(self._in_hand)
                for webhook in await self._webhooks.due(self._now(), AT_ONCE):
                    self.last_received = max(self.last_received or 0.0, webhook.received_at)
                    if webhook.event_id not in in_hand:
                        await self._begin(webhook)
                following = await self._webhooks.next_due()
                if following is not None:
                    pause = min(max(following - self._now(), SHORTEST_SLEEP), LONGEST_SLEEP)
            except Exception as error:  # whatever the error: the webhooks behind it must be processed
                log.exception("looking for webhooks failed: %s", type(error).__name__, exc_info=scrubbed(error))
            await wait_event(self._wake, pause)

    async def _begin(self, webhook: StoredWebhook) -> None:
        try:
            report = self._read(webhook)
            chat_id = await self._news.chat_of(report)
        except UnreadableWebhookError as reason:  # an earlier release was able to read it
            await self._webhooks.finish(webhook.event_id, str(reason))
            return
        except Exception as error:  # noqa: BLE001 — whatever the error, it must not hold up the others
            self._set_aside(error)
            await self._webhooks.finish(webhook.event_id, type(error).__name__)
            return
        if chat_id is None:
            await self._webhooks.finish(webhook.event_id)
            return
        self._in_hand.add(webhook.event_id)
        over = partial(self._in_hand.discard, webhook.event_id)
        self._play(chat_id, partial(self._work, chat_id, webhook, report), over)

    async def _work(self, chat_id: int, webhook: StoredWebhook, report: Report) -> Change:
        """The turn of the chat. In every case its change marks the webhook as done or defers it."""
        try:
            change = await self._news.of_report(chat_id, report, webhook.received_at)
            end = self._webhooks.done(webhook.event_id)
        except NotYetError as wait:
            change, end = Change(), self._webhooks.postponed(webhook.event_id, self._now() + wait.seconds)
        except ApiError as error:
            change = Change()
            if self._now() - webhook.received_at < API_PATIENCE:
                pause = max(API_PAUSE, error.retry_after or 0.0)
                end = self._webhooks.postponed(webhook.event_id, self._now() + pause)
            else:
                self._set_aside(error)
                end = self._webhooks.done(webhook.event_id, type(error).__name__)
        except Exception as error:  # noqa: BLE001 — as above
            self._set_aside(error)
            change, end = Change(), self._webhooks.done(webhook.event_id, type(error).__name__)
        return replace(change, works=(*change.works, end))

    def _set_aside(self, error: Exception) -> None:
        log.error("a webhook is set aside: %s", type(error).__name__, exc_info=scrubbed(error))
        self.set_aside += 1
