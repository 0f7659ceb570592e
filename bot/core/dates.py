"""Days and hours as people type them, and what counts as night. Pure text and numbers; no clock.

Days: `25/01/2026`, `25.1.26`, `2026-01-25`, `25/01` and `vendredi` (the next one), `demain`, `1er décembre`.
Hours: `9h`, `9h30`, `09:30`, `9 h 30`, `9 heures`, `à 9h`, `2pm`, `midi`.
French and English words are understood whatever the chat's language.
"""

import re
from datetime import date, datetime, time, timedelta

from bot.core.names import fold

NIGHT, MORNING = time(21), time(7)
"""Announcements wait between these two, unless an admin insists."""
CENTURY = 2000
_DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NAMED_DAY = re.compile(r"(?:[a-z]+\.? )?(\d{1,2})(?:er|st|nd|rd|th)? ([a-z]{3,})\.?(?: (\d{4}))?", re.ASCII)
_HOUR = re.compile(r"(\d{1,2})\s*(?:[h:.]\s*(\d{2})?)\s*(?:min)?", re.ASCII | re.IGNORECASE)
_MOMENT = re.compile(rf"(?:(.+?)\s+)?(?:(?:à|a|at)\s+)?({_HOUR.pattern})", re.IGNORECASE)
_HALF_DAY_HOUR = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?m\b\.?", re.ASCII | re.IGNORECASE)
_SPOKEN = (
    (re.compile(r"\b(?:midi|noon)\b", re.IGNORECASE), "12h"),
    (re.compile(r"\bheures?\b", re.IGNORECASE), "h"),
    (re.compile(r"\b(?:à|a|at) (\d{1,2})$", re.IGNORECASE), r"\1h"),
    (re.compile(r"^(?:à|a|at|vers|around) (?=\d)", re.IGNORECASE), ""),
    (re.compile(r"\b(?:prochaine?|next|matin|apr[eè]s[- ]midi|morning|afternoon)\b", re.IGNORECASE), ""),
)
"""What people say beside a day and an hour, and what it means for them."""
_MONTH_FIRST = re.compile(r"([a-z]{4,})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?", re.ASCII)
_SHORTEST_WEEKDAY = 3
_BARE_HOUR = re.compile(r"\d{1,2}", re.ASCII)
_BETWEEN = re.compile(r"\s+(?:-|–|—|à|au|to|\.\.\.?|…)\s+|\s*(?:–|—|→|…|\.\.\.?)\s*", re.IGNORECASE)
_RELATIVE = {
    "aujourd'hui": 0,
    "aujourdhui": 0,
    "today": 0,
    "demain": 1,
    "tomorrow": 1,
    "apres-demain": 2,
    "apres demain": 2,
}
_WEEKDAYS = (
    ("lundi", "monday"),
    ("mardi", "tuesday"),
    ("mercredi", "wednesday"),
    ("jeudi", "thursday"),
    ("vendredi", "friday"),
    ("samedi", "saturday"),
    ("dimanche", "sunday"),
)
_MONTHS = (
    ("janvier", "january"),
    ("fevrier", "february"),
    ("mars", "march"),
    ("avril", "april"),
    ("mai", "may"),
    ("juin", "june"),
    ("juillet", "july"),
    ("aout", "august"),
    ("septembre", "september"),
    ("octobre", "october"),
    ("novembre", "november"),
    ("decembre", "december"),
)


def read_day(text: str, today: date) -> date | None:
    """The day that was typed; one without a year is the next of its kind."""
    text = _as_written(text)
    if found := _ISO_DAY.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY.fullmatch(text):
        return _numbered(int(found[1]), int(found[2]), found[3], today)
    return _worded(fold(text).replace("’", "'"), today)


def read_days(text: str, today: date) -> tuple[date, date] | None:
    """One day, or the first and the last of several; None if it is neither or runs backwards."""
    parts = _BETWEEN.split(text.strip())
    days = [read_day(part, today) for part in parts]
    first, last = days[0], days[-1]
    if len(days) > 2 or not first or not last or last < first:  # noqa: PLR2004 — a first and a last
        return None
    return first, last


def read_moment(text: str, now: datetime) -> datetime | None:
    """A day and an hour; an hour alone is the next of its kind."""
    day, hour = read_when(text, now)
    if not hour:
        return None
    if day:
        return datetime.combine(day, hour)
    today = datetime.combine(now.date(), hour)
    return today if today > now else today + timedelta(days=1)


def read_when(text: str, now: datetime) -> tuple[date | None, time | None]:
    """The day and the hour that were typed; None for each that was not. If a part makes no sense, both are None."""
    text = _as_written(text)
    if day := read_day(text, now.date()):
        return day, None
    if not (found := _MOMENT.fullmatch(text)):
        return None, None
    day = read_day(found[1], now.date()) if found[1] else None
    hour = read_hour(found[2])
    return (day, hour) if hour and (day or not found[1]) else (None, None)


def read_hour(text: str) -> time | None:
    """The hour that was typed, `10` alone too."""
    text = _as_written(text)
    found = _HOUR.fullmatch(text)
    hour, minute = (found[1], found[2] or "0") if found else (text, "0")
    try:
        return time(int(hour), int(minute)) if found or _BARE_HOUR.fullmatch(text) else None
    except ValueError:
        return None


def is_night(at: datetime) -> bool:
    """Whether announcements rest at this hour."""
    return at.time() >= NIGHT or at.time() < MORNING


def morning_after(at: datetime) -> datetime:
    """When the night that `at` is in ends."""
    morning = datetime.combine(at.date(), MORNING)
    return morning if at < morning else morning + timedelta(days=1)


def night_of(at: datetime) -> datetime | None:
    """The night that `at` is in, by the morning that ends it; None by day."""
    return morning_after(at) if is_night(at) else None


def reaches_night(start: datetime, seconds: float) -> bool:
    """Whether something that begins at `start`, by day, lasts into the night."""
    evening = datetime.combine(start.date(), NIGHT)
    return start + timedelta(seconds=seconds) > evening


def _as_written(text: str) -> str:
    """The text as days and hours are written: `2 pm` is `14:00`, `10 heures` is `10 h`, `lundi prochain` is `lundi`."""
    text = _HALF_DAY_HOUR.sub(_of_24, " ".join(text.replace(",", " ").split()))
    for spoken, written in _SPOKEN:
        text = spoken.sub(written, text)
    return " ".join(text.split())


def _of_24(found: re.Match[str]) -> str:
    hour, half = int(found[1]), 12
    is_afternoon = found[3].lower() == "p"
    return f"{hour % half + half * is_afternoon}:{found[2] or '00'}" if hour <= half else found[0]


def _worded(text: str, today: date) -> date | None:
    """A day that is named by words; `text` is folded."""
    if text in _RELATIVE:
        return today + timedelta(days=_RELATIVE[text])
    short = text.rstrip(".")
    for number, names in enumerate(_WEEKDAYS):
        if len(short) >= _SHORTEST_WEEKDAY and any(name.startswith(short) for name in names):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    if found := _NAMED_DAY.fullmatch(text):
        day, month, year = found.groups()
    elif found := _MONTH_FIRST.fullmatch(text):
        month, day, year = found.groups()
    else:
        return None
    months = [n for n, names in enumerate(_MONTHS, 1) if any(name.startswith(month) for name in names)]
    return _numbered(int(day), months[0], year, today) if len(months) == 1 else None


def _numbered(day: int, month: int, year: str | None, today: date) -> date | None:
    if year:
        return _day(int(year) if int(year) >= CENTURY else CENTURY + int(year), month, day)
    # Eight years hold a 29 February even around a century that has none.
    coming = (_day(today.year + more, month, day) for more in range(9))
    return next((each for each in coming if each and each >= today), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
