"""Reads what the service says of its limits in the headers of an answer; must not know what we do about it.

The quick start: `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` (Unix seconds) with every answer and
`Retry-After` (seconds) with a 429. Proxies drop headers and services get them wrong, so each is read alone, and what
cannot be true is as good as missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite

_MILLISECONDS = 1e11  # Unix seconds reach this in the year 5138, so a larger number counts milliseconds
_DELTA = 1e7  # and a number as small as this is no date of ours but a count of seconds from now
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer says of the hourly budget; None where it does not say, or not credibly."""

    limit: int | None
    remaining: int | None
    reset: float | None
    """Unix seconds at which the service counts afresh."""


def limits(headers: Mapping[str, str], now: float) -> Limits:
    """Read the three rate headers; `now` in Unix seconds."""
    limit = _number(headers.get("X-RateLimit-Limit"))
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    reset = _number(headers.get("X-RateLimit-Reset"))
    if limit is not None and limit < 1:
        limit = remaining = None
    if remaining is not None:
        remaining = max(0.0, remaining if limit is None else min(remaining, limit))
    if reset is not None:
        reset = _unix(reset, now)
    return Limits(
        limit=None if limit is None else int(limit),
        remaining=None if remaining is None else int(remaining),
        reset=reset,
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait as the service asks (a number or an HTTP date), at most a day: who asks for more is mistaken."""
    text = headers.get("Retry-After")
    seconds = _number(text)
    if seconds is None and text:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return None if seconds is None else min(max(seconds, 0.0), DAY)


def clock_gap(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds by which the service's clock is ahead of ours, by its `Date` (RFC 9110, whole seconds)."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp() - now
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _unix(value: float, now: float) -> float | None:
    if value <= 0:
        return None
    if value < _DELTA:
        return now + value
    return value / 1000 if value > _MILLISECONDS else value


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None
