"""The callback data of broadcast buttons: encoding and decoding.

None of them is bound to a screen. Each names its broadcast; those of the composer also name the turn of the draft, so
that a late or forged press is recognised.
"""

from datetime import date
from enum import StrEnum

from bot.core import callback_data

KIND = "bc"
"""The kind of all actions of broadcasts."""
CLOSED = "closed"
"""An announcement to those who are booked on a closed day: `5.2026-12-25`, by department and day."""


class ComposeAction(StrEnum):
    """The action of a button of the composer. The values are sent in callback data: keep them short and stable."""

    CANCEL = "cancel"
    BACK = "back"
    ONE = "one"
    IS = "is"
    SKIP = "skip"
    EVERYONE = "all"
    LANGUAGE = "lang"
    DEPARTMENT = "office"
    DAYS = "days"
    PAGE = "page"
    RETRY = "retry"
    TODAY = "today"
    TOMORROW = "tomorrow"
    MESSAGE = "message"
    AUDIENCE = "audience"
    NOW = "now"
    LATER = "later"
    INSIST = "insist"
    GO = "go"


def encode_compose(number: int, turn: int, action: ComposeAction, value: str = "") -> str:
    """The callback data of a composer button, with the draft's number and turn."""
    return f"{KIND}:{number}.{turn}:{action}:{value}"


def encode_command(number: int, command: str, value: str = "") -> str:
    """The callback data of a button under a broadcast."""
    return f"{KIND}:{number}:{command}:{value}" if value else f"{KIND}:{number}:{command}"


def encode_closed(department_id: int, day: date) -> str:
    """The callback data of a button that begins an announcement to those booked with a department on a day."""
    return encode_command(0, CLOSED, f"{department_id}.{day.isoformat()}")


def decode_closed(value: str) -> tuple[int, date] | None:
    """The department and the day; None if it is neither."""
    first, _, second = value.partition(".")
    number = callback_data.number_in(first)
    try:
        return (number, date.fromisoformat(second)) if number is not None else None
    except ValueError:
        return None


def decode(data: str) -> tuple[int, int | None, str, str] | None:
    """Number, turn (None: a command to a broadcast), action or command, and a value; None for other buttons."""
    kind, rest = callback_data.split(data)
    which, _, what = rest.partition(":")
    first, dot, second = which.partition(".")
    number, turn = callback_data.number_in(first), callback_data.number_in(second)
    if kind != KIND or number is None or (dot and turn is None):
        return None
    action, _, value = what.partition(":")
    return number, turn, action, value
