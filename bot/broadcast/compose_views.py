"""The screens of the composer, one per state. Pure; `composer` decides what a button does."""

from datetime import datetime

from bot.broadcast.callback_data import ComposeAction, encode_compose
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingDepartment,
    ChoosingLanguage,
    ChoosingVersions,
    ChoosingVisitors,
    ComposeDraft,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
)
from bot.broadcast.composer import MAX_CAPTION, MAX_TEXT
from bot.broadcast.views import audience_line, duration, grouped, language_name
from bot.core.dates import reaches_night
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import cause
from bot.views.general import department_choices
from bot.views.message import CONAKRY, Button, Message, Office, Style
from bot.views.text import WORDS, lines, paragraphs

PER_PAGE = 5
"""Departments on a page; more rows than these would push the question out of a small screen."""
REASON = 150
"""Characters of Telegram's reason that are shown."""
STYLES = {ComposeAction.GO: Style.SUCCESS, ComposeAction.CANCEL: Style.DANGER}


def render(show: ShowDraft, t: Translator, now: datetime, office: Office = CONAKRY) -> Message:
    """The state below its notice; `now` is office time. Without a draft, the notice alone."""
    notice = _notice(show, t) if show.notice else None
    if show.draft is None:
        return Message(notice or t.text("remark.cancelled"))
    text, rows = _render_state(show.draft, t, now, office)
    cancel = _Buttons(show.draft).row(t.label("button.bc_cancel"), ComposeAction.CANCEL)
    return Message(paragraphs(notice, text), (*rows, cancel))


def _notice(show: ShowDraft, t: Translator) -> Safe:
    reason = keys.clip(show.reason, REASON)
    return t.text(f"remark.{show.notice}", text=MAX_TEXT, caption=MAX_CAPTION, reason=reason)


class _Buttons:
    """Buttons of one draft in its present state."""

    def __init__(self, draft: ComposeDraft) -> None:
        self._draft = draft

    def button(self, label: str, action: ComposeAction, value: str = "") -> Button:
        """A button that is valid in this state alone."""
        return Button(label, self.action(action, value), style=STYLES.get(action))

    def action(self, action: ComposeAction, value: str = "") -> str:
        """The action of such a button."""
        return encode_compose(self._draft.number, self._draft.turn, action, value)

    def row(self, label: str, action: ComposeAction, value: str = "") -> keys.Row:
        """The same as a row of its own."""
        return (self.button(label, action, value),)


def _render_state(draft: ComposeDraft, t: Translator, now: datetime, office: Office) -> tuple[Safe, keys.Rows]:
    k = _Buttons(draft)
    back = k.row(t.label("button.back"), ComposeAction.BACK)
    match draft.state:
        case AskingMessage(locale=""):
            again = (back,) if draft.versions and draft.audience else ()
            chosen = audience_line(t, draft.audience) if draft.audience else None
            title = lines(t.text("bc.message"), chosen, t.text("bc.message_kinds"))
            return paragraphs(title, t.text("bc.message_question")), again
        case AskingMessage(locale=locale):
            skip = k.row(t.label("button.bc_skip"), ComposeAction.SKIP)
            text = t.text("bc.message_in", language=language_name(t, locale))
            return paragraphs(t.text("bc.message_kinds"), text), (skip, back)
        case ChoosingVersions():
            each = (
                k.row(t.label("button.bc_is", language=name), ComposeAction.IS, locale) for locale, name in t.languages
            )
            one = k.row(t.label("button.bc_one"), ComposeAction.ONE)
            return paragraphs(t.text("bc.versions_hint"), t.text("bc.versions")), (one, *each, back)
        case Reviewing():
            return _reviewing(draft, t, k)
        case AskingTime():
            return paragraphs(t.text("bc.time_hint", city=office.city), t.text("bc.time")), (back,)
        case AskingNight(starts=starts):
            rows = (
                k.row(t.label("button.bc_insist"), ComposeAction.INSIST),
                k.row(t.label("button.bc_later"), ComposeAction.LATER),
            )
            at = t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city) if starts else None
            return paragraphs(at, t.text("bc.night_hint"), t.text("bc.night")), (*rows, back)
        case ConfirmingSend(starts=starts):
            return _confirming(draft, starts, t, now, office, k)
        case _:
            return _audience(draft, t, office, k, back)


def _audience(
    draft: ComposeDraft, t: Translator, office: Office, k: _Buttons, back: keys.Row
) -> tuple[Safe, keys.Rows]:
    match draft.state:
        case ChoosingDepartment() as state:
            return _choosing_department(state, t, office, k, back)
        case ChoosingVisitors(department=department):
            everyone, days = (
                k.row(t.label("button.bc_everyone"), ComposeAction.EVERYONE),
                k.row(t.label("button.bc_days"), ComposeAction.DAYS),
            )
            name = keys.clip(department.name, WORDS) or department.id
            text = paragraphs(t.text("bc.audience_hint"), t.text("bc.visitors", name=name))
            return text, (everyone, days, back)
        case ChoosingLanguage():
            named = (k.row(name, ComposeAction.LANGUAGE, locale) for locale, name in t.languages)
            return t.text("bc.language"), (*named, back)
        case AskingDays():
            today, tomorrow = (
                k.button(t.label("button.bc_today"), ComposeAction.TODAY),
                k.button(t.label("button.bc_tomorrow"), ComposeAction.TOMORROW),
            )
            return paragraphs(t.text("bc.days_hint"), t.text("bc.days")), ((today, tomorrow), back)
        case _:
            rows = (
                k.row(t.label("button.bc_everyone"), ComposeAction.EVERYONE),
                k.row(t.label("button.bc_language"), ComposeAction.LANGUAGE),
                k.row(t.label("button.bc_office"), ComposeAction.DEPARTMENT),
                k.row(t.label("button.bc_days"), ComposeAction.DAYS),
            )
            return paragraphs(t.text("bc.audience_hint"), t.text("bc.audience")), (*rows, back)


def _choosing_department(
    state: ChoosingDepartment, t: Translator, office: Office, k: _Buttons, back: keys.Row
) -> tuple[Safe, keys.Rows]:
    if state.failure or not state.departments:
        why = (
            (t.text("failed.departments"), cause(t, state.failure, office))
            if state.failure
            else (t.text("departments.none"),)
        )
        retry = k.row(t.label("button.retry"), ComposeAction.RETRY)
        return paragraphs(*why, t.text("failed.retry")), (retry, back)
    page = keys.Page.of(state.departments, state.page, PER_PAGE)
    rows, legend = department_choices(t, page.items, lambda number: k.action(ComposeAction.DEPARTMENT, str(number)))
    turning = []
    if page.number > 0:
        turning.append(k.button(t.label("button.page_before"), ComposeAction.PAGE, str(page.number - 1)))
    if page.number < page.count - 1:
        turning.append(k.button(t.label("button.page_after"), ComposeAction.PAGE, str(page.number + 1)))
    more = (tuple(turning),) if turning else ()
    return paragraphs(legend, t.text("bc.office")), (*rows, *more, back)


def _summary(draft: ComposeDraft, t: Translator) -> Safe:
    return lines(
        audience_line(t, draft.audience) if draft.audience else None,
        t.text("bc.count", n=draft.count, count=grouped(draft.count)),
        t.text("bc.duration", duration=duration(t, draft.seconds)),
    )


def _reviewing(draft: ComposeDraft, t: Translator, k: _Buttons) -> tuple[Safe, keys.Rows]:
    names = ", ".join(language_name(t, each.locale) for each in draft.versions if each.locale)
    text = paragraphs(
        lines(t.text("bc.review"), t.text("bc.review_versions", languages=names) if names else None),
        _summary(draft, t),
        t.text("bc.review_question"),
    )
    change = (
        k.button(t.label("button.bc_message"), ComposeAction.MESSAGE),
        k.button(t.label("button.bc_audience"), ComposeAction.AUDIENCE),
    )
    return text, (
        k.row(t.label("button.bc_now"), ComposeAction.NOW),
        k.row(t.label("button.bc_later"), ComposeAction.LATER),
        change,
    )


def _confirming(  # noqa: PLR0913, PLR0917 — the screen shows all of these
    draft: ComposeDraft, starts: datetime | None, t: Translator, now: datetime, office: Office, k: _Buttons
) -> tuple[Safe, keys.Rows]:
    at = t.text("bc.at_once")
    if starts:
        at = t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city)
    begin = starts or now
    by_day = draft.night or begin
    left = draft.seconds - (by_day - begin).total_seconds()
    night = t.text("bc.rests") if reaches_night(by_day, left) else None
    text = paragraphs(lines(_summary(draft, t), at), night, t.text("bc.confirm"))
    go = k.row(t.label("button.bc_go", n=draft.count, count=grouped(draft.count)), ComposeAction.GO)
    return text, (go, k.row(t.label("button.back"), ComposeAction.BACK))
