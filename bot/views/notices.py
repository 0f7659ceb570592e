"""The one-line remarks above a screen. Knows their words, not when they are made."""

from bot.core.names import MAX_LENGTH
from bot.core.notices import Notice
from bot.i18n import Safe, Translator


def words(notice: Notice, t: Translator) -> Safe:
    """The remark; every sign in it has its words beside it."""
    return t.text(f"notice.{notice}", longest=MAX_LENGTH)
