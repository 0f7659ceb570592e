"""The callback data of broadcast buttons: encoding and decoding.

None of them is bound to a screen. Each names its broadcast; those of the composer also name the turn of the draft, so
that a late or forged press is recognised.
"""

from enum import StrEnum

from bot.core import callback_data

KIND = "bc"
"""The kind of all actions of broadcasts."""


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
