"""The languages: reads every catalogue once, and gives a `Translator` for each locale. Knows no screen and no Telegram.

A text is asked for by its key (`menu.question`); the words stand in `locales/<locale>/LC_MESSAGES/bot.po` and nowhere
else, English included. Adding a language is adding such a file: one that lacks a text, or asks for other values than
the default language does, is refused at start with a line that says which. A catalogue also says what its language is
called (`language.name`) and by which locale's rules it writes dates and numbers (`language.formats`): CLDR, the data
behind Babel, does not have every language of Guinea. Dates are written by Babel, in the patterns of the catalogue
(`date.*`, Unicode LDML); that French writes *1er* is added here.

Everything that enters a text from outside is escaped here, in `Translator.text`, and nowhere else. Labels
(`Translator.label`: buttons, commands) are plain text, where nothing needs escaping.
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
"""The catalogues: within the package where it is installed, beside it in a checkout."""
DOMAIN = "bot"
COUNT = "n"
"""The value that chooses the plural form."""
LONG_DATE, LONG_DATE_THIS_YEAR, SHORT_DATE, BRIEF_DATE, WEEKDAY = (
    f"date.{name}" for name in ("long", "long_this_year", "short", "brief", "weekday")
)
TODAY, TOMORROW = "date.today", "date.tomorrow"
DATE_PATTERNS = (LONG_DATE, LONG_DATE_THIS_YEAR, SHORT_DATE, BRIEF_DATE, WEEKDAY)
DATE_TEXTS = (*DATE_PATTERNS, TODAY, TOMORROW)
"""The texts with which dates are written: patterns of the Unicode LDML, and two words."""
NAME, FORMATS = "language.name", "language.formats"
OWN_TEXTS = (NAME, FORMATS, *DATE_TEXTS)
"""What a catalogue says about its language; asked for here and nowhere else."""
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|\d{3}))?", re.ASCII)
"""`ff`, `pt_BR`, `zh_Hans`, `ff_Latn_GN`: language, script, region."""
_FIRST_OF_A_MONTH = re.compile(r"\b1\b")


class CatalogueError(Exception):
    """A catalogue cannot be used; the message names the file and what is wrong with it."""


class Safe(str):
    """HTML that we wrote ourselves, or that is escaped already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Translator:
    """The words of one language. `languages` are all there are: locale and its own name, the default first."""

    locale: str
    languages: tuple[tuple[str, str], ...]
    entries: Mapping[str, tuple[str, ...]]
    """Every text: one form, or as many as the language has plural forms."""
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
        """The text as it is, for where there is no markup. With plural forms, `n` chooses one."""
        template = self._template(key, values)
        return template.format_map(values) if values else template

    def date_long(self, day: date, today: date | None = None) -> str:
        """`dimanche 25 janvier 2026`; without the year where it is the year of `today`."""
        this_year = today is not None and day.year == today.year
        return self._date(LONG_DATE_THIS_YEAR if this_year else LONG_DATE, day)

    def date_short(self, day: date) -> str:
        """`dim. 25 janv.`"""
        return self._date(SHORT_DATE, day)

    def day_short(self, day: date, today: date | None) -> str:
        """`Aujourd’hui` or `Demain` where that is true, else `dim. 25 janv.`"""
        return self._near(day, today) or self._date(SHORT_DATE, day)

    def day_brief(self, day: date, today: date | None) -> str:
        """`Aujourd’hui` or `Demain` where that is true, else `dim. 25`"""
        return self._near(day, today) or self._date(BRIEF_DATE, day)

    def weekday(self, number: int) -> str:
        """`lun.` for 0"""
        return self._date(WEEKDAY, date(2024, 1, 1 + number))  # a Monday

    def time(self, at: datetime) -> str:
        """`14:30`: the day has 24 hours in every language, because a ticket must leave no doubt."""
        return f"{at.hour:02}:{at.minute:02}"

    def number(self, value: float) -> str:
        """`1,08`: two digits, with the sign that the language puts before them."""
        return format_decimal(value, "0.00", locale=self.formats)

    def _near(self, day: date, today: date | None) -> str:
        if today is None:
            return ""
        # A `datetime` is a `date` too, but never equal to one.
        away = date(day.year, day.month, day.day) - today
        return self.entries[TODAY if not away else TOMORROW][0] if away in {timedelta(0), timedelta(1)} else ""

    def _date(self, key: str, day: date) -> str:
        return _written(self.formats, self.entries[key][0], day.year, day.month, day.day)

    def _template(self, key: str, values: Mapping[str, object]) -> str:
        forms = self.entries[key]
        if len(forms) == 1:
            return forms[0]
        count = values[COUNT]
        return forms[self.plural_form(count) if isinstance(count, int) else -1]


class Translators:
    """All languages, read once."""

    def __init__(self, by_locale: Mapping[str, Translator], default: str) -> None:
        self._by_locale = by_locale
        self.default = default
        self.supported = tuple(by_locale)
        """The locales there are, the default first."""
        self._by_tag = {locale.replace("_", "-").lower(): locale for locale in by_locale}

    @classmethod
    def load(cls, default: str = "fr", folder: Path = FOLDER) -> Self:
        """Read every catalogue. Raises `CatalogueError` where one is broken or there is none for the default."""
        locales = available(folder)
        if default not in locales:
            raise CatalogueError(f"{folder}: no catalogue for the default locale {default!r}")
        catalogues = {locale: _read(folder, locale) for locale in locales}
        entries = {locale: _entries(catalogue) for locale, catalogue in catalogues.items()}
        for locale in locales:
            _compare(locale, entries[locale], {**dict.fromkeys(OWN_TEXTS, ("",)), **entries[default]})
            _check_formats(locale, entries[locale])
        order = sorted(locales, key=lambda locale: (locale != default, locale))
        languages = tuple((locale, entries[locale][NAME][0]) for locale in order)
        return cls(
            {each: Translator(each, languages, entries[each], c2py(catalogues[each].plural_expr)) for each in order},
            default,
        )

    def get(self, locale: str) -> Translator:
        """The translator for a locale, or for any language tag (see `resolve`)."""
        return self._by_locale.get(locale) or self._by_locale[self.resolve(locale)]

    def resolve(self, language_code: str | None) -> str:
        """The locale for a phone's language tag; the default where we do not speak the language.

        `fr-CA` is `fr`, `pt-br` is `pt_BR`: subtags are left out from the right, in upper or lower case (RFC 4647,
        *lookup*). Where nothing is left, another form of the same language is better than another language: `pt` is
        `pt_BR` if there is no catalogue `pt`.
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
def _written(formats: str, pattern: str, year: int, month: int, day: int) -> str:
    """Babel needs some 100 µs for a date; the same few dates are asked for all the time.

    The key is in numbers because a `datetime` is a `date` too, but not an equal one.
    """
    text = format_date(date(year, month, day), pattern, locale=formats)
    is_french_first = day == 1 and formats.partition("_")[0] == "fr"
    return _FIRST_OF_A_MONTH.sub("1er", text, count=1) if is_french_first else text


def _read(folder: Path, locale: str) -> Catalog:
    path = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not _LOCALE.fullmatch(locale):
        raise CatalogueError(f"{path}: {locale!r} is no locale; name the folder like ff, pt_BR, zh_Hans or ff_Latn_GN")
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, domain=DOMAIN, abort_invalid=True)
        c2py(catalogue.plural_expr)  # A plural rule that cannot be read shows itself here, in the file's own name.
    except PoFileError as error:
        raise CatalogueError(f"{path}: line {error.lineno}: {error}") from error
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from error
    return catalogue


def _entries(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """The texts that can be used: translated, not fuzzy, with as many forms as the language has."""
    usable = (each for each in catalogue if each.id and not each.fuzzy and all(_forms(each)))
    return {_key(each): _forms(each) for each in usable if len(_forms(each)) in {1, catalogue.num_plurals}}


def _key(message: Message) -> str:
    """Entries with plural forms have the key twice, as `msgid` and as `msgid_plural`."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> tuple[str, ...]:
    words = message.string or ""
    return (words,) if isinstance(words, str) else tuple(words)


def _compare(locale: str, entries: Mapping[str, tuple[str, ...]], wanted: Mapping[str, tuple[str, ...]]) -> None:
    """What would fail on a citizen's phone must fail here."""
    if lacking := sorted(wanted.keys() - entries.keys()):
        raise CatalogueError(f"locales/{locale}: missing, empty, fuzzy or short of a plural form: {', '.join(lacking)}")
    for key, forms in wanted.items():
        try:
            same = placeholders(entries[key]) == placeholders(forms)
        except ValueError as error:
            raise CatalogueError(f"locales/{locale}: {key}: {error}") from error
        if not same or (len(entries[key]) > 1) != (len(forms) > 1):
            raise CatalogueError(f"locales/{locale}: {key}: other values or plural forms than in the default language")


def _check_formats(locale: str, entries: Mapping[str, tuple[str, ...]]) -> None:
    """Write a date in every pattern: one that cannot be written must fail here, too."""
    formats = entries[FORMATS][0]
    try:
        Locale.parse(formats)
    except (UnknownLocaleError, ValueError):
        words = f"CLDR has no locale {formats!r}; name one whose dates and numbers are to be used, such as fr"
        raise CatalogueError(f"locales/{locale}: {FORMATS}: {words}") from None
    for key in DATE_PATTERNS:
        try:
            _written(formats, entries[key][0], 2026, 1, 25)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CatalogueError(f"locales/{locale}: {key}: not a pattern of a date: {error}") from error


def placeholders(forms: tuple[str, ...]) -> frozenset[str]:
    """The values that a text asks for. Raises `ValueError` where its braces do not match."""
    return frozenset(name for form in forms for _, name, _, _ in Formatter().parse(form) if name is not None)
