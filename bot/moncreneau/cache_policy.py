"""How old a copy may get before it is read again, given what is left of the hour; must not know what is copied.

The rule, in one sentence: **reads of availability may use what bookings are not on the way to using.** The hour's use
is projected from what was spent so far. Nobody there: copies are a minute old at most. From a quarter of the budget
on, reads get 1 % of the limit, 10 an hour of 1000, shared by the windows that citizens look at, but a copy never
serves for more than a quarter of an hour (half as long again where the last reading brought no news of strangers: see
`slots`). That much is saved although requests are left, because a busy hour of 300 bookings may cost 1.15 requests
each, of which cancelling and lost races leave some twenty reads. Own bookings are noted beside the copies, so that
only strangers' bookings can surprise us. When only the reserve is left, nothing is read, and copies serve for half an
hour. A rush does not end because the service begins to count anew: for a quarter of an hour the use of the hour
before counts too.
"""

from bot.moncreneau.availability import LAST, LONGEST
from bot.moncreneau.cache import Ages
from bot.moncreneau.quota import HOUR, Quota

FRESH = 45.0
STALE = 60.0
_LEAST_SHARE = 0.01
_SCARCE = 0.5
_EASE = 4.0  # the share falls to nothing at a quarter of the budget
_SETTLING_IN = 120.0  # seconds of a new window that are too few to project from
_RUSH_ENDS = 900.0  # seconds of a new window after which the one before says nothing any more

_DAY = 86_400.0


def scarce(quota: Quota, now: float) -> bool:
    """Whether bookings are on the way to using an eighth of the hour or more; `now` in Unix seconds."""
    return _share(quota, now) <= _SCARCE


def slot_ages(quota: Quota, windows: int, now: float) -> Ages:
    """The ages up to which availability is good, with so many windows being looked at; `now` in Unix seconds."""
    fresh = min(max(FRESH, _interval(quota, windows, now)), LAST)
    return Ages(fresh=fresh, stale=min(max(STALE, fresh * STALE / FRESH), LAST), last=LONGEST)


def department_ages(quota: Quota, now: float) -> Ages:
    """The same for the list of departments, which hardly changes: 5 min, in busy hours 20, in an outage a day."""
    fresh = 300.0 * (4 if scarce(quota, now) else 1)
    return Ages(fresh=fresh, stale=2 * fresh, last=_DAY)


def _interval(quota: Quota, windows: int, now: float) -> float:
    if quota.limit is None:
        return FRESH
    if not quota.above_reserve:
        return LAST
    return HOUR * windows / (quota.limit * _share(quota, now))


def _share(quota: Quota, now: float) -> float:
    """The share of the limit that reads may use an hour, from 1 (nobody there) down to 1 % (busy)."""
    limit, left, reset = quota.limit, quota.remaining, quota.reset
    if limit is None or left is None or reset is None:
        return 1.0
    elapsed = HOUR - (reset.timestamp() - now)
    projected = (limit - left) / limit * HOUR / max(_SETTLING_IN, elapsed)
    if elapsed < _RUSH_ENDS:
        projected = max(projected, quota.used_before)
    return max(_LEAST_SHARE, 1.0 - _EASE * projected)
