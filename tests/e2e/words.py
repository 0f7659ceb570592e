"""The bot's texts in one language, as a phone shows them. Knows the catalogues, not the code."""

import html
import re
from datetime import date, datetime, timedelta
from functools import cached_property

from bot.i18n import Translator, Translators

MARKUP = re.compile(r"<[^>]+>")
VALUE = re.compile(r"\{[a-z]+\}")
DAY = date(2026, 3, 2)
A_DAY = r"\w{3}\.? \d{1,2}(er)? \w+\.?"
HOUR = re.compile(r"\d\d:\d\d")
TRANSLATORS = Translators.load()


class Words:
    """One language's words."""

    def __init__(self, locale: str) -> None:
        self._t: Translator = TRANSLATORS.get(locale)

    def plain(self, key: str, **values: object) -> str:
        """A text without its markup."""
        return html.unescape(MARKUP.sub("", self._t.text(key, **values)))

    def label(self, key: str, **values: object) -> str:
        """The words on a button."""
        return self._t.label(key, **values)

    def says(self, text: str, key: str) -> bool:
        """Whether a message has this text, whatever its values."""
        plain = html.unescape(MARKUP.sub("", self._t.entries[key][0]))
        return bool(re.search(".+".join(map(re.escape, VALUE.split(plain))), text))

    def begins(self, text: str, key: str) -> bool:
        """Whether a message begins with this text, up to its first value."""
        beginning = self._t.entries[key][0].split("{", maxsplit=1)[0]
        return text.startswith(html.unescape(MARKUP.sub("", beginning)))

    def has_moment(self, text: str, at: datetime) -> bool:
        """Whether a message about an appointment has this day and hour, as a ticket tells them."""
        days = (self._t.date_long(at), self._t.date_long(at, at))
        return any(self.label("moment", day=each, time=self._t.time(at)) in text for each in days)

    def short_moment(self, at: datetime) -> str:
        """A day and an hour as sentences tell them."""
        return self.label("moment", day=self._t.date_short(at), time=self._t.time(at))

    def number_in(self, text: str) -> int | None:
        """The number of the appointment that a message is about."""
        found = self._number.search(text)
        return int(found[1]) if found else None

    def is_day(self, label: str) -> bool:
        """Whether a button names a day or the earliest slot."""
        return any(pattern.fullmatch(label) for pattern in self._days)

    def is_time(self, label: str) -> bool:
        """Whether a button names an hour, or a day and an hour."""
        return bool(HOUR.fullmatch(label) or self._moment.fullmatch(label))

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.plain("fact.number", number="§")).replace("§", r"(\d+)"))

    @cached_property
    def _moment(self) -> re.Pattern[str]:
        label = re.escape(self.label("button.moment", day="§", time="§§"))
        return re.compile(label.replace("§§", HOUR.pattern).replace("§", ".+"))

    @cached_property
    def _days(self) -> tuple[re.Pattern[str], ...]:
        earliest = (self.label("button.earliest", day="§", time="§"), self.label("button.earliest_today", time="§"))
        labels = (*earliest, self._t.label("button.day_perhaps", day="§"))
        near = (self._t.day_short(DAY, DAY), self._t.day_short(DAY, DAY - timedelta(days=1)))
        return (*(re.compile(re.escape(each).replace("§", ".+")) for each in labels), *map(re.compile, (*near, A_DAY)))
