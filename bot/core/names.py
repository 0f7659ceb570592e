"""Reads and checks the name for a ticket. Must not know conversations.

Names as they are written in Guinea pass: several words, accents, hyphens, apostrophes of every shape, N'Ko and Adlam
letters. Digits and other signs are refused with a reason. Invisible marks (direction, joiners) are dropped silently,
because the citizen cannot see them.
"""

import unicodedata
from functools import lru_cache

from bot.core.states import Notice

MAX_LENGTH = 100
MIN_LETTERS = 2
_SIGNS = frozenset("-'’ʼ‘`´.‐‑ ")
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by their category, but they show nothing."""


def read_name(text: str) -> str | Notice:
    """The name as it will be on the ticket, or the reason why it is refused."""
    name = " ".join(visible(text).split())
    letters = sum(unicodedata.category(char)[0] == "L" for char in name)
    if not name:
        return Notice.NAME_EMPTY
    if len(name) > MAX_LENGTH:
        return Notice.NAME_LONG
    if any(unicodedata.category(char)[0] == "N" for char in name):
        return Notice.NAME_DIGITS
    if any(char not in _SIGNS and unicodedata.category(char)[0] not in "LM" for char in name):
        return Notice.NAME_SIGNS
    if letters < MIN_LETTERS:
        return Notice.NAME_SHORT
    return name


def suggestions(*booked: str | None, profile: str = "") -> tuple[str, ...]:
    """Names to offer, once each: those that were booked before, then the phone's if it has a first and a last name."""
    names = [read_name(name) for name in (*booked, profile) if name]
    if names and profile and " " not in names[-1]:
        names.pop()
    by_person: dict[str, str] = {}
    for name in names:
        if not isinstance(name, Notice):
            by_person.setdefault(fold(name), name)
    return tuple(by_person.values())


def first_name(profile: str) -> str:
    """The name by which the phone's owner is greeted; none if it has no letters."""
    first = profile.split(maxsplit=1)[0] if profile.strip() else ""
    return first if any(char.isalpha() for char in first) else ""


@lru_cache(maxsize=4096)
def visible(text: str) -> str:
    """NFC, line breaks as spaces, without characters that show nothing (format and control characters)."""
    spaced = "".join(" " if char in "\n\r\t\v\f\u2028\u2029" else char for char in unicodedata.normalize("NFC", text))
    shown = (char for char in spaced if char not in _BLANK_LETTERS)
    return "".join(char for char in shown if unicodedata.category(char) not in {"Cf", "Cc", "Co", "Cs", "Cn"})


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """For comparing what is typed with what is listed: without accents, case and doubled spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())
