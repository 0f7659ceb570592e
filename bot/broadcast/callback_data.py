"""What the buttons of broadcasts ask, as the short strings that travel with them, and how they are read back.

All of them are valid at any time (`callback_data.encode` with no screen): each says which broadcast it is about, and
those of composing which turn, so that a late or forged one is known as such.
"""

from enum import StrEnum

from bot.core import callback_data

KIND = "bc"
"""The kind of all actions of broadcasts."""


class ComposeAction(StrEnum):
    """What a button of a stage asks; short, for it travels with the button."""

    CANCEL = "cancel"
    BACK = "back"
    ONE = "one"
    IS = "is"
    SKIP = "skip"
    EVERYONE = "all"
    LANGUAGE = "lang"
    OFFICE = "office"
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


def encode_compose(number: int, turn: int, ask: ComposeAction, value: str = "") -> str:
    """The action of a button of a stage. It names the draft and the turn, so that a late one is known as such."""
    return f"{KIND}:{number}.{turn}:{ask}:{value}"


def encode_command(number: int, verb: str, value: str = "") -> str:
    """The action of a button under a broadcast."""
    return f"{KIND}:{number}:{verb}:{value}" if value else f"{KIND}:{number}:{verb}"


def decode(action: str) -> tuple[int, int | None, str, str] | None:
    """Number, turn (None: it steers a broadcast), what is asked, and a value; None where it is none of ours."""
    kind, rest = callback_data.split(action)
    which, _, what = rest.partition(":")
    first, dot, second = which.partition(".")
    number, turn = callback_data.number_in(first), callback_data.number_in(second)
    if kind != KIND or number is None or (dot and turn is None):
        return None
    ask, _, value = what.partition(":")
    return number, turn, ask, value
