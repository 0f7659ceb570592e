"""All transitions of the composer: `step(draft, event) -> (draft, effects)`, pure and total.

Three rules: nothing is sent that was not previewed and confirmed with its number of recipients; a button of an earlier
state changes nothing and shows the present state; staff choose among the citizens of their departments only. Without a
draft nothing is being composed.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.broadcast.callback_data import ComposeAction
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
    ComposeEffect,
    ComposeEvent,
    ComposeNotice,
    ComposerOpened,
    ComposerPressed,
    ComposeState,
    ConfirmingSend,
    CountRecipients,
    DepartmentsLoaded,
    Launch,
    LoadDepartments,
    MessageReceived,
    PreviewRefused,
    RecipientsCounted,
    Reviewing,
    SendPreview,
    ShowDraft,
)
from bot.broadcast.model import (
    Audience,
    Content,
    Dated,
    DayVisitors,
    Everyone,
    Media,
    Speakers,
    Version,
    Visitors,
    department_of,
)
from bot.core import callback_data
from bot.core.dates import is_night, night_of, read_days, read_moment
from bot.core.model import Department

Step = tuple[ComposeDraft | None, tuple[ComposeEffect, ...]]
"""The draft after an event (None: nothing is being composed), and the effects to run."""

MAX_TEXT, MAX_CAPTION = 4096, 1024
"""In UTF-16 units, as entities are counted: an emoji is two or more (Bot API: `sendMessage`, `sendPhoto`, …)."""
HORIZON = timedelta(days=366)


def show(
    draft: ComposeDraft, message: int | None = None, notice: ComposeNotice | None = None, reason: str = ""
) -> Step:
    """Show the state, in place of `message` if given."""
    return draft, (ShowDraft(draft, message, notice, reason),)


def go(draft: ComposeDraft, state: ComposeState, message: int | None = None) -> Step:
    """Move on to `state` and show it."""
    return show(draft.at(state), message)


def next_language(draft: ComposeDraft, message: int | None = None) -> Step:
    """Ask for the version of the next language that has none yet."""
    written = {each.locale for each in draft.versions}
    missing = next((locale for locale in draft.locales if locale not in written), None)
    return go(draft, AskingMessage(missing), message) if missing else after_message(draft, message)


def after_message(draft: ComposeDraft, message: int | None = None) -> Step:
    """The message is complete: ask for the audience, or go to the review if it is already chosen."""
    return choose_audience(draft, draft.audience) if draft.audience else ask_audience(draft, message)


def ask_audience(draft: ComposeDraft, message: int | None = None, notice: ComposeNotice | None = None) -> Step:
    """Ask for the audience: of staff, whom of their departments' citizens."""
    return show(draft.at(_audience_question(draft)), message, notice)


def _audience_question(draft: ComposeDraft) -> ComposeState:
    if draft.within is None:
        return ChoosingAudience()
    if len(draft.within) == 1:
        return ChoosingVisitors(draft.within[0])
    return ChoosingDepartment(draft.within)


def limited(draft: ComposeDraft, within: tuple[Department, ...] | None) -> ComposeDraft:
    """The draft of somebody who may write to these departments' citizens only (None: to everybody).

    An audience, or a question, that was theirs before and is not any more is dropped.
    """
    draft = replace(draft, within=within)
    if within is None:
        return draft
    allowed = {each.id for each in within}
    if draft.audience is not None and department_of(draft.audience) not in allowed:
        draft = replace(draft, audience=None)
        return draft.at(_audience_question(draft) if draft.versions else AskingMessage())
    match draft.state:
        case ChoosingDepartment(departments=departments):
            is_theirs = {each.id for each in departments} <= allowed
        case ChoosingVisitors(department=department):
            is_theirs = department.id in allowed
        case AskingDays(department=department):
            is_theirs = department is not None and department.id in allowed
        case state:
            is_theirs = not isinstance(state, ChoosingAudience | ChoosingLanguage)
    return draft if is_theirs else draft.at(_audience_question(draft))


def choose_audience(draft: ComposeDraft, audience: Audience) -> Step:
    """Count the audience, then send the preview as new messages."""
    return replace(draft, audience=audience), (CountRecipients(audience, Reviewing()),)


def confirm_unless_night(
    draft: ComposeDraft, starts: datetime | None, at: datetime, message: int | None = None
) -> Step:
    """Ask for confirmation; at night ask about the night first."""
    if is_night(starts or at):
        return go(draft, AskingNight(starts), message)
    return confirm(draft, starts, message)


def confirm(
    draft: ComposeDraft, starts: datetime | None, message: int | None = None, *, confirmed: bool = False
) -> Step:
    """Count again, so that the admin confirms the present number of recipients."""
    if draft.audience is None:
        return ask_audience(draft, message)
    return draft, (CountRecipients(draft.audience, ConfirmingSend(starts, again=confirmed), message, confirmed),)


def pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    """Handle a button of the present state; None if the state has no such button."""
    value, message = event.value, event.message
    match draft.state, event.action:
        case AskingMessage(locale=locale), ComposeAction.SKIP if locale:
            return after_message(draft, message)
        case AskingMessage(locale=""), ComposeAction.BACK if draft.versions and draft.audience:
            return choose_audience(draft, draft.audience)
        case AskingMessage(locale=locale), ComposeAction.BACK if locale:
            return go(replace(draft, versions=(Version("", draft.versions[0].content),)), ChoosingVersions(), message)
        case ChoosingVersions(), ComposeAction.ONE:
            return after_message(draft, message)
        case ChoosingVersions(), ComposeAction.IS if value in draft.locales:
            first = Version(value, draft.versions[0].content)
            return next_language(replace(draft, versions=(first,)), message)
        case ChoosingVersions(), ComposeAction.BACK:
            return go(draft, AskingMessage(), message)
        case ChoosingAudience() | ChoosingVisitors(), _:
            return _audience_pressed(draft, event)
        case ChoosingLanguage() | ChoosingDepartment() | AskingDays(), _:
            return _day_pressed(draft, event) or _filter_pressed(draft, event)
        case Reviewing() | AskingTime() | AskingNight() | ConfirmingSend(), _:
            return _review_pressed(draft, event)
        case _:
            return None


def _audience_pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    message = event.message
    match draft.state, event.action:
        case ChoosingAudience(), ComposeAction.EVERYONE:
            return choose_audience(draft, Everyone())
        case ChoosingAudience(), ComposeAction.LANGUAGE:
            return go(draft, ChoosingLanguage(), message)
        case ChoosingAudience(), ComposeAction.DEPARTMENT:
            return draft, (LoadDepartments(message),)
        case ChoosingAudience(), ComposeAction.DAYS:
            return go(draft, AskingDays(), message)
        case ChoosingVisitors(department=department), ComposeAction.EVERYONE:
            return choose_audience(draft, Visitors(department.id, department.name))
        case ChoosingVisitors(department=department), ComposeAction.DAYS:
            return go(draft, AskingDays(department), message)
        case ChoosingVisitors(), ComposeAction.BACK if draft.within is None or len(draft.within) > 1:
            return ask_audience(draft, message)
        case (ChoosingAudience() | ChoosingVisitors(), ComposeAction.BACK):
            return _back_from_audience(draft, message)
        case _:
            return None


def _back_from_audience(draft: ComposeDraft, message: int) -> Step:
    return choose_audience(draft, draft.audience) if draft.audience else go(draft, AskingMessage(), message)


def _day_pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    """The buttons that name a day."""
    today, state = event.at.date(), draft.state
    tomorrow = today + timedelta(days=1)
    match state, event.action:
        case AskingDays(), ComposeAction.TODAY:
            return choose_audience(draft, _of_days(state, today, today))
        case AskingDays(), ComposeAction.TOMORROW:
            return choose_audience(draft, _of_days(state, tomorrow, tomorrow))
        case _:
            return None


def _filter_pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    """The buttons that choose a language or a department, and the ways back."""
    value, message = event.value, event.message
    match draft.state, event.action:
        case ChoosingDepartment(), ComposeAction.RETRY if draft.within is None:
            return draft, (LoadDepartments(message),)
        case ChoosingLanguage(), ComposeAction.LANGUAGE if value in draft.locales:
            return choose_audience(draft, Speakers(value))
        case ChoosingDepartment() as state, ComposeAction.PAGE if (page := callback_data.number_in(value)) is not None:
            return go(draft, replace(state, page=page), message)
        case ChoosingDepartment(departments=departments), ComposeAction.DEPARTMENT:
            number = callback_data.number_in(value)
            chosen = next((each for each in departments if each.id == number), None)
            if chosen and draft.within is not None:
                return go(draft, ChoosingVisitors(chosen), message)
            return choose_audience(draft, Visitors(chosen.id, chosen.name)) if chosen else None
        case AskingDays(department=Department() as department), ComposeAction.BACK:
            return go(draft, ChoosingVisitors(department), message)
        case ChoosingDepartment(), ComposeAction.BACK if draft.within is not None:
            return _back_from_audience(draft, message)
        case ChoosingLanguage() | ChoosingDepartment() | AskingDays(), ComposeAction.BACK:
            return go(draft, ChoosingAudience(), message)
        case _:
            return None


def _review_pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    message, at = event.message, event.at
    match draft.state, event.action:
        case Reviewing(), ComposeAction.MESSAGE:
            return go(draft, AskingMessage(), message)
        case Reviewing(), ComposeAction.AUDIENCE:
            return ask_audience(draft, message)
        case Reviewing(), ComposeAction.NOW:
            return confirm_unless_night(replace(draft, night=None), None, at, message)
        case (Reviewing() | AskingNight(), ComposeAction.LATER):
            return go(replace(draft, night=None), AskingTime(), message)
        case AskingNight(starts=starts), ComposeAction.INSIST:
            return confirm(replace(draft, night=night_of(starts or at)), starts, message)
        case ConfirmingSend(starts=starts), ComposeAction.GO:
            if starts and starts <= at:
                return show(draft.at(AskingTime()), message, ComposeNotice.PAST)
            if draft.night != night_of(starts or at):
                # Night fell since, or the night is over in which the admin allowed sending.
                return confirm_unless_night(replace(draft, night=None), starts, at, message)
            return confirm(draft, starts, message, confirmed=True)
        case AskingTime() | AskingNight() | ConfirmingSend(), ComposeAction.BACK:
            return go(draft, Reviewing(), message)
        case _:
            return None


def step(draft: ComposeDraft | None, event: ComposeEvent) -> Step:
    """The draft after `event`, and the effects to run."""
    if draft is None:
        return _begin(event) if isinstance(event, ComposerOpened) else (None, ())
    match event:
        case ComposerOpened(audience=None):
            return show(replace(draft, aside=False), notice=ComposeNotice.RESUMED)
        case ComposerOpened(audience=audience):
            return _given_audience(replace(draft, aside=False, audience=audience))
        case MessageReceived():
            return _received(draft, event)
        case ComposerPressed(turn=turn) if turn != draft.turn:
            return show(replace(draft, aside=False), notice=ComposeNotice.STALE)
        case ComposerPressed(action=ComposeAction.CANCEL, message=message):
            return None, (ShowDraft(None, message, ComposeNotice.CANCELLED),)
        case ComposerPressed(message=message):
            fresh = replace(draft, aside=False)
            return pressed(fresh, event) or show(fresh, message)
        case DepartmentsLoaded(departments=departments, failure=failure, message=message):
            return go(draft, ChoosingDepartment(departments, failure=failure), message)
        case RecipientsCounted():
            return _counted(draft, event)
        case _:
            return _preview_refused(draft, event)


def _begin(event: ComposerOpened) -> Step:
    return show(ComposeDraft(event.number, event.locales, audience=event.audience, within=event.within))


def _given_audience(draft: ComposeDraft) -> Step:
    """Go on with an audience that was chosen outside: to the review, or with the message if it is not written yet."""
    if draft.audience is None or isinstance(draft.state, AskingMessage | ChoosingVersions):
        return go(draft, draft.state)
    return choose_audience(draft, draft.audience)


def _of_days(state: AskingDays, first: date, last: date) -> Audience:
    department = state.department
    return DayVisitors(department.id, department.name, first, last) if department else Dated(first, last)


# --- messages ------------------------------------------------------------------------------------------------------


def _received(draft: ComposeDraft, event: MessageReceived) -> Step:
    match draft.state:
        case AskingMessage(locale=locale):
            content = event.content
            notice = content if isinstance(content, ComposeNotice) else why_unsendable(content)
            if notice or isinstance(content, ComposeNotice):
                return show(draft, notice=notice)
            return _keep_version(draft, locale, content)
        case AskingDays() as state:
            days = read_days(event.text, event.at.date())
            return choose_audience(draft, _of_days(state, *days)) if days else show(draft, notice=ComposeNotice.NO_DAY)
        case AskingTime():
            return _time_typed(draft, event)
        case _:
            return show(draft, notice=ComposeNotice.USE_BUTTONS)


def why_unsendable(content: Content) -> ComposeNotice | None:
    """Why a content of this length cannot be sent; None if it can."""
    length = len(content.text.encode("utf-16-le", "surrogatepass")) // 2
    if content.media is not Media.TEXT:
        return ComposeNotice.CAPTION_LONG if length > MAX_CAPTION else None
    if not content.text.strip():
        return ComposeNotice.TEXT_EMPTY
    return ComposeNotice.TEXT_LONG if length > MAX_TEXT else None


def _keep_version(draft: ComposeDraft, locale: str, content: Content) -> Step:
    if locale:
        return next_language(replace(draft, versions=(*draft.versions, Version(locale, content))))
    only = replace(draft, versions=(Version("", content),))
    return go(only, ChoosingVersions()) if len(draft.locales) > 1 else after_message(only)


def _counted(draft: ComposeDraft, event: RecipientsCounted) -> Step:
    counted = replace(draft, count=event.count, seconds=event.seconds)
    if not event.count:
        return ask_audience(replace(counted, audience=None), notice=ComposeNotice.NOBODY)
    if event.confirmed and isinstance(draft.state, ConfirmingSend):
        # On a busy day the number changes all the time, so the second time a change of 1 % is accepted.
        slack = draft.count // 100 if draft.state.again else 0
        if abs(event.count - draft.count) <= slack:
            return None, (Launch(draft, draft.state.starts, event.message or 0),)
        return show(counted.at(event.then), event.message, ComposeNotice.RECOUNTED)
    after = counted.at(event.then)
    if isinstance(event.then, Reviewing):
        return after, (SendPreview(after.versions), ShowDraft(after))
    return show(after, event.message)


def _preview_refused(draft: ComposeDraft, event: PreviewRefused) -> Step:
    """A message that cannot be shown cannot be sent; it may have been changed since."""
    if isinstance(draft.state, Reviewing | AskingTime | AskingNight | ConfirmingSend):
        return show(draft.at(AskingMessage()), notice=ComposeNotice.REFUSED, reason=event.reason)
    return draft, ()


def _time_typed(draft: ComposeDraft, event: MessageReceived) -> Step:
    starts = read_moment(event.text, event.at)
    if starts is None:
        return show(draft, notice=ComposeNotice.NO_TIME)
    if starts <= event.at:
        return show(draft, notice=ComposeNotice.PAST)
    return (
        show(draft, notice=ComposeNotice.FAR)
        if starts - event.at > HORIZON
        else confirm_unless_night(draft, starts, event.at)
    )
