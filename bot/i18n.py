"""The languages: reads every catalogue once and has a `Translator` for each locale. Must not know screens or Telegram.

The code names a text by its key (`menu.question`). The words of all languages, English included, are in
`locales/<locale>/LC_MESSAGES/bot.po`. To add a language, add such a file. If a catalogue lacks a text, or a text has
other placeholders than in another language or broken HTML, the bot does not start and one line says which text it is.

A catalogue also holds the name of its language (`language.name`) and the locale by whose rules dates and numbers are
written (`language.formats`), because CLDR, the data of Babel, does not have every language of Guinea. Babel writes
dates in the patterns of the catalogue (`date.*`, Unicode LDML); the French *1er* is added here.

`Translator.text` escapes all values, and `unlinked` a text from outside; nothing else does. Labels
(`Translator.label`: buttons, commands) are plain text and need no escaping.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import c2py
from html import escape
from pathlib import Path
from string import Formatter
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

_HERE = Path(__file__).resolve().parent
FOLDER = next((each for each in (_HERE / "locales", _HERE.parent / "locales") if each.is_dir()), _HERE / "locales")
"""The catalogues: inside an installed package, beside the package in a checkout."""
DOMAIN = "bot"
COUNT = "n"
"""The placeholder that chooses the plural form."""
LONG_DATE, LONG_DATE_THIS_YEAR, SHORT_DATE, BRIEF_DATE, WEEKDAY = (
    f"date.{name}" for name in ("long", "long_this_year", "short", "brief", "weekday")
)
TODAY, TOMORROW = "date.today", "date.tomorrow"
DATE_PATTERNS = (LONG_DATE, LONG_DATE_THIS_YEAR, SHORT_DATE, BRIEF_DATE, WEEKDAY)
DATE_TEXTS = (*DATE_PATTERNS, TODAY, TOMORROW)
"""The texts for dates: patterns of the Unicode LDML, and two words."""
NAME, FORMATS = "language.name", "language.formats"
COMPLETE = ("en", "fr")
"""The languages that have every text in every release, so that one lacking in the default language is noticed."""
OWN_TEXTS = (NAME, FORMATS, *DATE_TEXTS)
"""Texts about the language itself; used only in this file."""
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|\d{3}))?", re.ASCII)
"""`ff`, `pt_BR`, `zh_Hans`, `ff_Latn_GN`: language, script, region."""
_TAG = re.compile(r"<(/?)(b|i|code)>")
_MARKUP = re.compile(r"<|&(?!(lt|gt|amp|quot);)")
_LINK = re.compile(r"[^\s<>]*(?:://|@|\w\.[^\W\d_]{2})[^\s<>]*|(?<!\S)/\w+")
"""What Telegram would make a link of: addresses, mail addresses, names with @, commands."""
_FIRST_OF_A_MONTH = re.compile(r"\b1\b")


class CatalogueError(Exception):
    """A catalogue cannot be used; the message names the file and what is wrong with it."""


class Safe(str):
    """HTML of our own, or text that is escaped already."""

    __slots__ = ()


def unlinked(text: str) -> Safe:
    """The text as HTML in which no phone makes a link of what looks like one.

    Code cannot hold a link (Bot API, *HTML style*: code entities contain no other entities).
    """
    return Safe(_LINK.sub(r"<code>\g<0></code>", escape(text, quote=False)))


@dataclass(frozen=True, slots=True)
class Translator:
    """The texts of one language. `languages` are all languages, as (locale, own name), the default first."""

    locale: str
    languages: tuple[tuple[str, str], ...]
    entries: Mapping[str, tuple[str, ...]]
    """The forms of each text: one, or all plural forms of the language."""
    plural_form: Callable[[int], int]

    @property
    def formats(self) -> str:
        """The locale by whose rules dates and numbers are written."""
        return self.entries[FORMATS][0]

    def text(self, key: str, **values: object) -> Safe:
        """The text as HTML, every value escaped unless it is `Safe`. With plural forms, `n` chooses one."""
        template = self._template(key, values)
        if not values:
            return Safe(template)
        safe = {name: v if isinstance(v, Safe) else escape(str(v), quote=False) for name, v in values.items()}
        return Safe(template.format_map(safe))

    def label(self, key: str, **values: object) -> str:
        """The text without escaping, for places without markup. With plural forms, `n` chooses one."""
        template = self._template(key, values)
        return template.format_map(values) if values else template

    def date_long(self, day: date, today: date | None = None) -> str:
        """`dimanche 25 janvier 2026`; without the year if it is the year of `today`."""
        this_year = today is not None and day.year == today.year
        return self._date(LONG_DATE_THIS_YEAR if this_year else LONG_DATE, day)

    def date_short(self, day: date) -> str:
        """`dim. 25 janv.`"""
        return self._date(SHORT_DATE, day)

    def day_short(self, day: date, today: date | None) -> str:
        """`Aujourd’hui`, `Demain`, else `dim. 25 janv.`"""
        return self._near(day, today) or self._date(SHORT_DATE, day)

    def day_brief(self, day: date, today: date | None) -> str:
        """`Aujourd’hui`, `Demain`, else `dim. 25`"""
        return self._near(day, today) or self._date(BRIEF_DATE, day)

    def weekday(self, number: int) -> str:
        """`lun.` for 0"""
        return self._date(WEEKDAY, date(2024, 1, 1 + number))  # a Monday

    def time(self, at: datetime) -> str:
        """`14:30`: the day has 24 hours in every language, because a ticket must leave no doubt."""
        return f"{at.hour:02}:{at.minute:02}"

    def number(self, value: float) -> str:
        """`1,08`: two decimals, with the decimal sign of the language."""
        return format_decimal(value, "0.00", locale=self.formats)

    def _near(self, day: date, today: date | None) -> str:
        if today is None:
            return ""
        # A `datetime` is a `date` too, but never equal to one.
        away = date(day.year, day.month, day.day) - today
        return self.entries[TODAY if not away else TOMORROW][0] if away in {timedelta(0), timedelta(1)} else ""

    def _date(self, key: str, day: date) -> str:
        return _written(self.formats, self.entries[key][0], day)

    def _template(self, key: str, values: Mapping[str, object]) -> str:
        forms = self.entries[key]
        if len(forms) == 1:
            return forms[0]
        count = values[COUNT]
        return forms[self.plural_form(count) if isinstance(count, int) else -1]


class Translators:
    """The translators of all languages."""

    def __init__(self, by_locale: Mapping[str, Translator], default: str) -> None:
        self._by_locale = by_locale
        self.default = default
        self.supported = tuple(by_locale)
        """All locales, the default first."""
        self._by_tag = {locale.replace("_", "-").lower(): locale for locale in by_locale}

    @classmethod
    def load(cls, default: str = "fr", folder: Path = FOLDER) -> Self:
        """Read every catalogue. Raises `CatalogueError` if one is broken or the default has none."""
        locales = available(folder)
        if default not in locales:
            raise CatalogueError(f"{folder}: no catalogue for the default locale {default!r}")
        catalogues = {locale: _read(folder, locale) for locale in locales}
        entries = {locale: _entries(catalogue) for locale, catalogue in catalogues.items()}
        order = sorted(locales, key=lambda locale: (locale != default, locale))
        own = dict.fromkeys(OWN_TEXTS, ("",))
        complete = (entries[each] for each in (*COMPLETE, default) if each in entries)
        wanted = own | {key: forms for each in complete for key, forms in each.items()}
        for locale in order:
            _compare(locale, entries[locale], wanted)
            _check_markup(locale, entries[locale])
            _check_formats(locale, entries[locale])
        languages = tuple((locale, entries[locale][NAME][0]) for locale in order)
        return cls(
            {each: Translator(each, languages, entries[each], c2py(catalogues[each].plural_expr)) for each in order},
            default,
        )

    def get(self, locale: str) -> Translator:
        """The translator for a locale, or for any language tag (see `resolve`)."""
        return self._by_locale.get(locale) or self._by_locale[self.resolve(locale)]

    def resolve(self, language_code: str | None) -> str:
        """The locale for a phone's language tag; the default if there is no catalogue of that language.

        `fr-CA` gives `fr`, `pt-br` gives `pt_BR`: subtags are removed from the right, ignoring case (RFC 4647,
        *lookup*). If nothing is left, another form of the same language is used: `pt` gives `pt_BR` if there is no
        catalogue `pt`.
        """
        subtags = (language_code or "").replace("_", "-").lower().split("-")[:4]
        for length in range(len(subtags), 0, -1):
            if found := self._by_tag.get("-".join(subtags[:length])):
                return found
        relatives = (locale for tag, locale in self._by_tag.items() if tag.partition("-")[0] == subtags[0])
        return next(relatives, self.default)


def available(folder: Path = FOLDER) -> list[str]:
    """The locales that have a catalogue."""
    return sorted(path.parents[1].name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


@lru_cache(maxsize=4096)
def _written(formats: str, pattern: str, day: date) -> str:
    text = format_date(day, pattern, locale=formats)
    is_french_first = day.day == 1 and formats.partition("_")[0] == "fr"
    return _FIRST_OF_A_MONTH.sub("1er", text, count=1) if is_french_first else text


def _read(folder: Path, locale: str) -> Catalog:
    path = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not _LOCALE.fullmatch(locale):
        raise CatalogueError(f"{path}: {locale!r} is no locale; name the folder like ff, pt_BR, zh_Hans or ff_Latn_GN")
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, domain=DOMAIN, abort_invalid=True)
        c2py(catalogue.plural_expr)  # raises if the plural rule is not valid
    except PoFileError as error:
        raise CatalogueError(f"{path}: line {error.lineno}: {error}") from error
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from error
    return catalogue


def _entries(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """The usable texts: translated, not fuzzy, with all plural forms."""
    usable = (each for each in catalogue if each.id and not each.fuzzy and all(_forms(each)))
    return {_key(each): _forms(each) for each in usable if len(_forms(each)) in {1, catalogue.num_plurals}}


def _key(message: Message) -> str:
    """Entries with plural forms have the key twice, as `msgid` and as `msgid_plural`."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> tuple[str, ...]:
    words = message.string or ""
    return (words,) if isinstance(words, str) else tuple(words)


def _compare(locale: str, entries: Mapping[str, tuple[str, ...]], wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Compare a catalogue with those that are complete, so that a mistake is found at start and not by a citizen."""
    if lacking := sorted(wanted.keys() - entries.keys()):
        raise CatalogueError(f"locales/{locale}: missing, empty, fuzzy or short of a plural form: {', '.join(lacking)}")
    for key, forms in wanted.items():
        try:
            same = placeholders(entries[key]) == placeholders(forms)
        except ValueError as error:
            raise CatalogueError(f"locales/{locale}: {key}: {error}") from error
        if not same or (len(entries[key]) > 1) != (len(forms) > 1):
            raise CatalogueError(f"locales/{locale}: {key}: other values or plural forms than in the other languages")


def _check_markup(locale: str, entries: Mapping[str, tuple[str, ...]]) -> None:
    """Telegram refuses a message whose markup is not closed, or has other signs of HTML (Bot API, *HTML style*)."""
    for key, forms in entries.items():
        for form in forms:
            opened: list[str] = []
            for slash, tag in _TAG.findall(form):
                if slash and (not opened or opened.pop() != tag):
                    raise CatalogueError(f"locales/{locale}: {key}: </{tag}> closes nothing")
                if not slash:
                    opened.append(tag)
            if opened or _MARKUP.search(_TAG.sub("", form)):
                raise CatalogueError(f"locales/{locale}: {key}: its HTML is not closed, or not <b>, <i> or <code>")


def _check_formats(locale: str, entries: Mapping[str, tuple[str, ...]]) -> None:
    """Write a date in every pattern, so that a mistake is found at start."""
    formats = entries[FORMATS][0]
    try:
        Locale.parse(formats)
    except (UnknownLocaleError, ValueError):
        words = f"CLDR has no locale {formats!r}; name one whose dates and numbers are to be used, such as fr"
        raise CatalogueError(f"locales/{locale}: {FORMATS}: {words}") from None
    for key in DATE_PATTERNS:
        try:
            _written(formats, entries[key][0], date(2026, 1, 25))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CatalogueError(f"locales/{locale}: {key}: not a pattern of a date: {error}") from error


def placeholders(forms: tuple[str, ...]) -> frozenset[str]:
    """The placeholders of a text. Raises `ValueError` if its braces do not match."""
    return frozenset(name for form in forms for _, name, _, _ in Formatter().parse(form) if name is not None)
