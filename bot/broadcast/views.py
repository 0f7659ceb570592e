"""The screens of confirmed broadcasts for admins: progress, list, questions, the caption of the report.

Also the texts that they share with the composer: audience, counts, durations. Pure.
"""

from dataclasses import dataclass
from datetime import date

from bot.broadcast.callback_data import encode_closed, encode_command
from bot.broadcast.lifecycle import (
    ENDED,
    QUESTIONS,
    BroadcastCommand,
    ListCursor,
    available_commands,
    encode_cursor,
    is_unpaid,
)
from bot.broadcast.model import (
    Audience,
    Broadcast,
    BroadcastSnapshot,
    BroadcastStatus,
    Dated,
    DayVisitors,
    Everyone,
    HistoryEntry,
    Media,
    RecipientCounts,
    RecipientStatus,
    Speakers,
    Visitors,
)
from bot.core import callback_data
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import CONAKRY, Button, Message, Office, Style
from bot.views.text import WORDS, lines, moment, paragraphs

MINUTE, HOUR = 60, 3600
EXCERPT, ADMIN_NAME = 60, 40
"""Characters of a text and of a name that are shown."""
BAR = 10
HISTORY_SHOWN = 3
"""So many of the latest entries of the history are shown."""


def footer(t: Translator) -> Message:
    """The opt-out button under every announcement; the text is the admin's own."""
    return Message("", (keys.one(t, "button.news_off", callback_data.NEWS_OFF),))


def grouped(count: int) -> str:
    """1 234 567: groups of three with a narrow space, which every language reads."""
    return f"{count:,}".replace(",", "\u202f")


def language_name(t: Translator, locale: str) -> str:
    """The name of a language in that language."""
    return dict(t.languages).get(locale, locale)


def audience_line(t: Translator, audience: Audience) -> Safe:
    """The audience in one line."""
    match audience:
        case Everyone():
            return t.text("bc.to.everyone")
        case Speakers(locale=locale):
            return t.text("bc.to.speakers", language=language_name(t, locale))
        case Visitors(name=name, department_id=department):
            return t.text("bc.to.visitors", name=keys.clip(name, WORDS) or department)
        case DayVisitors(name=name, department_id=department, first=first, last=last) if first == last:
            return t.text("bc.to.day_visitors", name=keys.clip(name, WORDS) or department, date=t.date_long(first))
        case DayVisitors(name=name, department_id=department, first=first, last=last):
            named, begin, end = keys.clip(name, WORDS) or department, t.date_long(first), t.date_long(last)
            return t.text("bc.to.days_visitors", name=named, first=begin, last=end)
        case Dated(first=first, last=last) if first == last:
            return t.text("bc.to.day", date=t.date_long(first))
        case _:
            first, last = audience.first, audience.last
            return t.text("bc.to.days", first=t.date_long(first), last=t.date_long(last))


def duration(t: Translator, seconds: float) -> Safe:
    """About how long; at least one second."""
    if seconds < MINUTE:
        return t.text("bc.seconds", n=max(1, round(seconds)))
    if seconds < HOUR:
        return t.text("bc.minutes", n=round(seconds / MINUTE))
    hours, minutes = divmod(round(seconds / MINUTE), MINUTE)
    return t.text("bc.hours", hours=hours, minutes=f"{minutes:02}")


def excerpt(t: Translator, broadcast: Broadcast) -> Safe:
    """The beginning of the first version, to recognise the broadcast."""
    content = broadcast.plan.versions[0].content
    words = keys.clip(content.text, EXCERPT)
    if words:
        return t.text("bc.excerpt", words=words)
    return t.text("bc.a_photo") if content.media is Media.PHOTO else t.text("bc.a_document")


NOT_BEGUN = frozenset({BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED})
ACTIVE = frozenset({BroadcastStatus.RUNNING, BroadcastStatus.RECALLING})
RECALL = frozenset({BroadcastStatus.RECALLING, BroadcastStatus.RECALLED})
SHOWN = (
    RecipientStatus.SENT,
    RecipientStatus.BLOCKED,
    RecipientStatus.FAILED,
    RecipientStatus.UNKNOWN,
    RecipientStatus.SKIPPED,
    RecipientStatus.RECALLED,
)
STYLES = {
    BroadcastCommand.REALLY_START: Style.SUCCESS,
    BroadcastCommand.STOP: Style.DANGER,
    BroadcastCommand.REALLY_STOP: Style.DANGER,
    BroadcastCommand.RECALL: Style.DANGER,
    BroadcastCommand.REALLY_RECALL: Style.DANGER,
}


def progress(
    snapshot: BroadcastSnapshot, t: Translator, office: Office = CONAKRY, *, with_report: bool = True
) -> Message:
    """One broadcast: status, audience, counts, history, and the commands that apply; staff get no report."""
    broadcast = snapshot.broadcast
    text = paragraphs(
        lines(_title(broadcast, t), excerpt(t, broadcast)),
        lines(
            audience_line(t, broadcast.plan.audience),
            _start(broadcast, t, office),
        ),
        _counts_so_far(snapshot, t, office),
        lines(*(_history_line(each, t) for each in broadcast.history[-HISTORY_SHOWN:])),
        t.text("bc.unpaid_next") if is_unpaid(broadcast) else None,
    )
    commands = available_commands(broadcast, night_pause=snapshot.resumes_at is not None)
    offered = [each for each in commands if with_report or each is not BroadcastCommand.REPORT]
    return Message(text, keys.columns([_button(broadcast, each, t) for each in offered]))


def no_day(t: Translator) -> Message:
    """The text after `/closed` is no day."""
    return Message(lines(t.text("agenda.no_day"), t.text("closed.example")))


MOST_CLOSED = 8
"""Closed days that are listed."""


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day on which a department is closed, and how many citizens are booked with it then.

    `name` is empty if the department is not listed.
    """

    department_id: int
    name: str
    day: date
    count: int


def closed_days(found: tuple[ClosedDay, ...], t: Translator, day: date | None, today: date) -> Message:
    """The closed days, each with a button that begins an announcement to those who are booked then.

    `day` is the one that was asked for, closed or not; None: all that are announced as closed.
    """
    named = t.text("closed.day", date=t.date_long(day)) if day else None
    hint = t.text("closed.hint")
    if not found:
        nobody = t.text("closed.nobody_then") if day else t.text("closed.nobody")
        return Message(paragraphs(lines(t.text("closed.title"), named), nobody, hint))
    shown = found[:MOST_CLOSED]
    told = (_closed_day(each, t, today) for each in shown)
    more = len(found) - len(shown)
    text = paragraphs(
        lines(t.text("closed.title"), named),
        lines(*told, t.text("closed.more", count=more) if more else None),
        t.text("closed.question"),
    )
    return Message(text, keys.grid((_closed_button(each, t) for each in shown), 1))


def _closed_name(found: ClosedDay, t: Translator) -> str:
    return found.name or t.label("department.unnamed", number=found.department_id)


def _closed_button(found: ClosedDay, t: Translator) -> Button:
    """The day as people type it, which leaves room for the name."""
    day = f"{found.day.day}/{found.day.month} · "
    name = keys.shorten(_closed_name(found, t), keys.ALONE - len(day))
    return Button(f"{day}{name}", encode_closed(found.department_id, found.day))


def _closed_day(found: ClosedDay, t: Translator, today: date) -> Safe:
    name, day = keys.clip(_closed_name(found, t), WORDS), t.date_long(found.day, today)
    return t.text("closed.one", name=name, date=day, n=found.count, count=grouped(found.count))


def left(number: int, t: Translator) -> Message:
    """A progress message that is not drawn any more, because a newer one shows the broadcast."""
    return Message(t.text("bc.left", number=number))


def listing(
    snapshots: tuple[BroadcastSnapshot, ...], t: Translator, last: ListCursor | None = None, office: Office = CONAKRY
) -> Message:
    """A page of the list, with a button for each broadcast and one for those behind `last`."""
    if not snapshots:
        return Message(t.text("bc.none"))
    entries = (
        lines(
            _title(each.broadcast, t),
            excerpt(t, each.broadcast),
            _start(each.broadcast, t, office),
            _in_short(each.broadcast, t),
        )
        for each in snapshots
    )
    buttons = [
        Button(t.label("button.bc_see", number=number), encode_command(number, BroadcastCommand.SEE))
        for number in (each.broadcast.plan.number for each in snapshots)
    ]
    rows = keys.columns(buttons)
    if last:
        more = encode_command(last.number, BroadcastCommand.OLDER, encode_cursor(last))
        rows = (*rows, (Button(t.label("button.steer_older"), more),))
    return Message(paragraphs(t.text("bc.list"), *entries, t.text("bc.list_question")), rows)


def question(snapshot: BroadcastSnapshot, command: BroadcastCommand, t: Translator) -> Message:
    """The question before a command that cannot be undone."""
    broadcast = snapshot.broadcast
    sent = broadcast.counts.of(RecipientStatus.SENT)
    match command:
        case BroadcastCommand.START:
            hint, asked = None, t.text("bc.ask_start")
        case BroadcastCommand.STOP:
            hint, asked = t.text("bc.stop_hint"), t.text("bc.ask_stop")
        case _:
            hint, asked = t.text("bc.recall_hint"), t.text("bc.recall", n=sent, count=grouped(sent))
    text = paragraphs(lines(_title(broadcast, t), excerpt(t, broadcast)), hint, asked)
    buttons = (_button(broadcast, each, t) for each in (QUESTIONS[command], BroadcastCommand.SEE))
    return Message(text, keys.grid(buttons, 1))


def report(broadcast: Broadcast, t: Translator) -> Message:
    """The caption of the report."""
    counts = (_count_lines(broadcast, t), _unrecalled(broadcast, t), _unconfirmed(broadcast, t))
    return Message(paragraphs(lines(_title(broadcast, t), *counts), t.text("bc.report_hint")))


def _button(broadcast: Broadcast, command: BroadcastCommand, t: Translator) -> Button:
    label = t.label(f"button.steer_{command}")
    return Button(label, encode_command(broadcast.plan.number, command), style=STYLES.get(command))


def _title(broadcast: Broadcast, t: Translator) -> Safe:
    return t.text("bc.title", number=broadcast.plan.number, status=_status(broadcast, t))


def _start(broadcast: Broadcast, t: Translator, office: Office) -> Safe | None:
    """When it will begin; None once it has."""
    starts = broadcast.plan.starts
    if starts is None or broadcast.status not in NOT_BEGUN:
        return None
    return t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city)


def _status(broadcast: Broadcast, t: Translator) -> Safe:
    """The status in words; a recall says whether all messages were deleted."""
    counts = broadcast.counts
    if broadcast.status is BroadcastStatus.RECALLED and counts.of(RecipientStatus.SENT):
        return t.text("bc.recalled_partly" if counts.of(RecipientStatus.RECALLED) else "bc.recalled_not")
    return t.text(f"bc.status.{broadcast.status}")


def _unrecalled(broadcast: Broadcast, t: Translator) -> Safe | None:
    """How many messages could not be deleted by a recall."""
    kept = broadcast.counts.of(RecipientStatus.SENT) if broadcast.status is BroadcastStatus.RECALLED else 0
    return t.text("bc.kept", n=kept, count=grouped(kept)) if kept else None


def _unconfirmed_count(counts: RecipientCounts) -> int:
    """How many may have received it; without a message id it cannot be recalled."""
    return counts.of(RecipientStatus.UNKNOWN) + counts.of(RecipientStatus.AGAIN)


def _unconfirmed(broadcast: Broadcast, t: Translator) -> Safe | None:
    """How many may still have a recalled message."""
    maybe = _unconfirmed_count(broadcast.counts) if broadcast.status in RECALL else 0
    return t.text("bc.maybe", n=maybe, count=grouped(maybe)) if maybe else None


def _counts_so_far(snapshot: BroadcastSnapshot, t: Translator, office: Office) -> Safe | None:
    counts, status = snapshot.broadcast.counts, snapshot.broadcast.status
    if not counts.total:
        return None
    if status in NOT_BEGUN:
        return t.text("bc.count", n=counts.total, count=grouped(counts.total))
    part = (counts.total - counts.left) / counts.total
    if status in RECALL:
        taken = counts.of(RecipientStatus.RECALLED)
        part = taken / max(1, taken + counts.of(RecipientStatus.SENT) + _unconfirmed_count(counts))
    full = round(part * BAR)
    remaining = None
    if snapshot.resumes_at:
        remaining = t.text("bc.resting", time=t.time(snapshot.resumes_at), city=office.city)
    elif status in ACTIVE and snapshot.seconds is not None:
        remaining = t.text("bc.remaining", duration=duration(t, snapshot.seconds))
    bar = t.text("bc.bar", bar="▓" * full + "░" * (BAR - full), percent=int(part * 100))
    return lines(
        bar,
        _count_lines(snapshot.broadcast, t),
        _unrecalled(snapshot.broadcast, t),
        _unconfirmed(snapshot.broadcast, t),
        remaining,
    )


def _count_lines(broadcast: Broadcast, t: Translator) -> Safe:
    """How many got it, and the other counts if they are not zero. After the end none are waiting."""
    counts = broadcast.counts
    always = frozenset[RecipientStatus]() if broadcast.status in RECALL else {RecipientStatus.SENT}
    shown = (status for status in SHOWN if counts.of(status) or status in always)
    is_waiting = counts.left and broadcast.status not in ENDED | RECALL
    waiting = t.text("bc.waiting", count=grouped(counts.left)) if is_waiting else None
    return lines(*(t.text(f"bc.fate.{status}", count=grouped(counts.of(status))) for status in shown), waiting)


def _in_short(broadcast: Broadcast, t: Translator) -> Safe | None:
    """How many have it, of how many; nothing before it began, and nothing once it is recalled."""
    if broadcast.status in NOT_BEGUN | RECALL:
        return None
    counts = broadcast.counts
    return t.text("bc.short", total=grouped(counts.total), sent=grouped(counts.of(RecipientStatus.SENT)))


def _history_line(entry: HistoryEntry, t: Translator) -> Safe:
    who = keys.clip(entry.who, ADMIN_NAME)
    if entry.user_id is not None:
        who = f"{who} ({entry.user_id})"
    return t.text(f"bc.deed.{entry.action}", who=who, moment=moment(t, entry.at))
