"""Recognises text that only greets or thanks, in any of the languages: the words are in the catalogues (`said.*`)."""

from collections.abc import Callable

from bot.core.events import Courtesy
from bot.core.search import words_of
from bot.i18n import Translators


def courtesy_reader(translators: Translators) -> Callable[[str], Courtesy | None]:
    """A function that says what a text is; `Bonjour !!` and `bonjour` are the same."""
    known = {
        words_of(phrase): courtesy
        for t in map(translators.get, translators.supported)
        for courtesy in Courtesy
        for phrase in t.label(f"said.{courtesy}").split(",")
    }
    return lambda text: known.get(words_of(text))
