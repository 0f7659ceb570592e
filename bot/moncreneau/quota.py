"""The hourly quota of requests, read from the API's headers; must not know what a request is about.

The rules:
1. A request counts as spent from the moment it is admitted, so that concurrent requests cannot exceed the quota.
2. Within a window (identified by its `X-RateLimit-Reset`) the remaining number only decreases: if responses arrive out
   of order, the lowest counts. A request without a response, or whose response has no headers, costs one.
3. Each kind of request stops when this much is left: background requests at half of the limit, ordinary reads at the
   reserve, repeated lookups at half of the reserve, first lookups and reads that a cancellation waits for at 1 % of the
   limit, writes at 0. Background requests also leave alone what the writes to expect will need, and use at most a
   twentieth of the limit per hour, of the documented default if the limit is unknown.
4. After a 429 nothing is sent before `Retry-After` has passed, however long that is (up to a day); without one, before
   the reset, or for a minute if that is not known either.
5. When the window is over by our clock (plus a second, because the API sends whole seconds), a full one is assumed
   until a response says otherwise. Before the first response there is no limit.

The quick start documents `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` (Unix seconds) with every
answer and `Retry-After` (seconds) with a 429. Proxies drop headers and services send wrong ones, so each is read
alone, and an impossible value counts as missing.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from math import ceil, isfinite
from typing import Self

from bot.app.ports import Clock
from bot.moncreneau.errors import QuotaExhausted
from bot.moncreneau.freshness import RATE_SPAN, RequestHour

_MILLISECONDS = 1e11  # Unix seconds reach this in the year 5138, so a larger number counts milliseconds
_DELTA = 1e7  # a smaller number is a count of seconds from now, not a date
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limits:
    """The quota as one response states it; None for a missing or impossible value."""

    limit: int | None
    remaining: int | None
    reset: float | None
    """When the window ends, in Unix seconds."""


def limits(headers: Mapping[str, str], now: float) -> Limits:
    """Read the three rate limit headers; `now` is in Unix seconds."""
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
    """The seconds of `Retry-After` (a number or an HTTP date), at most a day: a larger value must be an error.

    Without it, the seconds until the reset (an hour at most) if no requests are left.
    """
    text = headers.get("Retry-After", "")
    seconds = _number(text)
    if seconds is None:
        with suppress(ValueError, TypeError, OverflowError):
            seconds = parsedate_to_datetime(text).timestamp() - now
    if seconds is not None:
        return min(max(seconds, 0.0), DAY)
    said = limits(headers, now)
    return min(said.reset - now, HOUR) if said.remaining == 0 and said.reset is not None and said.reset > now else None


def clock_gap(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds by which the API's clock is ahead of ours, from its `Date` (RFC 9110, whole seconds)."""
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


_RESET_TOLERANCE = 2.0
"""Seconds by which the resets of one window may differ: some services compute and round it each time."""
_ROUNDING = 1.0
"""Seconds by which a window may end later than stated, because of rounding."""
_CLOCK_TOLERANCE = 60.0
"""Seconds by which the service's clock may be ahead."""
_WRITES_SHARE = 0.01
"""The share of the limit that is for writes alone."""
_BACKGROUND_STOPS_AT = 0.5
"""The share of the limit that is left when background requests stop."""
_BACKGROUND_SHARE = 0.05
"""The share of the limit that background requests may use in an hour."""
_DOCUMENTED_LIMIT = 1000
"""Requests per hour of a key, as the quick start documents it."""
_DEFAULT_RETRY_AFTER = 60.0
"""Seconds to wait after a 429 without `Retry-After`."""


class RequestKind(StrEnum):
    """How urgent a request is."""

    READ = "read"  # departments, availability, a citizen's list
    SETTLE = "settle"  # repeated lookups of a write
    URGENT = "urgent"  # first lookups, and reads that a cancellation waits for
    WRITE = "write"  # confirmed bookings and cancellations
    BACKGROUND = "background"  # nobody waits for it


@dataclass(frozen=True, slots=True)
class QuotaSnapshot:
    """The state to store over a restart. Times are Unix seconds; requests in flight count as spent.

    `limit` is None before the first response; then only `blocked_until` has a meaning.
    """

    limit: int | None = None
    remaining: int = 0
    window: float = 0.0
    ends: float = 0.0
    blocked_until: float = 0.0


class Quota:
    """Admits requests by the rules at the top of the file.

    `reserve` is the share of the limit kept for writes. `on_change` is called after every answer; it must be cheap and
    must not raise.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        reserve: float = 0.10,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._clock = clock
        self._reserve = reserve
        self._on_change = on_change or (lambda: None)
        self._limit: int | None = None
        self._left = 0
        self._window = 0.0
        self._ends = 0.0
        self._assumed = False
        self._window_number = 0
        self._writes: deque[float] = deque()
        self._blocked_since = self._blocked_until = 0.0
        self._in_flight = 0
        self._in_background: deque[float] = deque()
        """The times of background requests within the last hour."""

    @property
    def limit(self) -> int | None:
        """Requests per hour, or None while unknown."""
        return self._limit

    @property
    def remaining(self) -> int | None:
        """Requests left in this window, without those in flight; None while unknown."""
        self._roll()
        return None if self._limit is None else max(0, self._left - self._in_flight)

    @property
    def above_reserve(self) -> int | None:
        """Ordinary reads that may still be made in this window; None while unknown."""
        return self._left_for(RequestKind.READ)

    @property
    def hour(self) -> RequestHour | None:
        """What readings of slots may use; None while unknown."""
        left = self.above_reserve
        return None if left is None else RequestHour(left, self._ends - self._now(), self._recent_writes())

    def _left_for(self, kind: RequestKind) -> int | None:
        """Requests of this kind that may still be made in this window; None while unknown."""
        left = self.remaining
        if kind is RequestKind.BACKGROUND:
            share = self._background_left(self._limit or _DOCUMENTED_LIMIT)
            if left is not None and self._limit is not None:
                share = min(share, left - ceil(self._limit * _BACKGROUND_STOPS_AT) - self._writes_to_expect())
            return max(0, share)
        if left is None or self._limit is None:
            return None
        kept = {
            RequestKind.READ: ceil(self._limit * self._reserve),
            RequestKind.SETTLE: int(self._limit * self._reserve / 2),
            RequestKind.URGENT: int(self._limit * min(_WRITES_SHARE, self._reserve / 2)),
            RequestKind.WRITE: 0,
        }
        return max(0, left - kept[kind])

    def _background_left(self, limit: int) -> int:
        """Background requests that may still be made within an hour."""
        now = self._now()
        while self._in_background and not 0 <= now - self._in_background[0] < HOUR:
            self._in_background.popleft()
        return int(limit * _BACKGROUND_SHARE) - len(self._in_background)

    def _writes_to_expect(self) -> int:
        """The writes until this window ends, at the rate of the last minutes."""
        return ceil(self._recent_writes() / RATE_SPAN * max(0.0, self._ends - self._now()))

    @property
    def reset(self) -> datetime | None:
        """When the window ends, aware, in UTC."""
        self._roll()
        return None if self._limit is None else datetime.fromtimestamp(self._ends, UTC)

    @property
    def blocked_until(self) -> datetime | None:
        """Until when a 429 blocks all requests; None if nothing is blocked."""
        return datetime.fromtimestamp(self._blocked_until, UTC) if self._blocked(self._now()) else None

    def spend(self, kind: RequestKind) -> "CountedRequest":
        """Admit one request; it counts as spent until `CountedRequest` says otherwise. Raises `QuotaExhausted`."""
        now = self._now()
        if self._blocked(now):
            raise QuotaExhausted(retry_after=self._blocked_until - now)
        left = self._left_for(kind)
        if left is not None and left < 1:
            raise QuotaExhausted(retry_after=_DEFAULT_RETRY_AFTER if self._limit is None else self._ends - now)
        self._in_flight += 1
        if kind is RequestKind.WRITE:
            self._writes.append(now)
        if kind is RequestKind.BACKGROUND:
            self._in_background.append(now)
        return CountedRequest(self, self._window_number)

    def _recent_writes(self) -> int:
        """How many writes were admitted within the last `RATE_SPAN` seconds."""
        now = self._now()
        while self._writes and not 0 <= now - self._writes[0] <= RATE_SPAN:
            self._writes.popleft()
        return len(self._writes)

    def snapshot(self) -> QuotaSnapshot | None:
        """The state to store over a restart, or None while nothing is known."""
        left = self.remaining
        if self._limit is None or left is None:
            return QuotaSnapshot(blocked_until=self._blocked_until) if self._blocked(self._now()) else None
        return QuotaSnapshot(self._limit, left, self._window, self._ends, self._blocked_until)

    def restore(self, kept: QuotaSnapshot) -> None:
        """Continue with the state of an earlier process, unless this one already had a response."""
        now = self._now()
        if self._limit is None and kept.limit is not None and kept.limit > 0:
            self._limit, self._left = kept.limit, max(0, min(kept.remaining, kept.limit))
            self._window, self._ends = kept.window, min(kept.ends, now + HOUR)
        self._block(now, min(kept.blocked_until, now + DAY))

    def _done(self, window_number: int, said: tuple[Limits, float | None] | None, *, spent: bool) -> None:
        """Record the end of a request; `said` has the limits of its response, None without a response."""
        self._in_flight -= 1
        now = self._now()
        self._roll()
        if not spent:
            return
        if said is None or said[0].remaining is None:
            self._left = max(0, self._left - 1)
            if self._assumed:  # the service may have begun its hour with the very request that told us nothing
                self._ends = now + HOUR
        else:
            self._learn(said[0], said[0].remaining, window_number, now)
        if said is not None and said[1] is not None:
            self._block(now, now + said[1])
        self._on_change()

    def _learn(self, said: Limits, remaining: int, window_number: int, now: float) -> None:
        window = said.reset if said.reset is not None else (self._window if now < self._ends else now + HOUR)
        same = self._limit is not None and abs(window - self._window) <= _RESET_TOLERANCE
        if same and not self._assumed:
            self._left = min(self._left, remaining)
        elif self._limit is None or window > self._window + _RESET_TOLERANCE or window_number == self._window_number:
            # A later window, or one that the service still names although by our clock it should be over.
            self._limit = said.limit or self._limit or max(remaining, 1)
            self._left = min(remaining, self._limit)
            self._window, self._assumed = window, False
            self._ends = min(max(window, now) + _ROUNDING, now + HOUR + _CLOCK_TOLERANCE)
            self._window_number += 1

    def _roll(self) -> None:
        late = self._now() - self._ends
        if self._limit is not None and late >= 0:
            self._left, self._assumed = self._limit, True
            self._ends += HOUR * (late // HOUR + 1)
            self._window_number += 1

    def _blocked(self, now: float) -> bool:
        # A clock that was set back must not block requests for long.
        return self._blocked_since - HOUR <= now < self._blocked_until

    def _block(self, since: float, until: float) -> None:
        if until > since:
            until = max(until, self._blocked_until) if self._blocked(since) else until
            self._blocked_since, self._blocked_until = since, until

    def _now(self) -> float:
        return self._clock().timestamp()


class CountedRequest:
    """One admitted request. If the `with` block ends without a report, it stays spent."""

    def __init__(self, quota: Quota, window_number: int) -> None:
        self._quota = quota
        self._window_number = window_number
        self._said: tuple[Limits, float | None] | None = None
        self._sent = True

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Report the headers of the response; a 429 blocks all requests until `Retry-After`."""
        now = self._quota._now()  # noqa: SLF001 — the two are one thing in two classes
        said, wait = limits(headers, now), None
        if status == HTTPStatus.TOO_MANY_REQUESTS:  # the Retry-After of a 503 is about its health, not about our quota
            wait = retry_after(headers, now)
            wait = _DEFAULT_RETRY_AFTER if wait is None else wait
            if said.reset is None:
                said = replace(said, remaining=None)  # none are left for `wait` seconds, not for an hour
        self._said = (said, wait)

    def unsent(self) -> None:
        """Report that the request was not sent, so that nothing was spent."""
        self._sent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._quota._done(self._window_number, self._said, spent=self._sent)  # noqa: SLF001 — as above
