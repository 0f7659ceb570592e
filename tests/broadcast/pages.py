"""Every screen that an admin sees of announcements, with something in it: what the tests of the views share."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingDepartment,
    ChoosingLanguage,
    ChoosingVersions,
    ChoosingVisitors,
    ComposeDraft,
    ComposeNotice,
    ComposeState,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
)
from bot.broadcast.compose_views import render
from bot.broadcast.handler import LISTED
from bot.broadcast.lifecycle import TO_COME, BroadcastCommand, ListCursor
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastSnapshot,
    BroadcastStatus,
    Content,
    DayVisitors,
    Everyone,
    HistoryEntry,
    Media,
    Plan,
    RecipientCounts,
    RecipientStatus,
    Version,
)
from bot.broadcast.views import ClosedDay, closed_days, listing, no_day, progress, question, report
from bot.core.model import Department
from bot.i18n import Translator
from bot.views.message import Message
from tests.core.examples import BUSY, DEPARTMENTS
from tests.views.pages import EN

NOON = datetime.fromisoformat("2026-01-20T12:00")
NIGHT = datetime.fromisoformat("2026-01-25T22:00")
AT = datetime.fromisoformat("2026-01-25T09:30")
HELLO = Content(Media.TEXT, "Hello")
DRAFT = ComposeDraft(
    999_999, ("fr", "en"), 99, versions=(Version("", HELLO),), audience=Everyone(), count=12_345, seconds=494
)
MANY = tuple(Department(each, f"Department {each} with a name that is rather long" * 3) for each in range(30))
ALIKE = (
    *(Department(each, f"Direction nationale des affaires {each} et du contentieux") for each in range(3)),
    *(Department(10 + each, "État civil", "Mairie de Kaloum") for each in range(2)),
    Department(20, "\u200b"),
)
STATES: dict[str, ComposeState] = {
    "message": AskingMessage(),
    "second message": AskingMessage("en"),
    "versions": ChoosingVersions(),
    "audience": ChoosingAudience(),
    "language": ChoosingLanguage(),
    "office": ChoosingDepartment(DEPARTMENTS),
    "offices that look alike": ChoosingDepartment(ALIKE),
    "many offices": ChoosingDepartment(MANY, page=1),
    "first offices": ChoosingDepartment(MANY, page=0),
    "last offices": ChoosingDepartment(MANY, page=99),
    "no office": ChoosingDepartment(()),
    "offices failed": ChoosingDepartment((), failure=BUSY),
    "days": AskingDays(),
    "visitors": ChoosingVisitors(MANY[0]),
    "visitors of a department without a name": ChoosingVisitors(Department(5, "")),
    "days of a department": AskingDays(MANY[0]),
    "review": Reviewing(),
    "time": AskingTime(),
    "night": AskingNight(),
    "night at": AskingNight(NIGHT),
    "confirm": ConfirmingSend(),
    "confirm at": ConfirmingSend(NIGHT),
}
PLAN = Plan(12, (Version("", Content(Media.TEXT, "Closed <tomorrow> & the day after")),), Everyone())
SOME = RecipientCounts(
    (
        (RecipientStatus.SENT, 1500),
        (RecipientStatus.BLOCKED, 3),
        (RecipientStatus.UNKNOWN, 1),
        (RecipientStatus.PENDING, 496),
        (RecipientStatus.SENDING, 0),
    )
)
HISTORY = tuple(HistoryEntry("Ibrahima <b>", action, AT) for action in AdminAction if action is not AdminAction.UNPAID)


def drawn(
    at: ComposeState,
    t: Translator = EN,
    draft: ComposeDraft = DRAFT,
    notice: ComposeNotice | None = None,
    reason: str = "",
) -> Message:
    """A state of the composer, on its screen."""
    return render(ShowDraft(draft.at(at), notice=notice, reason=reason), t, NOON)


def snapshot(
    status: BroadcastStatus = BroadcastStatus.RUNNING,
    counts: RecipientCounts = SOME,
    *,
    resumes_at: datetime | None = None,
    seconds: float | None = None,
) -> BroadcastSnapshot:
    """An announcement in this status."""
    return BroadcastSnapshot(Broadcast(PLAN, status, counts, HISTORY), resumes_at, seconds)


def every_screen(t: Translator) -> Iterator[tuple[str, Message]]:
    """All of them in one language, each with its name in words."""
    for name, state in STATES.items():
        yield f"composing, {name}", drawn(state, t)
    for status in BroadcastStatus:
        yield f"announcement {status}", progress(snapshot(status, seconds=40.0), t)
    unpaid = replace(
        snapshot(BroadcastStatus.PAUSED).broadcast, history=(*HISTORY[:1], HistoryEntry("", AdminAction.UNPAID, AT))
    )
    yield "announcement, Stars used up", progress(BroadcastSnapshot(unpaid), t)
    yield "announcement at night", progress(snapshot(resumes_at=AT), t)
    later = Plan(13, PLAN.versions, Everyone(), starts=AT + timedelta(days=1))
    scheduled = BroadcastSnapshot(Broadcast(later, BroadcastStatus.SCHEDULED, SOME))
    yield "announcement to come", progress(scheduled, t)
    for command in (BroadcastCommand.START, BroadcastCommand.STOP, BroadcastCommand.RECALL):
        yield f"announcement, asking {command}", question(snapshot(), command, t)
    closed = tuple(ClosedDay(each.id, each.name, AT.date() + timedelta(days=n), n * 999) for n, each in enumerate(MANY))
    yield "closed days", closed_days(closed[1:3], t, None, AT.date())
    yield "closed days, many", closed_days(closed, t, AT.date(), AT.date())
    yield "closed days, not listed", closed_days((ClosedDay(777, "", AT.date(), 1),), t, None, AT.date())
    yield "closed days, none", closed_days((), t, None, AT.date())
    yield "closed days, nobody booked then", closed_days((), t, AT.date(), AT.date())
    yield "closed days, no day", no_day(t)
    told = replace(DRAFT, audience=DayVisitors(5, MANY[0].name, AT.date(), AT.date()), versions=())
    yield "composing, audience given", drawn(AskingMessage(), t, told)
    week = replace(DRAFT, audience=DayVisitors(5, "", AT.date(), AT.date() + timedelta(days=6)))
    yield "composing, review of a department's week", drawn(Reviewing(), t, week)
    staff = progress(snapshot(BroadcastStatus.DONE), t, with_report=False)
    yield "announcement of staff", staff
    yield "report of an announcement", report(snapshot(BroadcastStatus.RECALLED).broadcast, t)
    yield "announcements, listed", listing((snapshot(), scheduled), t)
    many = tuple(
        replace(scheduled, broadcast=replace(scheduled.broadcast, plan=replace(later, number=9_995 + n)))
        for n in range(LISTED)
    )
    yield "announcements, full list", listing(many, t, ListCursor(TO_COME, "2026-01-25T09:30", 12))
    yield "announcements, none", listing((), t)
