"""The callback data of buttons: encoding and decoding.

A screen's buttons are bound to the screen's number; those of a ticket are valid at any time. The strings stay far
below the 64 bytes that Telegram allows (Bot API, `InlineKeyboardButton.callback_data`). Decoding never raises: unknown
data is an unknown action. Old messages keep their buttons, so the strings never change.
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
CHANGE_NAME = "rename"
FOR_OTHER = "forother"
"""The name is to be that of somebody else."""
CHANGE_WORKER = "agent"
RESUME = "resume"
PAST = "past"
SETTINGS = "settings"
NEWS_ON, NEWS_OFF = "news:on", "news:off"
"""Turn announcements on or off; answered by a message of its own, since the button may stand under an announcement."""
SET_NEWS_ON, SET_NEWS_OFF = "set:on", "set:off"
"""The same in the settings, answered in place."""
REMINDERS_ON, REMINDERS_OFF = "rem:on", "rem:off"
SET_REMINDERS_ON, SET_REMINDERS_OFF = "setrem:on", "setrem:off"
"""The same for reminders: under a reminder, and in the settings."""
SET_RATINGS_ON, SET_RATINGS_OFF = "setrate:on", "setrate:off"
"""The same for the question after a visit, in the settings."""
DATA, DATA_SEE, DATA_COPY = "data", "data:see", "data:copy"
PEOPLE = "people"
"""The names that are remembered."""
ERASE, ERASE_AGAIN = "erase", "erase:again"
"""The first and the second question before all is erased."""
YES = "yes"
NO = "no"

EVERYWHERE = frozenset({BOOK, APPOINTMENTS, HELP, LANGUAGE, SETTINGS})
"""Actions that are valid everywhere, because they only open a screen."""


def numbered(kind: str, number: int) -> str:
    """An action that names something by its number, such as a department."""
    return f"{kind}:{number}"


def timed(kind: str, when: date | datetime) -> str:
    """An action that names a day or a time."""
    day = f"{when.year:04}{when.month:02}{when.day:02}"
    return f"{kind}:{day}T{when.hour:02}{when.minute:02}" if isinstance(when, datetime) else f"{kind}:{day}"


DEPARTMENT, WORKER, DAY, TIME, NAME, PAGE = "d", "w", "day", "t", "n", "p"
TICKET, CANCEL, LOCALE, BOOK_AGAIN = "ticket", "x", "l", "again"
ONE_MORE = "more"
"""Books one more person, besides an appointment."""
FORGET_NAME = "unname"
"""Forgets a name, by its mark."""
CALENDAR = "ics"
"""Asks for the calendar file of an appointment."""
COMING = "come"
"""Says that the citizen comes; names a version of an appointment (see `versioned`)."""
RATE = "rate"
"""Rates the visit of an appointment; names it and the score (see `versioned`), 0: never ask again."""
DETAILS, WHERE = "info", "where"
"""What to bring to a department, and its place on a map."""
MOVE = "mv"
"""With an appointment's number it opens the move of that one; alone, in the list, the choice of one to move."""
SURE = "sure"
"""Erases all; names the minute in which the button was shown (see `timed`)."""
NOTED = "noted"
"""The citizen has read the office's news and agrees."""
ORGANIZATION = "o"
"""Names an organisation by one of its departments, because organisations have no id here."""
LARGEST = 2**63 - 1
"""The largest number that the databases can store."""


def versioned(kind: str, number: int, version: int) -> str:
    """An action that names a version of an appointment, since what the message says may have changed meanwhile."""
    return f"{kind}:{number}.{version}"


def version_in(value: str) -> tuple[int, int] | None:
    """The number and the version that `versioned` wrote, or None."""
    number, _, version = value.partition(".")
    found = number_in(number), number_in(version)
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def split(action: str) -> tuple[str, str]:
    """The kind of an action and what it names, if anything."""
    kind, _, value = action.partition(":")
    return kind, value


def number_in(value: str) -> int | None:
    """The whole number from 0 to `LARGEST` that is written in ASCII digits, or None."""
    is_short = value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST))
    number = int(value) if is_short else None
    return number if number is not None and number <= LARGEST else None


def encode(screen: int | None, action: str) -> str:
    """The callback data: the screen's number (or `*`: valid at any time) and the action."""
    return f"{'*' if screen is None else screen}.{action}"


def decode(data: str) -> tuple[int | None, str]:
    """The reverse of `encode`; other data is an unknown action."""
    head, dot, action = data.partition(".")
    if not dot:
        return None, ""
    if head == "*":
        return None, action
    number = number_in(head)
    return (number, action) if number is not None else (None, "")
