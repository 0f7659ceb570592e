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
ALERT, ALERT_DEPARTMENT, ALERT_STOP = "alert", "alertd", "alertx"
"""Ask to be told of a place earlier than an appointment, or of any place in a department; stop that of a department."""
TAKE, TAKE_NEW = "take", "taken"
"""Open an offered place in order to move an appointment to it, or to book it (see `offered`)."""
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


def offered(kind: str, at: datetime, *numbers: int | None) -> str:
    """An action that names an offered place and the numbers that say what it is for; 0 is none."""
    return f"{timed(kind, at)}.{'.'.join(str(each or 0) for each in numbers)}"


def offer_in(value: str, count: int) -> tuple[datetime, tuple[int, ...]] | None:
    """The place and the `count` numbers that `offered` wrote, or None."""
    written, *rest = value.split(".")
    numbers = [number_in(each) for each in rest]
    found = tuple(each for each in numbers if each is not None)
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    is_ours = timed("", at) == f":{written}" and len(found) == len(numbers) == count
    return (at, found) if is_ours else None


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
