"""The service's webhooks: whether one is the service's own, and what it says. Must not know what it is for.

Signed is the body alone, as it was sent, with HMAC-SHA256 of the endpoint's secret: `X-Moncreneau-Signature:
sha256=<hex>` (the vendor's documentation) or `X-Webhook-Signature: <hex>` (its SDKs). The vendor's Python SDK
serialises the body again before it signs, which fails for other spaces or accents; here the raw bytes are signed.

Neither says what `cancelledBy` holds, nor how `created` is written; both are read leniently.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from bot.app.appointment_news import Report
from bot.app.records import StoredWebhook
from bot.app.webhook_worker import UnreadableWebhookError
from bot.core.model import Appointment
from bot.core.names import visible
from bot.moncreneau import schemas
from bot.moncreneau.errors import UnreadableAnswer

HEADERS = ("x-moncreneau-signature", "x-webhook-signature")
PREFIX = b"sha256="
BY_OFFICE = frozenset({"organization", "organisation", "admin", "staff", "agent", "office"})
"""The values of `cancelledBy` that mean the office; an assumption. Any other value leaves it unknown."""
CREATED = "appointment.created"
TYPES = frozenset({CREATED} | {f"appointment.{each}" for each in ("updated", "cancelled", "validated", "confirmed")})
BROKEN = (ValueError, RecursionError)
"""What `json.loads` raises; the second one for thousands of brackets."""
CLOCKS_DIFFER = timedelta(hours=1)
"""How far in the future an event may be created."""
EVENT_ID, REASON = 128, 300
"""Characters that are kept."""


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed these very bytes; `headers` by names in lower case. Takes constant time."""
    given = [headers[name].strip().encode("utf-8", "replace").lower() for name in HEADERS if name in headers]
    signatures = [each.removeprefix(PREFIX) for each in given]
    wanted = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    # All are compared, so that the time tells nothing.
    return any([hmac.compare_digest(one, other) for one in signatures for other in wanted])  # noqa: C419 — as said


def event_id(body: bytes) -> str:
    """The id of the event: the body's `id`, or else a digest of the body. The service may repeat an event."""
    try:
        given = json.loads(body).get("id")
    except (*BROKEN, AttributeError):
        given = None
    usable = isinstance(given, str) and given and len(given) <= EVENT_ID and given.isprintable()
    return str(given) if usable else hashlib.sha256(body).hexdigest()


def read(webhook: StoredWebhook, zone: tzinfo) -> Report:
    """The report in a body. Raises `UnreadableWebhookError` if it is not an event of an appointment."""
    try:
        event = json.loads(webhook.body)
        said = event["data"]["object"]
    except (*BROKEN, TypeError, LookupError):
        raise UnreadableWebhookError("unreadable") from None
    number = schemas.read_id(said.get("id")) if isinstance(said, dict) else None
    received = datetime.fromtimestamp(webhook.received_at, zone).replace(microsecond=0, tzinfo=None)
    created = schemas.office_time(event.get("created"), zone)
    if created and created - received > CLOCKS_DIFFER:
        created = None  # it would count as newer than everything for as long
    if str(event.get("type")) not in TYPES:
        raise UnreadableWebhookError("unknown type")
    if number is None:
        raise UnreadableWebhookError("no appointment")
    owner = said.get("externalUserId")
    return Report(
        number,
        created or received,
        owner=owner if isinstance(owner, str) else None,
        # Without a time nobody knows whether it is older than what is known.
        appointment=_appointment(said, zone) if created else None,
        is_new=event["type"] == CREATED,
        by_office=True if str(said.get("cancelledBy")).lower() in BY_OFFICE else None,
        reason=_words(said.get("cancelReason")),
    )


def _appointment(said: dict[str, Any], zone: tzinfo) -> Appointment | None:
    """The appointment as it is after the event; None if that is not all there."""
    try:
        found = schemas.read_appointment(said, zone)
    except UnreadableAnswer:
        return None
    return found if "status" in said else None


def _words(reason: Any) -> str:
    """The office's own words, on one line, without what shows nothing."""
    text = " ".join(visible(reason).split()) if isinstance(reason, str) else ""
    return text if len(text) <= REASON else text[: REASON - 1].rstrip() + "…"
