"""The vocabulary of buttons: what a button asks, as a short string, and how it is read back.

A screen's buttons are bound to the screen's number; those of a ticket are valid at any time. The strings stay far
below the 64 bytes that Telegram grants (Bot API, `InlineKeyboardButton.callback_data`). Reading never raises: what
cannot be read is not an action.
"""

from datetime import date, datetime

BOOK = "book"
APPOINTMENTS = "list"
HELP = "help"
LANGUAGE = "lang"
MENU = "menu"
BACK = "back"
LEAVE = "leave"
RETRY = "retry"
CONFIRM = "ok"
EARLIEST = "first"
MORNING = "am"
AFTERNOON = "pm"
OTHER_TIME = "time"
CHANGE_DEPARTMENT = "office"
EVERYTHING = "all"
GIVE_UP = "giveup"
NEWS_ON, NEWS_OFF = "news:on", "news:off"
"""Announcements from the offices: wanted, or not."""
YES = "yes"
NO = "no"

EVERYWHERE = frozenset({BOOK, APPOINTMENTS, HELP, LANGUAGE})
"""Harmless wherever they are pressed: they only open a screen."""


def numbered(kind: str, number: int) -> str:
    """An action that names something by its number, such as a department."""
    return f"{kind}:{number}"


def timed(kind: str, when: date | datetime) -> str:
    """An action that names a day or a time."""
    day = f"{when.year:04}{when.month:02}{when.day:02}"
    return f"{kind}:{day}T{when.hour:02}{when.minute:02}" if isinstance(when, datetime) else f"{kind}:{day}"


DEPARTMENT, WORKER, DAY, TIME, NAME, PAGE = "d", "w", "day", "t", "n", "p"
TICKET, CANCEL, LOCALE = "ticket", "x", "l"
MAX_DIGITS = 15


def split(action: str) -> tuple[str, str]:
    """The kind of an action and what it names, if anything."""
    kind, _, value = action.partition(":")
    return kind, value


def number_in(value: str) -> int | None:
    """A positive number written in at most 15 ASCII digits, or None."""
    plain = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    return int(value) if plain else None


def encode(screen: int | None, action: str) -> str:
    """The string that travels with the button: the screen's number (or `*`: valid at any time) and the action."""
    return f"{'*' if screen is None else screen}.{action}"


def decode(data: str) -> tuple[int | None, str]:
    """Read back what `encode` wrote; anything else is an action that nobody understands."""
    head, dot, action = data.partition(".")
    if not dot:
        return None, ""
    if head == "*":
        return None, action
    number = number_in(head)
    return (number, action) if number is not None else (None, "")
