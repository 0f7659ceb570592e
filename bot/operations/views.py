"""Messages that only admins see: the status of the bot, and alerts about issues that only they can solve.

Knows only the figures passed in, and nothing about a citizen.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta, tzinfo

from bot.core.health import ApiHealth, BotIssue, ChatLimit, HealthReport, OperatorIssue
from bot.core.model import FailureCode
from bot.core.screens import Help
from bot.i18n import Safe, Translator
from bot.views.bot_profile import ADMIN, special
from bot.views.message import CONAKRY, Message, Office
from bot.views.render import render
from bot.views.text import lines, paragraphs

MINUTE, HOUR, DAY = 60, 3600, 86_400
JUST_NOW = timedelta(minutes=2)
"""The age of a response up to which the API counts as reachable now."""
NOTICEABLE = 1.0
"""Seconds that an update waits."""
Names = Callable[[int], str]
"""Returns the name of a department."""


def special_help(t: Translator, office: Office = CONAKRY, *, admin: bool, staff: bool) -> Message:
    """The help that citizens get, and the commands of admins and of staff below it."""
    citizens = render(Help(), t, office=office)
    admins = lines(t.text("help.admin"), *_commands(special(admin=True, staff=False), t)) if admin else None
    others = [each for each in special(admin=False, staff=True) if not admin or each not in ADMIN]
    staffs = lines(t.text("help.staff"), *_commands(others, t)) if staff else None
    return replace(citizens, text=paragraphs(Safe(citizens.text), admins, staffs))


def _commands(names: Iterable[str], t: Translator) -> Iterator[Safe]:
    return (t.text("help.command", name=name, meaning=t.label(f"command.{name}")) for name in names)


def status(report: HealthReport, t: Translator, office: Office, zone: tzinfo, names: Names) -> Message:
    """All figures, the services first; `zone` is the office's, whose hours these are."""
    api = report.api
    text = paragraphs(
        t.text("condition.title"),
        lines(
            _reachable(report, t),
            _heard(api, t, zone),
            None if api.accepts else t.text("condition.api_refuses"),
            *(_issue(each, t, names) for each in sorted(api.open_issues, key=lambda each: each.key)),
            _quota(api, t, office, zone),
            _held(api, t, office, zone),
        ),
        lines(_slot_age(api, t), _lost_races(api, t)),
        lines(_hit_rate(api, t), _per_booking(report, t)),
        lines(
            t.text("condition.inbox", count=report.inbox),
            _oldest_update(report, t),
            t.text("condition.outbox", count=report.outbox),
            t.text("condition.stalled", n=report.stalled) if report.stalled else None,
            t.text("condition.attempts", count=report.attempts),
            t.text("condition.set_aside", count=report.set_aside),
            _moves(report, t),
            _reminders(report, t),
            _place_alerts(report, t),
        ),
        _limits_reached(report, t),
        lines(
            t.text("condition.telegram_fine" if report.telegram else "condition.telegram_bad"),
            t.text("condition.database_fine" if report.database else "condition.database_bad"),
            _leader(report, t, zone),
        ),
        _updates(report, t, zone),
        _webhooks(report, t, zone),
        lines(_last_error(api, t, zone), _uptime(report, t)),
    )
    return Message(text)


def alert(issue: OperatorIssue, t: Translator, names: Names, *, present: bool) -> Message:
    """The alert of an issue, with what to do; or that it works again."""
    if issue.department_id is not None:
        words, following = _issue(issue, t, names), t.text("operator.department_next")
        over = t.text("operator.department_over", department=names(issue.department_id))
    elif issue.code is FailureCode.OUT_OF_CREDITS:
        words, following = _issue(issue, t, names), t.text("operator.credits_next")
        over = t.text("operator.credits_over")
    elif issue.code is BotIssue.LATE_UPDATES:
        words, following = t.text("operator.late"), t.text("operator.late_next")
        over = t.text("operator.late_over")
    else:
        words, following = _issue(issue, t, names), t.text("operator.access_next")
        over = t.text("operator.access_over")
    return Message(lines(words, following) if present else over)


def _issue(issue: OperatorIssue, t: Translator, names: Names) -> Safe:
    if issue.department_id is not None:
        return t.text("operator.department", department=names(issue.department_id))
    return t.text("operator.credits" if issue.code is FailureCode.OUT_OF_CREDITS else "operator.access")


def _reminders(report: HealthReport, t: Translator) -> Safe | None:
    found = report.reminders
    return t.text("condition.timers", due=found.due, late=found.late, dropped=found.dropped) if found else None


def _place_alerts(report: HealthReport, t: Translator) -> Safe | None:
    found = report.place_alerts
    return t.text("condition.alerts", open=found.open, sent=found.sent) if found else None


def _moves(report: HealthReport, t: Translator) -> Safe | None:
    """What became of moves since the start; None: nobody moved anything."""
    total = sum(report.moves.values())
    if not total:
        return None
    done, both = report.moves.get("moved", 0), report.moves.get("both", 0)
    return t.text("condition.moves", done=done, both=both, others=total - done - both)


def _limits_reached(report: HealthReport, t: Translator) -> Safe | None:
    """What single chats were refused, so that one chat cannot use up the hour or the calendar; None: nothing."""
    reached = [each for each in ChatLimit if report.limits_reached.get(each)]
    if not reached:
        return None
    title = t.text("condition.limits")
    return lines(title, *(t.text(f"condition.limit.{each}", count=report.limits_reached[each]) for each in reached))


def _oldest_update(report: HealthReport, t: Translator) -> Safe | None:
    """How long the oldest update has waited, if citizens may notice it."""
    age = report.oldest_update
    return None if age is None or age < NOTICEABLE else t.text("condition.oldest_update", seconds=round(age))


def _updates(report: HealthReport, t: Translator, zone: tzinfo) -> Safe | None:
    """Whether updates arrive by webhook, if that is how they come."""
    updates = report.updates
    if updates is None:
        return None
    last = t.text("condition.no_update")
    if updates.last is not None:
        at = updates.last.astimezone(zone)
        last = t.text("condition.update", day=t.date_short(at.date()), time=t.time(at))
    counts = t.text("condition.updates_refused", refused=updates.refused, postponed=updates.postponed)
    failing = None if updates.can_deliver else t.text("condition.undelivered")
    return lines(last, failing, counts if updates.refused or updates.postponed else None)


def _webhooks(report: HealthReport, t: Translator, zone: tzinfo) -> Safe | None:
    """Whether webhooks arrive, if they are received at all."""
    webhooks = report.webhooks
    if webhooks is None:
        return None
    last = t.text("condition.no_webhook")
    if webhooks.last is not None:
        at = webhooks.last.astimezone(zone)
        last = t.text("condition.webhook", day=t.date_short(at.date()), time=t.time(at))
    counts = t.text("condition.webhooks_refused", refused=webhooks.refused, aside=webhooks.set_aside)
    return lines(last, counts if webhooks.refused or webhooks.set_aside else None)


def _reachable(report: HealthReport, t: Translator) -> Safe:
    """Whether the API answers, and since when that is known: without spare requests it was not asked just now."""
    api = report.api
    if not api.reachable:
        return t.text("condition.api_bad")
    known = api.heard is not None and report.at - api.heard <= JUST_NOW
    return t.text("condition.api_fine" if known else "condition.api_unknown")


def _heard(api: ApiHealth, t: Translator, zone: tzinfo) -> Safe:
    """When the API last answered."""
    if api.heard is None:
        return t.text("condition.never_heard")
    at = api.heard.astimezone(zone)
    return t.text("condition.heard", day=t.date_short(at.date()), time=t.time(at))


def _quota(api: ApiHealth, t: Translator, office: Office, zone: tzinfo) -> Safe:
    """The requests left in this hour."""
    if api.limit is None or api.reset is None:
        return t.text("condition.budget_unknown")
    time = t.time(api.reset.astimezone(zone))
    return t.text("condition.budget", left=api.remaining or 0, limit=api.limit, time=time, city=office.city)


def _held(api: ApiHealth, t: Translator, office: Office, zone: tzinfo) -> Safe | None:
    """Until when a 429 blocks requests."""
    if api.blocked_until is None:
        return None
    at = api.blocked_until.astimezone(zone)
    return t.text("condition.held", day=t.date_short(at.date()), time=t.time(at), city=office.city)


def _slot_age(api: ApiHealth, t: Translator) -> Safe | None:
    """The median age of the slots that citizens see."""
    return None if api.slot_age is None else t.text("condition.slot_age", seconds=round(api.slot_age))


def _lost_races(api: ApiHealth, t: Translator) -> Safe | None:
    """The share of lost races."""
    if api.lost_races_per_booking is None:
        return None
    ratio = t.number(api.lost_races_per_booking)
    return t.text("condition.lost_races", ratio=ratio, lost=api.lost_races, bookings=api.booked)


def _hit_rate(api: ApiHealth, t: Translator) -> Safe:
    if api.hit_rate is None:
        return t.text("condition.no_reads")
    return t.text("condition.hit_rate", percent=round(100 * api.hit_rate), reads=api.hits + api.misses)


def _per_booking(report: HealthReport, t: Translator) -> Safe:
    requests, bookings = report.requests_today, report.booked_today
    if report.per_booking is None:
        return t.text("condition.no_bookings", requests=requests)
    ratio = t.number(report.per_booking)
    return t.text("condition.per_booking", ratio=ratio, requests=requests, bookings=bookings)


def _last_error(api: ApiHealth, t: Translator, zone: tzinfo) -> Safe:
    if api.last_error is None or api.last_error_at is None:
        return t.text("condition.no_error")
    at = api.last_error_at.astimezone(zone)
    return t.text("condition.last_error", error=api.last_error, day=t.date_short(at.date()), time=t.time(at))


def _leader(report: HealthReport, t: Translator, zone: tzinfo) -> Safe | None:
    """Which process leads, and whether another one stands by; None on SQLite."""
    found = report.replica
    if found is None or found.since is None:
        return None
    began = found.since.astimezone(zone)
    return lines(
        t.text(
            "condition.leader",
            name=found.replica,
            day=t.date_short(began.date()),
            time=t.time(began),
            epoch=found.epoch,
            age=round(found.lease_age or 0),
        ),
        t.text("condition.standbys", n=found.standbys) if found.standbys else t.text("condition.no_standby"),
        t.text("condition.takeovers", count=found.takeovers) if found.takeovers else None,
    )


def _uptime(report: HealthReport, t: Translator) -> Safe:
    seconds = int(report.uptime.total_seconds())
    days, hours, minutes = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    return t.text("condition.uptime", days=days, hours=hours, minutes=minutes)
