"""Finds departments by what people type: a word of the name, the organisation or the description. Pure text.

Accents, case, apostrophes, hyphens, ligatures, invisible marks and plurals make no difference.
"""

import re
import unicodedata
from functools import lru_cache

from bot.core.model import Department
from bot.core.names import fold, visible

MAX_QUERY = 64
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "OE", "Æ": "AE"})
_LONG_WORD = 5
"""The shortest word of a sentence, in letters, that alone is enough to find a department."""
_SHORTEST_PLURAL = 4


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: `l’État` is `etat`, `Œuvres` is `oeuvre`; no single letters."""
    plain = fold(visible(text).translate(_LIGATURES))
    spaced = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in plain)
    return tuple(_singular(word) for word in spaced.split() if len(word) > 1)


def matching(departments: tuple[Department, ...], query: str) -> tuple[Department, ...]:
    """The departments that have every word of the query; else those that have any of its long words; by organisation.

    An empty query finds all of them.
    """
    words = words_of(query)
    if not words:
        return _sorted(departments) if not query.strip() else ()
    texts = {each: _text(each) for each in departments}
    found = tuple(each for each in departments if all(word in texts[each] for word in words))
    if not found:
        long = [re.compile(rf"\b{re.escape(word)}") for word in words if len(word) >= _LONG_WORD]
        found = tuple(each for each in departments if any(word.search(texts[each]) for word in long))
    return _sorted(found)


def _text(department: Department) -> str:
    return " ".join(words_of(f"{department.name} {department.organization} {department.description}"))


def _sorted(departments: tuple[Department, ...]) -> tuple[Department, ...]:
    return tuple(sorted(departments, key=lambda each: fold(each.organization)))


def _singular(word: str) -> str:
    return word[:-1] if len(word) >= _SHORTEST_PLURAL and word[-1] in "sx" else word
