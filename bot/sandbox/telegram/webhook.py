"""Delivers updates to the bot's webhook, by the rules of Telegram's own server.

The rules are those of tdlib/telegram-bot-api, `WebhookActor.cpp`: updates with one queue number (`updates.queue_of`)
are sent one after the other, others at the same time. A response other than 2xx is answered by sending again at once,
then after 2, 4, 8 … up to 60 to 120 seconds, or after `Retry-After`. Until a delivery has succeeded within the last ten
seconds there is one connection only. Times are those of the sandbox's clock, so a test can move it.
"""

import asyncio
import contextlib
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
from starlette.exceptions import HTTPException
from starlette.types import Message

from bot.sandbox.telegram.errors import TelegramError
from bot.sandbox.telegram.faults import Faults
from bot.sandbox.telegram.params import Params, parse_body
from bot.sandbox.telegram.updates import QueuedUpdate, UpdateQueue, chat_id_of

IDLE_SECONDS = 60
LONGEST_RETRY_AFTER = 3600
LONGEST_DELAY = 60
"""Seconds; the real delay ends at a random time up to twice as long."""
RECENT_SUCCESS_SECONDS = 10
GONE_SECONDS = 23 * 3600
"""After so long with nothing but 410 the webhook is removed."""
DELIVERIES_KEPT = 2000
NO_RESPONSE = 0
GONE = 410

NOT_AS_REPLY = frozenset({"deletewebhook", "setwebhook", "close", "logout"})
"""Methods that a response to a webhook cannot call; nor can it call those that begin with `get`."""

Execute = Callable[[str, Params], Awaitable[None]]


class Delivery(NamedTuple):
    """One attempt to deliver an update; `at` in seconds since the epoch, `status` 0 for no response."""

    update_id: int
    queue: int
    at: float
    status: int


@dataclass(slots=True)
class Webhook:
    """The settings of the webhook and what came of it; without `url` there is none."""

    url: str = ""
    ip_address: str = ""
    fixed_ip_address: bool = False
    max_connections: int = 40
    secret_token: str = ""
    last_error_date: int | None = None
    last_error_message: str = ""
    last_success: float | None = None
    gone_since: float | None = None
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=DELIVERIES_KEPT))

    def has_settings_of(self, other: "Webhook") -> bool:
        """Tell whether both send the same way to the same place."""
        mine, theirs = (
            (each.url, each.max_connections, each.secret_token, each.fixed_ip_address and each.ip_address)
            for each in (self, other)
        )
        return mine == theirs

    def as_json(self, pending: int, allowed: frozenset[str] | None) -> dict[str, Any]:
        """Return Telegram's `WebhookInfo`."""
        info: dict[str, Any] = {"url": self.url, "has_custom_certificate": False, "pending_update_count": pending}
        if self.last_error_date is not None:
            info |= {"last_error_date": self.last_error_date, "last_error_message": self.last_error_message}
        if self.url:
            info |= {"max_connections": self.max_connections, "ip_address": self.ip_address}
        if allowed is not None:
            info["allowed_updates"] = sorted(allowed)
        return info


class WebhookSender:
    """Sends queued updates while there is a webhook; `execute` runs a method that a response calls."""

    def __init__(
        self, updates: UpdateQueue, faults: Faults, clock: Callable[[], float], get_webhook: Callable[[], Webhook]
    ) -> None:
        self._updates = updates
        self._faults = faults
        self._now = clock
        self._get_webhook = get_webhook
        self._webhook = Webhook()
        self._wakeup = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._replies: set[asyncio.Task[None]] = set()
        self._random = random.Random(0)  # noqa: S311 — repeatable on purpose

    def wake(self) -> None:
        """Look for something to send: an update came, the clock moved, or the webhook changed."""
        self._wakeup.set()

    async def run(self, execute: Execute) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(
            timeout=IDLE_SECONDS, limits=httpx.Limits(max_connections=None), trust_env=False, follow_redirects=False
        ) as http:
            try:
                while True:
                    self._wakeup.clear()
                    await self._follow_settings()
                    wait = self._start_deliveries(http, execute)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wakeup.wait(), wait)
            finally:
                await self._cancel_deliveries()
                await _cancelled(self._replies)

    async def _follow_settings(self) -> None:
        """A webhook that was changed or removed loses its connections; what was on them stays queued."""
        webhook = self._get_webhook()
        if webhook is not self._webhook:
            await self._cancel_deliveries()
            self._webhook = webhook

    async def _cancel_deliveries(self) -> None:
        await _cancelled(self._deliveries)

    def _start_deliveries(self, http: httpx.AsyncClient, execute: Execute) -> float | None:
        """Start what is due and fits the connections; returns the seconds until something is due, `None` for never."""
        webhook, now = self._webhook, self._now()
        if not webhook.url:
            return None
        is_working = webhook.last_success is not None and webhook.last_success + RECENT_SUCCESS_SECONDS >= now
        free = (webhook.max_connections if is_working else 1) - len(self._deliveries)
        heads = sorted(self._updates.heads(), key=lambda each: each.due)
        for queued in heads[: max(0, free)]:
            if queued.due <= now:
                self._keep(self._deliveries, self._deliver(http, queued, execute))
                queued.in_flight = True
        waits = [each.due - now for each in heads if not each.in_flight and each.due > now]
        return min(waits, default=None)

    def _keep(self, tasks: set[asyncio.Task[None]], work: Any) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: self.wake())

    async def _deliver(self, http: httpx.AsyncClient, queued: QueuedUpdate, execute: Execute) -> None:
        webhook = self._webhook
        at = self._now()
        response: httpx.Response | None = None
        try:
            response = await self._post(http, webhook, queued)
            error = "" if response.is_success else f"{response.status_code} {response.reason_phrase}"
            error = error and f"Wrong response from the webhook: {error}"
        except httpx.HTTPError as failure:
            error = _error_message(failure)
        finally:
            queued.in_flight = False
            status = NO_RESPONSE if response is None else response.status_code
            webhook.deliveries.append(Delivery(queued.update_id, queued.queue, at, status))
        if response is not None and not error:
            webhook.last_success, webhook.gone_since = self._now(), None
            self._updates.remove(queued)
            self._keep(self._replies, _execute_reply(response, execute))
        else:
            webhook.last_error_date, webhook.last_error_message = int(self._now()), error
            self._retry_later(queued, response)
            self._remove_if_gone(webhook, response)

    async def _post(self, http: httpx.AsyncClient, webhook: Webhook, queued: QueuedUpdate) -> httpx.Response:
        fault = self._faults.pick("webhook", chat_id_of(queued.update)) if self._faults.rules else None
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "drop_before":
            raise httpx.ConnectError("fault")
        url = httpx.URL(webhook.url)
        headers = {"content-type": "application/json", "host": url.netloc.decode()}
        extensions: dict[str, Any] = {}
        if webhook.secret_token:
            headers["x-telegram-bot-api-secret-token"] = webhook.secret_token
        if webhook.fixed_ip_address:
            extensions["sni_hostname"] = url.host
            url = url.copy_with(host=webhook.ip_address)
        body = json.dumps(queued.update, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        response = await http.post(url, content=body, headers=headers, extensions=extensions)
        if fault is not None and fault.kind == "drop_after":
            raise httpx.ReadError("fault")
        return response

    def _retry_later(self, queued: QueuedUpdate, response: httpx.Response | None) -> None:
        wait = _retry_after(response)
        if wait == 0 and queued.failures > 0:
            longest = self._random.randint(LONGEST_DELAY, 2 * LONGEST_DELAY)
            wait = queued.delay = min(longest, queued.delay * 2)
        queued.failures += 1
        queued.due = self._now() + wait
        if queued.due > queued.expires:
            self._updates.drop(queued)

    def _remove_if_gone(self, webhook: Webhook, response: httpx.Response | None) -> None:
        if response is None or response.status_code != GONE:
            webhook.gone_since = webhook.gone_since if response is None else None
        elif webhook.gone_since is None:
            webhook.gone_since = self._now()
        elif self._now() > webhook.gone_since + GONE_SECONDS:
            webhook.url = ""


def _retry_after(response: httpx.Response | None) -> int:
    text = "" if response is None else response.headers.get("retry-after", "")
    return min(LONGEST_RETRY_AFTER, int(text)) if text.isascii() and text.isdecimal() else 0


async def _execute_reply(response: httpx.Response, execute: Execute) -> None:
    """Run the method that a response calls, if it calls one."""

    async def receive() -> Message:
        return {"type": "http.request", "body": response.content}

    try:
        values = await parse_body(response.headers.get("content-type", "").encode(), receive)
    except (TelegramError, HTTPException):
        return
    method = str(values.pop("method", "")).lower()
    if method and method not in NOT_AS_REPLY and not method.startswith("get"):
        await execute(method, Params(values))


def _error_message(failure: httpx.HTTPError) -> str:
    match failure:
        case httpx.ConnectError():
            return "Connection refused"
        case httpx.ConnectTimeout():
            return "Connection timed out"
        case httpx.TimeoutException():
            return "Read timeout expired"
        case _:
            return "Webhook connection closed"


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
