"""getUpdates and the three webhook methods.

A webhook is remembered, which stops polling, but nothing is delivered to it.
"""

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request, conflict
from bot.sandbox.telegram.methods.common import method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.updates import MAX_TIMEOUT
from bot.sandbox.telegram.world import World

MAX_BATCH = 100


async def get_updates(world: World, params: Params) -> list[JSON]:
    """Confirm everything below `offset` and deliver what is next."""
    if world.webhook["url"]:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    limit = params.integer("limit", MAX_BATCH)
    if not 1 <= limit <= MAX_BATCH:
        raise bad_request(f"limit must be from 1 to {MAX_BATCH} (the real service would silently correct it)")
    timeout = min(MAX_TIMEOUT, max(0, params.integer("timeout", 0)))
    _choose_kinds(world, params)
    return await world.updates.get(params.integer("offset", 0), limit, timeout)


def set_webhook(world: World, params: Params) -> bool:
    """Remember the address; an empty one removes it."""
    url = params.text("url")
    if url and urlsplit(url).scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    world.webhook["url"] = url
    _choose_kinds(world, params)
    return _drop_pending(world, params)


def delete_webhook(world: World, params: Params) -> bool:
    """Go back to polling."""
    world.webhook["url"] = ""
    return _drop_pending(world, params)


def get_webhook_info(world: World, _params: Params) -> JSON:
    """Tell the address and how many updates wait."""
    info: dict[str, Any] = {**world.webhook, "pending_update_count": len(world.updates.pending())}
    if world.updates.allowed is not None:
        info["allowed_updates"] = sorted(world.updates.allowed)
    return info


def _choose_kinds(world: World, params: Params) -> None:
    if "allowed_updates" in params:
        world.updates.allowed = frozenset(params.array("allowed_updates")) or None


def _drop_pending(world: World, params: Params) -> bool:
    if params.flag("drop_pending_updates") and (pending := world.updates.pending()):
        world.updates.confirm(max(update["update_id"] for update in pending) + 1)
    return True


METHODS = (
    method("getUpdates", get_updates, "offset limit timeout allowed_updates", waits=True),
    method(
        "setWebhook",
        set_webhook,
        "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token",
    ),
    method("deleteWebhook", delete_webhook, "drop_pending_updates"),
    method("getWebhookInfo", get_webhook_info),
)
