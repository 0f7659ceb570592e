"""Reads and writes times as the API has them; must not know what happens at them.

The contract: ISO 8601 local times with no offset. Services drift: `Z`, an offset, a zone in brackets, no seconds, or
the array of numbers or the Unix time that Java's Jackson writes when nobody told it otherwise are read too.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

_BRACKET = re.compile(r"\[[^\]]*\]$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_DATE_ONLY = 10
_SOON = 60  # seconds for which nobody looks at a clock
_UNIX = re.compile(r"\d{10}|\d{13}")  # seconds or milliseconds, of the years 2001 to 2286
_MINUTES = 5  # the numbers of a Jackson array up to the minute


def office_time(value: Any, zone: tzinfo) -> datetime | None:
    """The naive office time in `value`, to the second, or None. An offset, or a Unix time, is converted to `zone`."""
    try:
        if not isinstance(value, bool | list) and _UNIX.fullmatch(digits := str(value).strip().removesuffix(".0")):
            at = datetime.fromtimestamp(int(digits[:10]), zone)
            return at.replace(tzinfo=None)
        if isinstance(value, list) and len(value) >= _MINUTES:
            return datetime(*(int(part) for part in value[:6]))  # type: ignore[arg-type]  # noqa: DTZ001 — naive means office
        if not isinstance(value, str) or len(value) <= _DATE_ONLY:
            return None
        at = datetime.fromisoformat(_BRACKET.sub("", value.strip()))
        if at.tzinfo is not None:
            at = at.astimezone(zone).replace(tzinfo=None)
        return at.replace(microsecond=0)
    except (ValueError, TypeError, OverflowError):
        return None


def office_date(value: Any) -> date | None:
    """The date in `value` (a date-time gives its date), or None."""
    try:
        return date.fromisoformat(value[:_DATE_ONLY]) if isinstance(value, str) else None
    except ValueError:
        return None


def clock_time(value: Any) -> time | None:
    """The time of day in `value`, `9:30` or `09:30:00`, or None."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None


def sent(at: datetime) -> str:
    """The time as the contract wants it: `2026-01-25T14:30:00`."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds")


def from_when(now: datetime, wait: float | None, zone: tzinfo) -> datetime | None:
    """The full minute, office time, after `wait` seconds; None where they are few or not known."""
    if wait is None or wait < _SOON:
        return None
    # A second for the service's rounding: who is let in at 15:00:01 is told 15:00.
    return (now + timedelta(seconds=wait + 58)).astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
