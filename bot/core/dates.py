"""Days and hours as people type them, and what counts as night. Pure text and numbers; no language, no clock.

`25/01/2026`, `25.1.26`, `2026-01-25` and `25/01` (the next one) are days; `9h`, `9h30`, `09:30` and `9 h 30` hours.
"""

import re
from datetime import date, datetime, time, timedelta

NIGHT, MORNING = time(21), time(7)
"""Nobody's phone rings between these two for an announcement, unless an admin insists."""
CENTURY = 2000
_DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_HOUR = re.compile(r"(\d{1,2})\s*(?:[h:.]\s*(\d{2})?)\s*(?:min)?", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r"\s+(?:-|–|—|à|au|to|\.\.\.?|…)\s+|\s*(?:–|—|→|…|\.\.\.?)\s*", re.IGNORECASE)


def read_day(text: str, today: date) -> date | None:
    """The day that was typed; one without a year is the next of its kind."""
    text = text.strip()
    if found := _ISO_DAY.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if not (found := _DAY.fullmatch(text)):
        return None
    day, month = int(found[1]), int(found[2])
    if found[3]:
        year = int(found[3])
        return _day(year if year >= CENTURY else CENTURY + year, month, day)
    # Eight years hold a 29 February even around a century that has none.
    coming = (_day(today.year + more, month, day) for more in range(9))
    return next((each for each in coming if each and each >= today), None)


def read_days(text: str, today: date) -> tuple[date, date] | None:
    """One day, or the first and the last of several; None where it is neither or runs backwards."""
    parts = _BETWEEN.split(text.strip())
    days = [read_day(part, today) for part in parts]
    first, last = days[0], days[-1]
    if len(days) > 2 or not first or not last or last < first:  # noqa: PLR2004 — a first and a last
        return None
    return first, last


def read_moment(text: str, now: datetime) -> datetime | None:
    """A day and an hour; an hour alone is the next of its kind."""
    words = text.strip().replace(",", " ").split(maxsplit=1)
    if not words:
        return None
    day = read_day(words[0], now.date())
    if day and len(words) > 1:
        hour = _hour(words[1].strip().removeprefix("à ").removeprefix("at "))
        return datetime.combine(day, hour) if hour else None
    if day or not (hour := _hour(text.strip())):
        return None
    today = datetime.combine(now.date(), hour)
    return today if today > now else today + timedelta(days=1)


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


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _hour(text: str) -> time | None:
    found = _HOUR.fullmatch(text)
    try:
        return time(int(found[1]), int(found[2] or 0)) if found else None
    except ValueError:
        return None
