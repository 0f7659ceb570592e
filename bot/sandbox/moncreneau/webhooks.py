"""Webhooks: the service tells another server, by signed HTTP requests, what happened to an appointment.

The contract (section Webhooks) says what an event looks like and how it is signed. How often the real service tries
again is not known; here it follows the schedule of Standard Webhooks 1.0. Events are kept in memory: what is still to
be delivered when the process ends is lost. This module must not know why an appointment changed.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot.sandbox.moncreneau.appointments import COST
from bot.sandbox.moncreneau.config import MoncreneauSandbox
from bot.sandbox.moncreneau.errors import ApiError
from bot.sandbox.moncreneau.schemas import appointment_json
from bot.sandbox.moncreneau.store import Appointment
from bot.sandbox.moncreneau.webhook_faults import WebhookFault, WebhookFaults

SCHEDULE = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds to wait before each attempt, counted from the failure of the one before (Standard Webhooks 1.0)."""
STYLES = ("moncreneau", "sdk")
_GONE = 410


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `body` is sent as it is, however often. `created` is office time."""

    id: str
    type: str
    created: str
    appointment_id: int
    body: bytes


@dataclass(slots=True)
class Delivery:
    """The attempts to deliver an event. `state` is waiting, held, delivered, failed, dropped or disabled."""

    event: Event
    state: str = "waiting"
    attempts: list[str] = field(default_factory=list)
    """The outcome of each attempt: an HTTP status, or what went wrong."""


@dataclass(slots=True)
class Endpoint:
    """Where and how events are sent. Without a URL nothing is sent."""

    url: str | None
    secret: str
    style: str = "moncreneau"
    time_factor: float = 1.0
    created_as: str = "iso"
    """How `created` is written, `iso` or `unix`: the contract leaves it open."""
    timeout: float = 15.0
    """Seconds until an attempt without an answer has failed."""
    is_disabled: bool = False
    """Set when the endpoint answers 410."""


class Webhooks:
    """Sends events, and records their outcomes."""

    def __init__(
        self, config: MoncreneauSandbox, random: Random, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.endpoint = Endpoint(
            config.webhook_url, config.webhook_secret, config.webhook_style, config.webhook_time_factor
        )
        self.faults = WebhookFaults(random)
        self.deliveries: list[Delivery] = []
        """Oldest first. Appointments are few in a sandbox, so all are kept."""
        self._public_url = config.public_url
        self._clock = config.clock
        self._sleep = sleep
        self._zone = ZoneInfo(config.timezone)
        self._held: dict[int, list[Delivery]] = {}
        """The events that each fault holds back, by the identity of the fault."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._http: httpx.AsyncClient | None = None

    def publish(self, old: Appointment | None, new: Appointment) -> None:
        """Send the event of a change. Must be called within the event loop; returns before anything is sent."""
        if self.endpoint.url is None or self.endpoint.is_disabled:
            return
        event = self._event(*describe(old, new), new)
        delivery = self._log(event)
        plan = self.faults.plan(event.type, event.appointment_id)
        if plan.is_dropped:
            delivery.state = "dropped"
            return
        for seconds in plan.replays:
            self._start(self._replay_later(event, seconds))
        copies = [delivery, *(self._log(event) for _ in range(plan.copies - 1))]
        if plan.held_by is None:
            for each in copies:
                self._start(self._deliver(each, plan.delay))
            return
        for each in copies:
            each.state = "held"
        held = self._held.setdefault(id(plan.held_by), [])
        held += copies
        if len(held) >= plan.held_by.count:
            self._start(self._deliver_in_order(self.faults.ordered(plan.held_by, held)))
            held.clear()

    def replay(self, event_id: str) -> Delivery:
        """Send an earlier event once more, byte for byte; raises ApiError (404)."""
        event = next((each.event for each in self.deliveries if each.event.id == event_id), None)
        if event is None:
            raise ApiError("NOT_FOUND", f"Event {event_id} does not exist")
        delivery = self._log(event)
        self._start(self._deliver(delivery))
        return delivery

    def clear_faults(self) -> None:
        """End all faults, and send the events that they held back, oldest first."""
        self.faults.clear()
        for held in self._held.values():
            self._start(self._deliver_in_order(held))
        self._held.clear()

    async def aclose(self) -> None:
        """Stop all deliveries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    def _event(self, kind: str, extras: dict[str, Any], appointment: Appointment) -> Event:
        now = self._clock().replace(microsecond=0)
        created = now.astimezone(self._zone).replace(tzinfo=None).isoformat()
        event_id = f"evt_{secrets.token_hex(12)}"
        data = {
            "id": event_id,
            "type": kind,
            "created": int(now.timestamp()) if self.endpoint.created_as == "unix" else created,
            "data": {"object": appointment_json(appointment, self._public_url) | extras},
        }
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        return Event(event_id, kind, created, appointment.id, body)

    def _log(self, event: Event) -> Delivery:
        delivery = Delivery(event)
        self.deliveries.append(delivery)
        return delivery

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replay_later(self, event: Event, seconds: float) -> None:
        await self._sleep(seconds * self.endpoint.time_factor)
        await self._deliver(self._log(event))

    async def _deliver_in_order(self, batch: list[Delivery]) -> None:
        """Make the first attempt of each only after that of the one before; retries are left to themselves."""
        for delivery in batch:
            delivery.state = "waiting"
            if not await self._attempt(delivery):
                self._start(self._retry(delivery))

    async def _deliver(self, delivery: Delivery, delay: float = 0) -> None:
        await self._sleep(delay)
        if not await self._attempt(delivery):
            await self._retry(delivery)

    async def _retry(self, delivery: Delivery) -> None:
        for pause in SCHEDULE[1:]:
            await self._sleep(pause * self.endpoint.time_factor)
            if await self._attempt(delivery):
                return
        delivery.state = "failed"

    async def _attempt(self, delivery: Delivery) -> bool:
        """Try once; returns whether no more attempts are needed."""
        if self.endpoint.is_disabled or self.endpoint.url is None:
            delivery.state = "disabled"
            return True
        event = delivery.event
        faults = self.faults.draw(event.type, event.appointment_id)
        headers, body = signed_request(event, self.endpoint, faults)
        try:
            answer = await self._post(self.endpoint.url, headers, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            delivery.attempts.append(type(error).__name__)
            return False
        delivery.attempts.append(str(answer.status_code))
        if answer.status_code == _GONE:
            self.endpoint.is_disabled = True
            delivery.state = "disabled"
        elif answer.is_success:
            delivery.state = "delivered"
        return delivery.state != "waiting"

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        """Send one request; a redirect is not followed, and so fails."""
        if self._http is None:
            # Made when it is first needed: it loads certificates, and most stand-ins send nothing. Every request gets
            # a connection of its own, so that a receiver that was restarted does not cost an attempt.
            self._http = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)
        return await self._http.post(url, content=body, headers=headers, timeout=self.endpoint.timeout)


def describe(old: Appointment | None, new: Appointment) -> tuple[str, dict[str, Any]]:
    """Return the type of the event for a change, and the fields that it adds to the appointment.

    The contract names the types. That attendance sets the status COMPLETED, and that an update lists every changed
    field as it lists `dateTime`, are our assumptions.
    """
    if old is None:
        return "appointment.created", {}
    if new.status == "CANCELLED" and old.status != "CANCELLED":
        return "appointment.cancelled", {
            "cancelledAt": None if new.cancelled_at is None else new.cancelled_at.isoformat(),
            "cancelledBy": new.cancelled_by,
            "cancelReason": new.cancel_reason,
            "creditsRefunded": COST,
        }
    if new.status == "COMPLETED" and old.status != "COMPLETED":
        return "appointment.validated", {}
    pairs = {"dateTime": (old.at.isoformat(), new.at.isoformat()), "status": (old.status, new.status)}
    changes = {name: {"from": before, "to": after} for name, (before, after) in pairs.items() if before != after}
    return "appointment.updated", {"changes": changes}


def signed_request(event: Event, endpoint: Endpoint, faults: list[WebhookFault]) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of one attempt. The signature is that of the very bytes that are sent."""
    body, secret, content_type = event.body, endpoint.secret, "application/json"
    for fault in faults:
        if fault.kind == "wrong_secret":
            secret = fault.secret
        elif fault.kind == "truncate":
            body = body[: len(body) // 2]
        else:
            body, content_type = b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": content_type}
    if endpoint.style == "sdk":
        return headers | {"X-Webhook-Signature": signature}, body
    return headers | {"X-Moncreneau-Event": event.type, "X-Moncreneau-Signature": f"sha256={signature}"}, body
