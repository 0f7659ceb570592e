"""What admins alone see of the bot itself: how it stands, and the notices of what only they can mend.

Knows no figures but those handed in; nothing here names a citizen.
"""

from datetime import tzinfo

from bot.core.condition import ApiCondition, Condition
from bot.core.model import Problem
from bot.i18n import Safe, Translator
from bot.views.facts import lines, paragraphs
from bot.views.message import Message
from bot.views.office import Office

MINUTE, HOUR, DAY = 60, 3600, 86_400


def status(condition: Condition, t: Translator, office: Office, zone: tzinfo) -> Message:
    """All figures, the services first; `zone` is the office's, whose hours these are."""
    api = condition.api
    text = paragraphs(
        t.text("condition.title"),
        lines(
            t.text("condition.api_fine" if api.reachable else "condition.api_bad"),
            *(_trouble(problem, t) for problem in sorted(api.troubles)),
            _budget(api, t, office, zone),
            _held(api, t, office, zone),
        ),
        lines(_hit_rate(api, t), _per_booking(condition, t)),
        lines(
            t.text("condition.inbox", count=condition.inbox),
            t.text("condition.outbox", count=condition.outbox),
            t.text("condition.attempts", count=condition.attempts),
            t.text("condition.set_aside", count=condition.set_aside),
        ),
        lines(
            t.text("condition.telegram_fine" if condition.telegram else "condition.telegram_bad"),
            t.text("condition.database_fine" if condition.database else "condition.database_bad"),
        ),
        lines(_last_error(api, t, zone), _uptime(condition, t)),
    )
    return Message(text)


def trouble(problem: Problem, t: Translator, *, present: bool) -> Message:
    """What only the operator can mend, and what to do; or that it works again."""
    credit = problem is Problem.OUT_OF_CREDITS
    if not present:
        return Message(t.text("operator.credits_over" if credit else "operator.access_over"))
    return Message(lines(_trouble(problem, t), t.text("operator.credits_next" if credit else "operator.access_next")))


def _trouble(problem: Problem, t: Translator) -> Safe:
    return t.text("operator.credits" if problem is Problem.OUT_OF_CREDITS else "operator.access")


def _budget(api: ApiCondition, t: Translator, office: Office, zone: tzinfo) -> Safe:
    """What is left of the hour."""
    if api.limit is None or api.reset is None:
        return t.text("condition.budget_unknown")
    time = t.time(api.reset.astimezone(zone))
    return t.text("condition.budget", left=api.remaining or 0, limit=api.limit, time=time, city=office.city)


def _held(api: ApiCondition, t: Translator, office: Office, zone: tzinfo) -> Safe | None:
    """Until when a 429 keeps us waiting."""
    if api.blocked_until is None:
        return None
    return t.text("condition.held", time=t.time(api.blocked_until.astimezone(zone)), city=office.city)


def _hit_rate(api: ApiCondition, t: Translator) -> Safe:
    if api.hit_rate is None:
        return t.text("condition.no_reads")
    return t.text("condition.hit_rate", percent=round(100 * api.hit_rate), reads=api.hits + api.misses)


def _per_booking(condition: Condition, t: Translator) -> Safe:
    requests, bookings = condition.requests_today, condition.booked_today
    if condition.per_booking is None:
        return t.text("condition.no_bookings", requests=requests)
    ratio = t.number(condition.per_booking)
    return t.text("condition.per_booking", ratio=ratio, requests=requests, bookings=bookings)


def _last_error(api: ApiCondition, t: Translator, zone: tzinfo) -> Safe:
    if api.last_error is None or api.last_error_at is None:
        return t.text("condition.no_error")
    at = api.last_error_at.astimezone(zone)
    return t.text("condition.last_error", error=api.last_error, day=t.date_short(at.date()), time=t.time(at))


def _uptime(condition: Condition, t: Translator) -> Safe:
    seconds = int(condition.uptime.total_seconds())
    days, hours, minutes = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    return t.text("condition.uptime", days=days, hours=hours, minutes=minutes)
