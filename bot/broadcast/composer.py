"""Composing a broadcast: every transition stands here. `step(draft, event) -> (draft, effects)`, pure and total.

Rule: nothing goes out that was not previewed and confirmed with its number of recipients; a button of an earlier
stage changes nothing and shows the present one. No draft: nothing is being composed.

Small moves that composing makes from several places. Knows the order of the stages, not what leads where.

What the buttons of the stages do while a broadcast is composed. What is typed or sent stands in `broadcasting`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingLanguage,
    ChoosingOffice,
    ChoosingVersions,
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
    PreviewFailed,
    RecipientsCounted,
    Reviewing,
    SendPreview,
    ShowDraft,
)
from bot.broadcast.model import Audience, Content, Dated, Everyone, Media, Speakers, Version, Visitors
from bot.core import callback_data
from bot.core.dates import is_night, night_of, read_days, read_moment

Step = tuple[ComposeDraft | None, tuple[ComposeEffect, ...]]
"""A draft as it is after something happened (None: nothing is composed), and what is asked for."""


def show(
    draft: ComposeDraft, message: int | None = None, notice: ComposeNotice | None = None, reason: str = ""
) -> Step:
    """Show the stage, in place of `message` where that is given."""
    return draft, (ShowDraft(draft, message, notice, reason),)


def go(draft: ComposeDraft, state: ComposeState, message: int | None = None) -> Step:
    """Move on to `state` and show it."""
    return show(draft.at(state), message)


def next_language(draft: ComposeDraft, message: int | None = None) -> Step:
    """Ask for the version of a language that has none yet."""
    spoken = {each.locale for each in draft.versions}
    missing = next((locale for locale in draft.locales if locale not in spoken), None)
    return go(draft, AskingMessage(missing), message) if missing else onward(draft, message)


def onward(draft: ComposeDraft, message: int | None = None) -> Step:
    """The message is there: to the audience, or to the review where that is chosen already."""
    return choose(draft, draft.audience) if draft.audience else go(draft, ChoosingAudience(), message)


def choose(draft: ComposeDraft, audience: Audience) -> Step:
    """Count these, then send the preview: as messages of its own, below what was pressed."""
    return replace(draft, audience=audience), (CountRecipients(audience, Reviewing()),)


def unless_night(draft: ComposeDraft, starts: datetime | None, at: datetime, message: int | None = None) -> Step:
    """To the last question, but for the night."""
    if is_night(starts or at):
        return go(draft, AskingNight(starts), message)
    return confirm(draft, starts, message)


def confirm(
    draft: ComposeDraft, starts: datetime | None, message: int | None = None, *, confirmed: bool = False
) -> Step:
    """Count again: the number that is confirmed is the number of now, and the one that gets it."""
    if draft.audience is None:
        return go(draft, ChoosingAudience(), message)
    return draft, (CountRecipients(draft.audience, ConfirmingSend(starts, again=confirmed), message, confirmed),)


def pressed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    """What a button of the present stage does; None where the stage has no such button."""
    ask, value, message = event.ask, event.value, event.message
    match draft.state, ask:
        case AskingMessage(locale=locale), ComposeAction.SKIP if locale:
            return onward(draft, message)
        case AskingMessage(locale=""), ComposeAction.BACK if draft.versions and draft.audience:
            return choose(draft, draft.audience)
        case AskingMessage(locale=locale), ComposeAction.BACK if locale:
            return go(replace(draft, versions=(Version("", draft.versions[0].content),)), ChoosingVersions(), message)
        case ChoosingVersions(), ComposeAction.ONE:
            return onward(draft, message)
        case ChoosingVersions(), ComposeAction.IS if value in draft.locales:
            first = Version(value, draft.versions[0].content)
            return next_language(replace(draft, versions=(first,)), message)
        case ChoosingVersions(), ComposeAction.BACK:
            return go(draft, AskingMessage(), message)
        case ChoosingAudience(), _:
            return _audience_pushed(draft, event)
        case ChoosingLanguage() | ChoosingOffice() | AskingDays(), _:
            return _which_pushed(draft, event)
        case Reviewing() | AskingTime() | AskingNight() | ConfirmingSend(), _:
            return _ready_pushed(draft, event)
        case _:
            return None


def _audience_pushed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    message = event.message
    match draft.state, event.ask:
        case ChoosingAudience(), ComposeAction.EVERYONE:
            return choose(draft, Everyone())
        case ChoosingAudience(), ComposeAction.LANGUAGE:
            return go(draft, ChoosingLanguage(), message)
        case ChoosingAudience(), ComposeAction.OFFICE:
            return draft, (LoadDepartments(message),)
        case ChoosingAudience(), ComposeAction.DAYS:
            return go(draft, AskingDays(), message)
        case ChoosingAudience(), ComposeAction.BACK:
            return choose(draft, draft.audience) if draft.audience else go(draft, AskingMessage(), message)
        case _:
            return None


def _which_pushed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    """Which language, which department, which days."""
    value, message = event.value, event.message
    match draft.state, event.ask:
        case ChoosingOffice(), ComposeAction.RETRY:
            return draft, (LoadDepartments(message),)
        case ChoosingLanguage(), ComposeAction.LANGUAGE if value in draft.locales:
            return choose(draft, Speakers(value))
        case ChoosingOffice() as state, ComposeAction.PAGE if (page := callback_data.number_in(value)) is not None:
            return go(draft, replace(state, page=page), message)
        case ChoosingOffice(departments=departments), ComposeAction.OFFICE:
            number = callback_data.number_in(value)
            chosen = next((each for each in departments if each.id == number), None)
            return choose(draft, Visitors(chosen.id, chosen.name)) if chosen else None
        case AskingDays(), ComposeAction.TODAY:
            return choose(draft, Dated(event.at.date(), event.at.date()))
        case AskingDays(), ComposeAction.TOMORROW:
            tomorrow = event.at.date() + timedelta(days=1)
            return choose(draft, Dated(tomorrow, tomorrow))
        case ChoosingLanguage() | ChoosingOffice() | AskingDays(), ComposeAction.BACK:
            return go(draft, ChoosingAudience(), message)
        case _:
            return None


def _ready_pushed(draft: ComposeDraft, event: ComposerPressed) -> Step | None:
    message, at = event.message, event.at
    match draft.state, event.ask:
        case Reviewing(), ComposeAction.MESSAGE:
            return go(draft, AskingMessage(), message)
        case Reviewing(), ComposeAction.AUDIENCE:
            return go(draft, ChoosingAudience(), message)
        case Reviewing(), ComposeAction.NOW:
            return unless_night(replace(draft, night=None), None, at, message)
        case (Reviewing() | AskingNight(), ComposeAction.LATER):
            return go(replace(draft, night=None), AskingTime(), message)
        case AskingNight(starts=starts), ComposeAction.INSIST:
            return confirm(replace(draft, night=night_of(starts or at)), starts, message)
        case ConfirmingSend(starts=starts), ComposeAction.GO:
            if starts and starts <= at:
                return show(draft.at(AskingTime()), message, ComposeNotice.PAST)
            if draft.night != night_of(starts or at):
                # Night has fallen since, or the night is over for which the admin insisted.
                return unless_night(replace(draft, night=None), starts, at, message)
            return confirm(draft, starts, message, confirmed=True)
        case AskingTime() | AskingNight() | ConfirmingSend(), ComposeAction.BACK:
            return go(draft, Reviewing(), message)
        case _:
            return None


MAX_TEXT, MAX_CAPTION = 4096, 1024
"""In UTF-16 units, as entities are counted: an emoji is two or more (Bot API: `sendMessage`, `sendPhoto`, …)."""
HORIZON = timedelta(days=366)


def step(draft: ComposeDraft | None, event: ComposeEvent) -> Step:
    """What `event` makes of the draft, and what is asked of the shell."""
    if draft is None:
        return _begin(event) if isinstance(event, ComposerOpened) else (None, ())
    match event:
        case ComposerOpened():
            return show(replace(draft, aside=False), notice=ComposeNotice.RESUMED)
        case MessageReceived():
            return _sent(draft, event)
        case ComposerPressed(turn=turn) if turn != draft.turn:
            return show(replace(draft, aside=False), notice=ComposeNotice.STALE)
        case ComposerPressed(ask=ComposeAction.CANCEL, message=message):
            return None, (ShowDraft(None, message, ComposeNotice.CANCELLED),)
        case ComposerPressed(message=message):
            fresh = replace(draft, aside=False)
            return pressed(fresh, event) or show(fresh, message)
        case DepartmentsLoaded(departments=departments, failure=failure, message=message):
            return go(draft, ChoosingOffice(departments, failure=failure), message)
        case RecipientsCounted():
            return _counted(draft, event)
        case _:
            return _not_shown(draft, event)


def _begin(event: ComposerOpened) -> Step:
    return show(ComposeDraft(event.number, event.locales))


# --- messages ------------------------------------------------------------------------------------------------------


def _sent(draft: ComposeDraft, event: MessageReceived) -> Step:
    match draft.state:
        case AskingMessage(locale=locale):
            content = event.content
            notice = content if isinstance(content, ComposeNotice) else unfit(content)
            if notice or isinstance(content, ComposeNotice):
                return show(draft, notice=notice)
            return _taken(draft, locale, content)
        case AskingDays():
            days = read_days(event.text, event.at.date())
            return choose(draft, Dated(*days)) if days else show(draft, notice=ComposeNotice.NO_DAY)
        case AskingTime():
            return _typed_time(draft, event)
        case _:
            return show(draft, notice=ComposeNotice.USE_BUTTONS)


def unfit(content: Content) -> ComposeNotice | None:
    """Why this cannot be sent, where its length alone tells."""
    length = len(content.text.encode("utf-16-le", "surrogatepass")) // 2
    if content.media is not Media.TEXT:
        return ComposeNotice.CAPTION_LONG if length > MAX_CAPTION else None
    if not content.text.strip():
        return ComposeNotice.TEXT_EMPTY
    return ComposeNotice.TEXT_LONG if length > MAX_TEXT else None


def _taken(draft: ComposeDraft, locale: str, content: Content) -> Step:
    if locale:
        return next_language(replace(draft, versions=(*draft.versions, Version(locale, content))))
    only = replace(draft, versions=(Version("", content),))
    return go(only, ChoosingVersions()) if len(draft.locales) > 1 else onward(only)


def _counted(draft: ComposeDraft, event: RecipientsCounted) -> Step:
    counted = replace(draft, count=event.count, seconds=event.seconds)
    if not event.count:
        return show(replace(counted, audience=None).at(ChoosingAudience()), notice=ComposeNotice.NOBODY)
    if event.confirmed and isinstance(draft.state, ConfirmingSend):
        # On a busy day somebody comes or goes at every moment: asked a second time, a hundredth is no other number.
        slack = draft.count // 100 if draft.state.again else 0
        if abs(event.count - draft.count) <= slack:
            return None, (Launch(draft, draft.state.starts, event.message or 0),)
        return show(counted.at(event.then), event.message, ComposeNotice.RECOUNTED)
    after = counted.at(event.then)
    if isinstance(event.then, Reviewing):
        return after, (SendPreview(after.versions), ShowDraft(after))
    return show(after, event.message)


def _not_shown(draft: ComposeDraft, event: PreviewFailed) -> Step:
    """What cannot be previewed cannot be sent."""
    if event.reason:
        return show(draft.at(AskingMessage()), notice=ComposeNotice.REFUSED, reason=event.reason)
    return show(draft.at(ChoosingAudience()), notice=ComposeNotice.NOT_SHOWN)


def _typed_time(draft: ComposeDraft, event: MessageReceived) -> Step:
    starts = read_moment(event.text, event.at)
    if starts is None:
        return show(draft, notice=ComposeNotice.NO_TIME)
    if starts <= event.at:
        return show(draft, notice=ComposeNotice.PAST)
    return (
        show(draft, notice=ComposeNotice.FAR) if starts - event.at > HORIZON else unless_night(draft, starts, event.at)
    )
