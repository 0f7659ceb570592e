"""Searches a bot's log for what must not be in it: the chat ids and the names of its citizens."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
SHORTEST = 4
"""Letters of a word of a name that is searched for: shorter ones are in ordinary words too."""


def find_private(log: str, chat_ids: Iterable[int], names: Iterable[str]) -> list[str]:
    """A sentence for each line of the log that has a chat id, or a word of a name in any of its usual spellings."""
    words = {word for name in names for word in re.findall(r"[^\W\d_]+", name) if len(word) >= SHORTEST}
    spellings = {spelt for word in words for spelt in _spellings(word)} | set(map(str, chat_ids))
    if not spellings:
        return []
    private = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, sorted(spellings)))})(?![^\W_])", re.IGNORECASE)
    return [
        f"private in the log: {found[0]!r} in {line!r}" for line in log.splitlines() if (found := private.search(line))
    ]


def names_in(ledger: Json) -> set[str]:
    """The names of all appointments that the API ever had."""
    return {each["name"] for each in ledger["appointments"]}


def _spellings(word: str) -> set[str]:
    """A word as it is, as Python and JSON escape it, and as addresses have it."""
    escaped = word.encode("unicode_escape").decode()
    return {word, escaped, json.dumps(word).strip('"'), quote(word)}
