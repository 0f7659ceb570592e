"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo."""

import asyncio
import ipaddress
import re

import httpx

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request, conflict, too_many_requests
from bot.sandbox.telegram.methods.common import method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.updates import MAX_TIMEOUT
from bot.sandbox.telegram.webhook import Webhook
from bot.sandbox.telegram.world import World

MAX_BATCH = 100
MAX_CONNECTIONS = 100
PORTS = frozenset({443, 80, 88, 8443})
LONGEST_SECRET_TOKEN = 256
_SECRET_TOKEN = re.compile(r"[A-Za-z0-9_-]*")


async def get_updates(world: World, params: Params) -> list[JSON]:
    """Confirm everything below `offset` and return the next updates."""
    if world.webhook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    limit = params.integer("limit", MAX_BATCH)
    if not 1 <= limit <= MAX_BATCH:
        raise bad_request(f"limit must be from 1 to {MAX_BATCH} (the real service would silently correct it)")
    timeout = min(MAX_TIMEOUT, max(0, params.integer("timeout", 0)))
    _set_allowed_updates(world, params)
    return await world.updates.get(params.integer("offset", 0), limit, timeout)


async def set_webhook(world: World, params: Params) -> bool:
    """Send updates to an address from now on, instead of polling; an empty address removes the webhook."""
    if not params.text("url"):
        return delete_webhook(world, params)
    if world.limiter.limits is not None:
        if world.now() < world.next_set_webhook:
            raise too_many_requests(1)
        world.next_set_webhook = world.now() + 1
    webhook = await _read_webhook(world, params)
    world.updates.end_poll(conflict("terminated by setWebhook request"))
    _set_allowed_updates(world, params)
    if params.flag("drop_pending_updates") or not webhook.has_settings_of(world.webhook):
        _drop_pending(world, params)
        world.set_webhook(webhook)
    return True


def delete_webhook(world: World, params: Params) -> bool:
    """Return to polling."""
    world.set_webhook(Webhook())
    _drop_pending(world, params)
    return True


def get_webhook_info(world: World, _params: Params) -> JSON:
    """Return the address, how many updates wait, and the last error."""
    return world.webhook.as_json(len(world.updates.pending()), world.updates.allowed)


async def _read_webhook(world: World, params: Params) -> Webhook:
    if "certificate" in params:
        raise bad_request("the sandbox takes no certificate")
    secret_token = params.text("secret_token")
    if len(secret_token) > LONGEST_SECRET_TOKEN:
        raise bad_request("secret token is too long")
    if not _SECRET_TOKEN.fullmatch(secret_token):
        raise bad_request("secret token contains unallowed characters")
    url = params.text("url")
    url = url if "://" in url else f"https://{url}"
    fixed = params.text("ip_address")
    return Webhook(
        url=url,
        ip_address=await _checked_address(_parsed(url), fixed, is_local=world.config.is_local),
        fixed_ip_address=bool(fixed),
        max_connections=min(MAX_CONNECTIONS, max(1, params.integer("max_connections", 40))),
        secret_token=secret_token,
    )


def _parsed(url: str) -> httpx.URL:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise bad_request("invalid webhook URL specified") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise bad_request("invalid webhook URL specified")
    return parts


async def _checked_address(url: httpx.URL, fixed: str, *, is_local: bool) -> str:
    """Return the IP address to send to; refuses what a server without `--local` refuses, unless `is_local`."""
    if not is_local:
        if url.scheme != "https":
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if (url.port or 443) not in PORTS:
            raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    try:
        address = ipaddress.ip_address(fixed or await _resolved(url.host))
    except ValueError:
        raise bad_request("bad webhook: Invalid IP address specified") from None
    if not is_local and not address.is_global:
        raise bad_request(f"bad webhook: IP address {address} is reserved")
    return str(address)


async def _resolved(host: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError as error:
        raise bad_request(f"bad webhook: Failed to resolve host: {error.strerror}") from None
    return str(found[0][4][0])


def _set_allowed_updates(world: World, params: Params) -> None:
    if "allowed_updates" in params:
        world.updates.allowed = frozenset(params.array("allowed_updates")) or None


def _drop_pending(world: World, params: Params) -> None:
    if params.flag("drop_pending_updates") and (pending := world.updates.pending()):
        world.updates.confirm(max(update["update_id"] for update in pending) + 1)


METHODS = (
    method("getUpdates", get_updates, "offset limit timeout allowed_updates", waits=True),
    method(
        "setWebhook",
        set_webhook,
        "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token",
        waits=True,
    ),
    method("deleteWebhook", delete_webhook, "drop_pending_updates"),
    method("getWebhookInfo", get_webhook_info),
)
