"""How broadcasts get on, for admins: the card of one, the list of many, the question before recalling, the report.

The words about broadcasts that several of their screens share: whom for, how many, how long. And the button below.

Numbers are grouped by a narrow space, which every language reads.
"""

from bot.broadcast.callback_data import encode_command
from bot.broadcast.lifecycle import BroadcastCommand, ListCursor, available_commands, encode_cursor
from bot.broadcast.model import (
    Audience,
    Broadcast,
    BroadcastSnapshot,
    BroadcastStatus,
    Dated,
    Everyone,
    Media,
    RecipientCounts,
    RecipientStatus,
    Speakers,
    Visitors,
)
from bot.core import callback_data
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import CONAKRY, Button, Message, Office
from bot.views.text import WORDS, lines, moment, paragraphs

MINUTE, HOUR = 60, 3600
EXCERPT = 60


def below(t: Translator) -> Message:
    """What stands under every broadcast: the way to hear no more of them. The text is the admin's own."""
    return Message("", (keys.one(t, "button.news_off", callback_data.NEWS_OFF),))


def number(count: int) -> str:
    """1 234 567"""
    return f"{count:,}".replace(",", "\u202f")


def language(t: Translator, locale: str) -> str:
    """A language under its own name."""
    return dict(t.languages).get(locale, locale)


def audience(t: Translator, whom: Audience) -> Safe:
    """Whom it is for, in a line."""
    match whom:
        case Everyone():
            return t.text("bc.to.everyone")
        case Speakers(locale=locale):
            return t.text("bc.to.speakers", language=language(t, locale))
        case Visitors(name=name, department_id=department):
            return t.text("bc.to.visitors", name=keys.clip(name, WORDS) or department)
        case Dated(first=first, last=last) if first == last:
            return t.text("bc.to.day", date=t.date_long(first))
        case _:
            first, last = whom.first, whom.last
            return t.text("bc.to.days", first=t.date_long(first), last=t.date_long(last))


def duration(t: Translator, seconds: float) -> Safe:
    """About how long; never nothing."""
    if seconds < MINUTE:
        return t.text("bc.seconds", n=max(1, round(seconds)))
    if seconds < HOUR:
        return t.text("bc.minutes", n=round(seconds / MINUTE))
    hours, minutes = divmod(round(seconds / MINUTE), MINUTE)
    return t.text("bc.hours", hours=hours, minutes=f"{minutes:02}")


def excerpt(t: Translator, broadcast: Broadcast) -> Safe:
    """The beginning of the first version, to know it by."""
    content = broadcast.plan.versions[0].content
    words = keys.clip(content.text, EXCERPT)
    if words:
        return t.text("bc.excerpt", words=words)
    return t.text("bc.a_photo") if content.media is Media.PHOTO else t.text("bc.a_document")


BAR = 20
TOLD = 8
"""Deeds that a card tells; the last ones."""
WHO = 40
MOVING = frozenset({BroadcastStatus.RUNNING, BroadcastStatus.RECALLING})
TAKEN_BACK = frozenset({BroadcastStatus.RECALLING, BroadcastStatus.RECALLED})
SHOWN = (
    RecipientStatus.SENT,
    RecipientStatus.BLOCKED,
    RecipientStatus.FAILED,
    RecipientStatus.UNKNOWN,
    RecipientStatus.SKIPPED,
    RecipientStatus.RECALLED,
)


def card(snapshot: BroadcastSnapshot, t: Translator, office: Office = CONAKRY) -> Message:
    """One broadcast: where it stands, its figures, who did what, and what can be done."""
    broadcast = snapshot.broadcast
    text = paragraphs(
        lines(_title(broadcast, t), excerpt(t, broadcast)),
        lines(
            audience(t, broadcast.plan.audience),
            _start(broadcast, t, office),
        ),
        _progress(snapshot, t, office),
        lines(*(_deed(broadcast, place, t) for place in range(len(broadcast.history))[-TOLD:])),
    )
    verbs = available_commands(broadcast, resting=snapshot.resting is not None)
    buttons = (Button(t.label(f"button.steer_{verb}"), encode_command(broadcast.plan.number, verb)) for verb in verbs)
    return Message(text, keys.grid(buttons, 2))


def listing(
    snapshots: tuple[BroadcastSnapshot, ...], t: Translator, last: ListCursor | None = None, office: Office = CONAKRY
) -> Message:
    """Broadcasts with their figures, each with the button that leads to it; and one to those that come after `last`."""
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
    buttons = (
        Button(t.label("button.bc_see", number=number), encode_command(number, BroadcastCommand.SEE))
        for number in (each.broadcast.plan.number for each in snapshots)
    )
    rows = keys.grid(buttons, 2)
    if last:
        more = encode_command(last.number, BroadcastCommand.OLDER, encode_cursor(last))
        rows = (*rows, (Button(t.label("button.steer_older"), more),))
    return Message(paragraphs(t.text("bc.list"), *entries), rows)


def recalling(snapshot: BroadcastSnapshot, t: Translator) -> Message:
    """Taking back cannot be taken back."""
    broadcast = snapshot.broadcast
    sent = broadcast.figures.of(RecipientStatus.SENT)
    text = paragraphs(
        lines(_title(broadcast, t), excerpt(t, broadcast)),
        t.text("bc.recall", n=sent, count=number(sent)),
        t.text("bc.recall_hint"),
    )
    verbs = (BroadcastCommand.REALLY_RECALL, BroadcastCommand.SEE)
    rows = tuple(
        (Button(t.label(f"button.steer_{verb}"), encode_command(broadcast.plan.number, verb)),) for verb in verbs
    )
    return Message(text, rows)


def report(broadcast: Broadcast, t: Translator) -> Message:
    """What stands under the CSV file."""
    return Message(lines(_title(broadcast, t), _in_short(broadcast, t), _kept(broadcast, t), _maybe(broadcast, t)))


def _title(broadcast: Broadcast, t: Translator) -> Safe:
    return t.text("bc.title", number=broadcast.plan.number, status=_status(broadcast, t))


def _start(broadcast: Broadcast, t: Translator, office: Office) -> Safe | None:
    """When it will begin, where it has not."""
    starts = broadcast.plan.starts
    if starts is None or broadcast.status not in {BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED}:
        return None
    return t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city)


def _status(broadcast: Broadcast, t: Translator) -> Safe:
    """The status, but for a recall that did not get everything back."""
    figures = broadcast.figures
    if broadcast.status is BroadcastStatus.RECALLED and figures.of(RecipientStatus.SENT):
        return t.text("bc.recalled_partly" if figures.of(RecipientStatus.RECALLED) else "bc.recalled_not")
    return t.text(f"bc.status.{broadcast.status}")


def _kept(broadcast: Broadcast, t: Translator) -> Safe | None:
    """How many still have what was to be taken back."""
    kept = broadcast.figures.of(RecipientStatus.SENT) if broadcast.status is BroadcastStatus.RECALLED else 0
    return t.text("bc.kept", n=kept, count=number(kept)) if kept else None


def _perhaps(figures: RecipientCounts) -> int:
    """How many may have it, and nobody knows: without its number it cannot be taken back."""
    return figures.of(RecipientStatus.UNKNOWN) + figures.of(RecipientStatus.AGAIN)


def _maybe(broadcast: Broadcast, t: Translator) -> Safe | None:
    """How many may still have what was to be taken back."""
    maybe = _perhaps(broadcast.figures) if broadcast.status in TAKEN_BACK else 0
    return t.text("bc.maybe", n=maybe, count=number(maybe)) if maybe else None


def _progress(snapshot: BroadcastSnapshot, t: Translator, office: Office) -> Safe | None:
    figures, status = snapshot.broadcast.figures, snapshot.broadcast.status
    if not figures.total:
        return None
    part = (figures.total - figures.left) / figures.total
    if status in TAKEN_BACK:
        taken = figures.of(RecipientStatus.RECALLED)
        part = taken / max(1, taken + figures.of(RecipientStatus.SENT) + _perhaps(figures))
    full = round(part * BAR)
    remaining = None
    if snapshot.resting:
        remaining = t.text("bc.resting", time=t.time(snapshot.resting), city=office.city)
    elif status in MOVING and snapshot.seconds is not None:
        remaining = t.text("bc.remaining", duration=duration(t, snapshot.seconds))
    bar = t.text("bc.bar", bar="▓" * full + "░" * (BAR - full), percent=int(part * 100))
    return lines(
        bar, _figures(snapshot.broadcast, t), _kept(snapshot.broadcast, t), _maybe(snapshot.broadcast, t), remaining
    )


def _figures(broadcast: Broadcast, t: Translator) -> Safe:
    """Those that always matter, and those of the others that are not nought."""
    figures = broadcast.figures
    shown = (
        status
        for status in SHOWN
        if figures.of(status) or status in {RecipientStatus.SENT, RecipientStatus.BLOCKED, RecipientStatus.FAILED}
    )
    waiting = (t.text("bc.waiting", count=number(figures.left)),) if figures.left else ()
    return lines(*(t.text(f"bc.fate.{status}", count=number(figures.of(status))) for status in shown), *waiting)


def _in_short(broadcast: Broadcast, t: Translator) -> Safe:
    figures = broadcast.figures
    return t.text(
        "bc.short",
        total=number(figures.total),
        sent=number(figures.of(RecipientStatus.SENT)),
        blocked=number(figures.of(RecipientStatus.BLOCKED)),
        failed=number(figures.of(RecipientStatus.FAILED)),
        unknown=number(figures.of(RecipientStatus.UNKNOWN)),
    )


def _deed(broadcast: Broadcast, place: int, t: Translator) -> Safe:
    done = broadcast.history[place]
    who = keys.clip(done.who, WHO)
    if done.user_id is not None:
        who = f"{who} ({done.user_id})"
    return t.text(f"bc.deed.{done.action}", who=who, moment=moment(t, done.at))
