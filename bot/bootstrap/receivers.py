"""Joins the webhook routes with where they store: what arrives is in the database before it is answered.

The routes exist before the database is open, and longer; meanwhile requests wait for a moment, then are answered 503.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.app.ports import Clock, StoreUnavailableError
from bot.app.records import StoredUpdate, StoredWebhook
from bot.moncreneau import webhooks
from bot.settings import Settings
from bot.telegram import webhook

if TYPE_CHECKING:
    from bot.operations.webhook_route import Receive, Reply, WebhookRoute

MONCRENEAU_PATH = "/hooks/moncreneau"
MONCRENEAU_LONGEST = 64 * 1024
"""Maximum bytes of a body of moncreneau; Standard Webhooks allows 20 kB."""
TakeUpdates = Callable[[tuple[StoredUpdate, ...]], Awaitable[object]]
TakeWebhook = Callable[[StoredWebhook], Awaitable[object]]
"""Both store, and return after the commit."""


class Receivers:
    """The webhook routes of this process, and where they store at present."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._decided = asyncio.Event()
        self._targets: list[tuple[TakeUpdates, TakeWebhook]] = []
        self.telegram: WebhookRoute | None = None
        """None without `TELEGRAM_WEBHOOK`."""
        self.moncreneau: WebhookRoute | None = None
        """None without a secret for it."""

    def routes(self) -> "list[WebhookRoute]":
        """The routes that the settings ask for."""
        from bot.operations.webhook_route import Hook, WebhookRoute  # noqa: PLC0415 — only where there is a port

        if self._settings.telegram_webhook:
            secret = webhook.secret_token(self._settings.telegram_bot_token.get_secret_value())
            hook = Hook(
                name="updates",
                path=webhook.PATH,
                longest=webhook.LONGEST,
                receive=self._when_open(webhook.UpdateReceiver(self._store_updates).receive),
                is_admitted=partial(webhook.is_from_telegram, secret=secret),
                success=HTTPStatus.OK,
            )
            self.telegram = WebhookRoute(hook)
        if self._settings.webhook_secrets:
            hook = Hook(
                name="webhooks",
                path=MONCRENEAU_PATH,
                longest=MONCRENEAU_LONGEST,
                receive=self._when_open(self._receive_webhook),
                is_signed=partial(webhooks.is_signed, secrets=self._settings.webhook_secrets),
            )
            self.moncreneau = WebhookRoute(hook)
        return [each for each in (self.telegram, self.moncreneau) if each]

    def open(self, take_updates: TakeUpdates, take_webhook: TakeWebhook) -> None:
        """Store there from now on, until `close`."""
        self._targets.append((take_updates, take_webhook))
        self._decided.set()

    def close(self) -> None:
        """Undo the last `open`: store where it was stored before, or else answer 503."""
        if self._targets:
            self._targets.pop()
        self._decided.set()

    def _when_open(self, receive: "Callable[[bytes], Awaitable[Reply]]") -> "Receive":
        async def wait_and_receive(body: bytes) -> "Reply | None":
            await self._decided.wait()  # the route waits a few seconds only
            try:
                return await receive(body) if self._targets else None
            except StoreUnavailableError:
                return None

        return wait_and_receive

    async def _store_updates(self, updates: tuple[StoredUpdate, ...]) -> None:
        assert self._targets  # noqa: S101 — checked by `_when_open`
        await self._targets[-1][0](updates)

    async def _receive_webhook(self, body: bytes) -> "Reply":
        assert self._targets  # noqa: S101 — as above
        text = body.decode("utf-8", "replace")
        await self._targets[-1][1](StoredWebhook(webhooks.event_id(body), text, self._clock().timestamp()))
        return {}
