"""getMe, getChat, close, logOut."""

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.methods.common import find_chat, method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World


def get_me(world: World, _params: Params) -> JSON:
    """Return the bot."""
    return {
        **world.bot(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


def get_chat(world: World, params: Params) -> JSON:
    """Return the chat."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return {
        **find_chat(world, params).as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


def leave_server(_world: World, _params: Params) -> bool:
    """Answer `close` and `logOut`, which change nothing here."""
    return True


METHODS = (
    method("getMe", get_me),
    method("getChat", get_chat, "chat_id"),
    method("close", leave_server),
    method("logOut", leave_server),
)
