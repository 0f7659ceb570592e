"""The figures of `/status` as Prometheus metrics, collected at each request. No global registry.

Labels are our own words (urgency, outcome, problem) and the API's error codes, nothing about a citizen.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.core.health import (
    ApiHealth,
    ChatLimit,
    HealthReport,
    PlaceAlertHealth,
    ReminderHealth,
    ReplicaHealth,
    Role,
    UpdatesHealth,
    WebhookHealth,
)
from bot.operations.webhook_route import WebhookRoute

NAME = "moncreneau_bot_"


class MetricsCollector(Collector):
    """One health report as metrics. Unknown values are left out, not shown as 0."""

    def __init__(self, report: HealthReport) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        report = self._report
        yield _gauge("start_time_seconds", "When the process began, Unix time.", report.since.timestamp())
        yield _gauge("inbox", "Updates and results that wait or are worked on.", report.inbox)
        yield _gauge("outbox", "Messages that are not sent yet.", report.outbox)
        yield _gauge("stalled_chats", "Chats whose oldest message has waited for ten minutes.", report.stalled)
        yield _gauge("open_attempts", "Bookings and cancellings without an outcome.", report.attempts)
        yield _gauge("set_aside_updates", "Updates on which our own code failed.", report.set_aside)
        yield _gauge("telegram_reachable", "1 if Telegram answered recently.", report.telegram)
        yield _gauge("database_writable", "1 if the database can be written.", report.database)
        yield _gauge("requests_today", "Requests to the API since midnight in the office.", report.requests_today)
        yield _gauge("bookings_today", "Bookings made since midnight in the office.", report.booked_today)
        yield from _known("requests_per_booking_today", "Requests to the API for each booking.", report.per_booking)
        yield CounterMetricFamily(NAME + "messages_sent", "Messages that Telegram accepted.", report.sent)
        yield CounterMetricFamily(NAME + "messages_refused", "Messages that Telegram refused.", report.refused)
        yield _by_outcome("attempts_settled", "Settled bookings and cancellations by outcome.", report.outcomes)
        yield _by_outcome("moves_settled", "Settled moves by outcome.", report.moves)
        if report.reminders is not None:
            yield from _reminders(report.reminders)
        if report.place_alerts is not None:
            yield from _place_alerts(report.place_alerts)
        limits = CounterMetricFamily(NAME + "chat_limits_reached", "What one chat was refused.", labels=["limit"])
        for limit in ChatLimit:
            limits.add_metric([limit], report.limits_reached.get(limit, 0))
        yield limits
        if report.webhooks is not None:
            yield from _webhooks(report.webhooks)
        yield from _known("oldest_update_seconds", "How long the oldest update has waited.", report.oldest_update)
        if report.updates is not None:
            yield from _updates(report.updates)
        if report.replica is not None:
            yield from _replica(report.replica)
        yield from _api(report.api)


def _place_alerts(alerts: PlaceAlertHealth) -> Iterator[Metric]:
    yield _gauge("place_alerts", "Alerts of citizens for earlier places.", alerts.open)
    yield CounterMetricFamily(NAME + "place_alerts_sent", "Messages that told of an earlier place.", alerts.sent)


class StandbyCollector(Collector):
    """The metrics of a process that stands by: only who leads."""

    def __init__(self, replica: ReplicaHealth) -> None:
        self._replica = replica

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        return _replica(self._replica)


def _replica(replica: ReplicaHealth) -> Iterator[Metric]:
    yield _gauge("leader", "1 if this process leads, 0 if it stands by.", replica.role is Role.LEADER)
    yield _gauge("lease_epoch", "The number of the present leader's term.", replica.epoch)
    yield from _known("lease_age_seconds", "Seconds since the leader renewed its lease.", replica.lease_age)
    yield from _known("leader_since_timestamp_seconds", "Since when it leads, Unix time.", _unix(replica.since))
    yield _gauge("standbys", "Processes that stand by.", replica.standbys)
    yield CounterMetricFamily(NAME + "takeovers", "Leaders that ended without resigning.", replica.takeovers)


class ReceiversCollector(Collector):
    """What the webhook routes of this process refused and put off, also on a standby."""

    def __init__(self, routes: Iterable[WebhookRoute]) -> None:
        self._routes = routes

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        for route in self._routes:
            refused, postponed = f"Refused {route.name}: not the sender's.", f"Postponed {route.name}: answered 503."
            yield CounterMetricFamily(f"{NAME}{route.name}_refused", refused, route.refused)
            yield CounterMetricFamily(f"{NAME}{route.name}_postponed", postponed, route.postponed)


def _reminders(reminders: ReminderHealth) -> Iterator[Metric]:
    yield _gauge("timers_due", "Timers of appointments that are due and not done.", reminders.due)
    yield _gauge("timers_late", "Timers of appointments that are due for ten minutes.", reminders.late)
    yield CounterMetricFamily(NAME + "reminders", "Reminders that were queued.", reminders.sent)
    dropped = "Reminders that would have been too late or untrue."
    yield CounterMetricFamily(NAME + "reminders_dropped", dropped, reminders.dropped)
    yield CounterMetricFamily(NAME + "reminders_coming", "Answers of citizens that they come.", reminders.coming)


def _updates(updates: UpdatesHealth) -> Iterator[Metric]:
    yield from _known("update_last_timestamp_seconds", "When the last update came, Unix time.", _unix(updates.last))
    yield _gauge("updates_deliverable", "1 if Telegram can deliver updates, as far as it says.", updates.can_deliver)


def _webhooks(webhooks: WebhookHealth) -> Iterator[Metric]:
    yield from _known("webhook_last_timestamp_seconds", "When the last webhook came, Unix time.", _unix(webhooks.last))
    yield CounterMetricFamily(
        NAME + "webhooks_set_aside", "Webhooks that could not be read or processed.", webhooks.set_aside
    )


def _api(api: ApiHealth) -> Iterator[Metric]:
    yield _gauge("api_reachable", "1 if the moncreneau API answered when it was last asked.", api.reachable)
    yield _gauge("api_accepting", "1 if it carries out bookings, as far as was tried.", api.accepts)
    yield from _known("api_last_answer_timestamp_seconds", "When it last answered, Unix time.", _unix(api.heard))
    yield from _known("api_requests_limit", "Requests that the API grants an hour.", api.limit)
    yield from _known("api_requests_remaining", "Requests left in this hour.", api.remaining)
    yield from _known("api_reset_timestamp_seconds", "When the API's hourly quota resets, Unix time.", _unix(api.reset))
    yield from _known("api_blocked_until_timestamp_seconds", "Until when a 429 holds.", _unix(api.blocked_until))
    yield from _known("slot_age_seconds", "The median age of the slots shown recently.", api.slot_age)
    yield CounterMetricFamily(NAME + "lost_races", "Bookings refused because the slot was taken.", api.lost_races)
    yield from _known("lost_races_per_booking", "The same for each booking made.", api.lost_races_per_booking)
    yield from _known("api_cache_hit_ratio", "The share of reads that cost no request.", api.hit_rate)
    yield from _known("api_clock_gap_seconds", "Seconds by which the API's clock is ahead of ours.", api.clock_gap)
    requests = CounterMetricFamily(NAME + "api_requests", "Requests tried, by urgency.", labels=["urgency"])
    for urgency, count in sorted(api.requests.items()):
        requests.add_metric([urgency], count)
    yield requests
    reads = CounterMetricFamily(NAME + "api_reads", "Reads, by what answered them.", labels=["answered_by"])
    reads.add_metric(["memory"], api.hits)
    reads.add_metric(["service"], api.misses)
    yield reads
    failure = GaugeMetricFamily(
        NAME + "api_trouble", "1 while only the operator can mend it.", labels=["problem", "department"]
    )
    for issue in sorted(api.open_issues, key=lambda each: each.key):
        department = "" if issue.department_id is None else str(issue.department_id)
        failure.add_metric([issue.code, department], 1)
    yield failure
    errors = GaugeMetricFamily(NAME + "api_last_error_timestamp_seconds", "The last error, and when.", labels=["error"])
    if api.last_error is not None and api.last_error_at is not None:
        errors.add_metric([api.last_error], api.last_error_at.timestamp())
    yield errors


def _by_outcome(name: str, help_: str, counts: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(NAME + name, help_, labels=["outcome"])
    for outcome, count in sorted(counts.items()):
        metric.add_metric([outcome], count)
    return metric


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(NAME + name, help_, value)


def _known(name: str, help_: str, value: float | None) -> Iterator[Metric]:
    if value is not None:
        yield _gauge(name, help_, value)


def _unix(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
