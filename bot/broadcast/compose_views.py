"""The stages of composing a broadcast, in words and buttons. Which button leads where is the core's."""

from datetime import datetime

from bot.broadcast import views as words
from bot.broadcast.callback_data import ComposeAction, encode_compose
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingLanguage,
    ChoosingOffice,
    ChoosingVersions,
    ComposeDraft,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
)
from bot.broadcast.composer import MAX_CAPTION, MAX_TEXT
from bot.core.dates import reaches_night
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import cause
from bot.views.message import CONAKRY, Button, Message, Office
from bot.views.text import department_name, lines, paragraphs

REASON = 150


def state(show: ShowDraft, t: Translator, now: datetime, office: Office = CONAKRY) -> Message:
    """The stage under its remark; `now` is office time. Without a draft, the remark alone."""
    notice = _remark(show, t) if show.notice else None
    if show.draft is None:
        return Message(notice or t.text("remark.cancelled"))
    text, rows = _drawn(show.draft, t, now, office)
    cancel = Button(
        t.label("button.bc_cancel"), encode_compose(show.draft.number, show.draft.turn, ComposeAction.CANCEL)
    )
    return Message(paragraphs(notice, text), (*rows, (cancel,)))


def _remark(show: ShowDraft, t: Translator) -> Safe:
    reason = keys.clip(show.reason, REASON)
    return t.text(f"remark.{show.notice}", text=MAX_TEXT, caption=MAX_CAPTION, reason=reason)


class _Keys:
    """Buttons of one draft's present stage."""

    def __init__(self, draft: ComposeDraft) -> None:
        self._draft = draft

    def button(self, label: str, ask: ComposeAction, value: str = "") -> Button:
        """A button that asks this of this stage and of no other."""
        return Button(label, encode_compose(self._draft.number, self._draft.turn, ask, value))

    def row(self, label: str, ask: ComposeAction, value: str = "") -> keys.Row:
        """A row of one."""
        return (self.button(label, ask, value),)


def _drawn(draft: ComposeDraft, t: Translator, now: datetime, office: Office) -> tuple[Safe, keys.Rows]:
    k = _Keys(draft)
    back = k.row(t.label("button.back"), ComposeAction.BACK)
    match draft.state:
        case AskingMessage(locale=""):
            again = (back,) if draft.versions and draft.audience else ()
            return paragraphs(t.text("bc.message"), t.text("bc.message_kinds")), again
        case AskingMessage(locale=locale):
            skip = k.row(t.label("button.bc_skip"), ComposeAction.SKIP)
            text = t.text("bc.message_in", language=words.language(t, locale))
            return paragraphs(text, t.text("bc.message_kinds")), (skip, back)
        case ChoosingVersions():
            each = (
                k.row(t.label("button.bc_is", language=name), ComposeAction.IS, locale) for locale, name in t.languages
            )
            one = k.row(t.label("button.bc_one"), ComposeAction.ONE)
            return paragraphs(t.text("bc.versions"), t.text("bc.versions_hint")), (one, *each, back)
        case Reviewing():
            return _reviewing(draft, t, k)
        case AskingTime():
            return paragraphs(t.text("bc.time"), t.text("bc.time_hint", city=office.city)), (back,)
        case AskingNight(starts=starts):
            rows = (
                k.row(t.label("button.bc_insist"), ComposeAction.INSIST),
                k.row(t.label("button.bc_later"), ComposeAction.LATER),
            )
            at = t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city) if starts else None
            return paragraphs(t.text("bc.night"), at, t.text("bc.night_hint")), (*rows, back)
        case ConfirmingSend(starts=starts):
            return _confirming(draft, starts, t, now, office, k)
        case _:
            return _audience(draft, t, k, back)


def _audience(draft: ComposeDraft, t: Translator, k: _Keys, back: keys.Row) -> tuple[Safe, keys.Rows]:
    match draft.state:
        case ChoosingOffice() as office:
            return _choosing_office(office, t, k, back)
        case ChoosingLanguage():
            named = (k.row(name, ComposeAction.LANGUAGE, locale) for locale, name in t.languages)
            return t.text("bc.language"), (*named, back)
        case AskingDays():
            today, tomorrow = (
                k.button(t.label("button.bc_today"), ComposeAction.TODAY),
                k.button(t.label("button.bc_tomorrow"), ComposeAction.TOMORROW),
            )
            return paragraphs(t.text("bc.days"), t.text("bc.days_hint")), ((today, tomorrow), back)
        case _:
            rows = (
                k.row(t.label("button.bc_everyone"), ComposeAction.EVERYONE),
                k.row(t.label("button.bc_language"), ComposeAction.LANGUAGE),
                k.row(t.label("button.bc_office"), ComposeAction.OFFICE),
                k.row(t.label("button.bc_days"), ComposeAction.DAYS),
            )
            return paragraphs(t.text("bc.audience"), t.text("bc.audience_hint")), (*rows, back)


def _choosing_office(state: ChoosingOffice, t: Translator, k: _Keys, back: keys.Row) -> tuple[Safe, keys.Rows]:
    if state.failure or not state.departments:
        why = cause(t, state.failure, CONAKRY) if state.failure else t.text("departments.none")
        retry = k.row(t.label("button.retry"), ComposeAction.RETRY)
        return paragraphs(t.text("failed.departments"), why), (retry, back)
    page = keys.Page.of(state.departments, state.page)
    buttons = [k.button(keys.clip(department_name(t, each)), ComposeAction.OFFICE, str(each.id)) for each in page.items]
    turning = []
    if page.number > 0:
        turning.append(k.button(t.label("button.page_before"), ComposeAction.PAGE, str(page.number - 1)))
    if page.number < page.count - 1:
        turning.append(k.button(t.label("button.page_after"), ComposeAction.PAGE, str(page.number + 1)))
    more = (tuple(turning),) if turning else ()
    return t.text("bc.office"), (*keys.columns(buttons), *more, back)


def _facts(draft: ComposeDraft, t: Translator) -> Safe:
    whom = words.audience(t, draft.audience) if draft.audience else None
    return lines(
        whom,
        t.text("bc.count", n=draft.count, count=words.number(draft.count)),
        t.text("bc.duration", duration=words.duration(t, draft.seconds)),
    )


def _reviewing(draft: ComposeDraft, t: Translator, k: _Keys) -> tuple[Safe, keys.Rows]:
    names = ", ".join(words.language(t, each.locale) for each in draft.versions if each.locale)
    text = paragraphs(
        t.text("bc.review"), t.text("bc.review_versions", languages=names) if names else None, _facts(draft, t)
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


def _confirming(  # noqa: PLR0913, PLR0917 — a drawing needs all of these
    draft: ComposeDraft, starts: datetime | None, t: Translator, now: datetime, office: Office, k: _Keys
) -> tuple[Safe, keys.Rows]:
    at = t.text("bc.at_once")
    if starts:
        at = t.text("bc.at", date=t.date_long(starts), time=t.time(starts), city=office.city)
    begin = starts or now
    by_day = draft.night or begin
    left = draft.seconds - (by_day - begin).total_seconds()
    night = t.text("bc.rests") if reaches_night(by_day, left) else None
    text = paragraphs(t.text("bc.confirm"), lines(_facts(draft, t), at), night)
    go = k.row(t.label("button.bc_go", n=draft.count, count=words.number(draft.count)), ComposeAction.GO)
    return text, (go, k.row(t.label("button.back"), ComposeAction.BACK))
