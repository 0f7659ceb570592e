"""The texts of the bot's profile at Telegram: commands and descriptions, per language. Must not send anything."""

from collections.abc import Iterable

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
ADMIN = ("broadcast", "broadcasts", "closed", "status", "stats", "block", "unblock", "blocked")
"""Commands that only admins see."""
STAFF = ("agenda", "broadcast", "broadcasts", "closed")
"""Commands that the staff of a department sees."""
BUILT = frozenset({*USUAL, *ADMIN, *STAFF})
"""All commands that the bot knows."""


def special(*, admin: bool, staff: bool) -> tuple[str, ...]:
    """The commands that somebody has beside the usual ones."""
    return tuple(dict.fromkeys((*(ADMIN if admin else ()), *(STAFF if staff else ()))))


def commands(translator: Translator, more: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """The usual commands, and `more`, each with its description."""
    return tuple((name, translator.label(f"command.{name}")) for name in (*USUAL, *more))


def description(translator: Translator) -> str:
    """The text above the start button of an empty chat; at most 512 characters (Bot API, `setMyDescription`)."""
    return translator.label("profile.description")


def short_description(translator: Translator) -> str:
    """The text on the bot's profile page; at most 120 characters (Bot API, `setMyShortDescription`)."""
    return translator.label("profile.short")
