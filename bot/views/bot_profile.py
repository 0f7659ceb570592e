"""The texts of the bot's profile at Telegram: commands and descriptions, per language. Must not send anything."""

from collections.abc import Collection

from bot.i18n import Translator

USUAL = (
    "book",
    "appointments",
    "cancel",
    "stop",
    "settings",
    "language",
    "announcements",
    "data",
    "privacy",
    "help",
    "start",
)
"""The commands for everyone, the most wanted first, in the order in which they are shown."""
ADMIN = ("broadcast", "broadcasts", "status", "stats", "block", "unblock", "blocked")
"""Commands that only admins see."""


def commands(
    translator: Translator, *, admin: bool = False, available: Collection[str] = USUAL
) -> tuple[tuple[str, str], ...]:
    """The `available` commands, each with its description."""
    offered = (*USUAL, *ADMIN) if admin else USUAL
    return tuple((name, translator.label(f"command.{name}")) for name in offered if name in available)


def description(translator: Translator) -> str:
    """The text above the start button of an empty chat; at most 512 characters (Bot API, `setMyDescription`)."""
    return translator.label("profile.description")


def short_description(translator: Translator) -> str:
    """The text on the bot's profile page; at most 120 characters (Bot API, `setMyShortDescription`)."""
    return translator.label("profile.short")
