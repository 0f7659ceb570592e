"""Composing a broadcast: every transition stands here. `step(draft, happening) -> (draft, wishes)`, pure and total.

Rule: nothing goes out that was not previewed and confirmed with its number of recipients; a button of an earlier
stage changes nothing and shows the present one. No draft: nothing is being composed.

Small moves that composing makes from several places. Knows the order of the stages, not what leads where.

What the buttons of the stages do while a broadcast is composed. What is typed or sent stands in `broadcasting`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.broadcast.callback_data import Ask
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    Called,
    ChoosingAudience,
    ChoosingLanguage,
    ChoosingOffice,
    ChoosingVersions,
    Confirming,
    Count,
    Counted,
    Draft,
    Happening,
    Launch,
    OfficesRead,
    Preview,
    PreviewFailed,
    Pushed,
    ReadOffices,
    Remark,
    Reviewing,
    Sent,
    Show,
    Stage,
    Wish,
)
from bot.broadcast.model import Audience, Content, Dated, Everyone, Media, Speakers, Version, Visitors
from bot.core import callback_data
from bot.core.dates import is_night, night_of, read_days, read_moment

Step = tuple[Draft | None, tuple[Wish, ...]]
"""A draft as it is after something happened (None: nothing is composed), and what is asked for."""


def show(draft: Draft, message: int | None = None, remark: Remark | None = None, reason: str = "") -> Step:
    """Show the stage, in place of `message` where that is given."""
    return draft, (Show(draft, message, remark, reason),)


def go(draft: Draft, stage: Stage, message: int | None = None) -> Step:
    """Move on to `stage` and show it."""
    return show(draft.at(stage), message)


def next_language(draft: Draft, message: int | None = None) -> Step:
    """Ask for the version of a language that has none yet."""
    spoken = {each.locale for each in draft.versions}
    missing = next((locale for locale in draft.locales if locale not in spoken), None)
    return go(draft, AskingMessage(missing), message) if missing else onward(draft, message)


def onward(draft: Draft, message: int | None = None) -> Step:
    """The message is there: to the audience, or to the review where that is chosen already."""
    return choose(draft, draft.audience) if draft.audience else go(draft, ChoosingAudience(), message)


def choose(draft: Draft, audience: Audience) -> Step:
    """Count these, then send the preview: as messages of its own, below what was pressed."""
    return replace(draft, audience=audience), (Count(audience, Reviewing()),)


def unless_night(draft: Draft, starts: datetime | None, at: datetime, message: int | None = None) -> Step:
    """To the last question, but for the night."""
    if is_night(starts or at):
        return go(draft, AskingNight(starts), message)
    return confirm(draft, starts, message)


def confirm(draft: Draft, starts: datetime | None, message: int | None = None, *, confirmed: bool = False) -> Step:
    """Count again: the number that is confirmed is the number of now, and the one that gets it."""
    if draft.audience is None:
        return go(draft, ChoosingAudience(), message)
    return draft, (Count(draft.audience, Confirming(starts, again=confirmed), message, confirmed),)


def pushed(draft: Draft, event: Pushed) -> Step | None:
    """What a button of the present stage does; None where the stage has no such button."""
    ask, value, message = event.ask, event.value, event.message
    match draft.stage, ask:
        case AskingMessage(locale=locale), Ask.SKIP if locale:
            return onward(draft, message)
        case AskingMessage(locale=""), Ask.BACK if draft.versions and draft.audience:
            return choose(draft, draft.audience)
        case AskingMessage(locale=locale), Ask.BACK if locale:
            return go(replace(draft, versions=(Version("", draft.versions[0].content),)), ChoosingVersions(), message)
        case ChoosingVersions(), Ask.ONE:
            return onward(draft, message)
        case ChoosingVersions(), Ask.IS if value in draft.locales:
            first = Version(value, draft.versions[0].content)
            return next_language(replace(draft, versions=(first,)), message)
        case ChoosingVersions(), Ask.BACK:
            return go(draft, AskingMessage(), message)
        case ChoosingAudience(), _:
            return _audience_pushed(draft, event)
        case ChoosingLanguage() | ChoosingOffice() | AskingDays(), _:
            return _which_pushed(draft, event)
        case Reviewing() | AskingTime() | AskingNight() | Confirming(), _:
            return _ready_pushed(draft, event)
        case _:
            return None


def _audience_pushed(draft: Draft, event: Pushed) -> Step | None:
    message = event.message
    match draft.stage, event.ask:
        case ChoosingAudience(), Ask.EVERYONE:
            return choose(draft, Everyone())
        case ChoosingAudience(), Ask.LANGUAGE:
            return go(draft, ChoosingLanguage(), message)
        case ChoosingAudience(), Ask.OFFICE:
            return draft, (ReadOffices(message),)
        case ChoosingAudience(), Ask.DAYS:
            return go(draft, AskingDays(), message)
        case ChoosingAudience(), Ask.BACK:
            return choose(draft, draft.audience) if draft.audience else go(draft, AskingMessage(), message)
        case _:
            return None


def _which_pushed(draft: Draft, event: Pushed) -> Step | None:
    """Which language, which department, which days."""
    value, message = event.value, event.message
    match draft.stage, event.ask:
        case ChoosingOffice(), Ask.RETRY:
            return draft, (ReadOffices(message),)
        case ChoosingLanguage(), Ask.LANGUAGE if value in draft.locales:
            return choose(draft, Speakers(value))
        case ChoosingOffice() as stage, Ask.PAGE if (page := callback_data.number_in(value)) is not None:
            return go(draft, replace(stage, page=page), message)
        case ChoosingOffice(departments=departments), Ask.OFFICE:
            number = callback_data.number_in(value)
            chosen = next((each for each in departments if each.id == number), None)
            return choose(draft, Visitors(chosen.id, chosen.name)) if chosen else None
        case AskingDays(), Ask.TODAY:
            return choose(draft, Dated(event.at.date(), event.at.date()))
        case AskingDays(), Ask.TOMORROW:
            tomorrow = event.at.date() + timedelta(days=1)
            return choose(draft, Dated(tomorrow, tomorrow))
        case ChoosingLanguage() | ChoosingOffice() | AskingDays(), Ask.BACK:
            return go(draft, ChoosingAudience(), message)
        case _:
            return None


def _ready_pushed(draft: Draft, event: Pushed) -> Step | None:
    message, at = event.message, event.at
    match draft.stage, event.ask:
        case Reviewing(), Ask.MESSAGE:
            return go(draft, AskingMessage(), message)
        case Reviewing(), Ask.AUDIENCE:
            return go(draft, ChoosingAudience(), message)
        case Reviewing(), Ask.NOW:
            return unless_night(replace(draft, night=None), None, at, message)
        case (Reviewing() | AskingNight(), Ask.LATER):
            return go(replace(draft, night=None), AskingTime(), message)
        case AskingNight(starts=starts), Ask.INSIST:
            return confirm(replace(draft, night=night_of(starts or at)), starts, message)
        case Confirming(starts=starts), Ask.GO:
            if starts and starts <= at:
                return show(draft.at(AskingTime()), message, Remark.PAST)
            if draft.night != night_of(starts or at):
                # Night has fallen since, or the night is over for which the admin insisted.
                return unless_night(replace(draft, night=None), starts, at, message)
            return confirm(draft, starts, message, confirmed=True)
        case AskingTime() | AskingNight() | Confirming(), Ask.BACK:
            return go(draft, Reviewing(), message)
        case _:
            return None


MAX_TEXT, MAX_CAPTION = 4096, 1024
"""In UTF-16 units, as entities are counted: an emoji is two or more (Bot API: `sendMessage`, `sendPhoto`, …)."""
HORIZON = timedelta(days=366)


def step(draft: Draft | None, happening: Happening) -> Step:
    """What `happening` makes of the draft, and what is asked of the shell."""
    if draft is None:
        return _begin(happening) if isinstance(happening, Called) else (None, ())
    match happening:
        case Called():
            return show(replace(draft, aside=False), remark=Remark.RESUMED)
        case Sent():
            return _sent(draft, happening)
        case Pushed(turn=turn) if turn != draft.turn:
            return show(replace(draft, aside=False), remark=Remark.STALE)
        case Pushed(ask=Ask.CANCEL, message=message):
            return None, (Show(None, message, Remark.CANCELLED),)
        case Pushed(message=message):
            fresh = replace(draft, aside=False)
            return pushed(fresh, happening) or show(fresh, message)
        case OfficesRead(departments=departments, trouble=trouble, message=message):
            return go(draft, ChoosingOffice(departments, trouble=trouble), message)
        case Counted():
            return _counted(draft, happening)
        case _:
            return _not_shown(draft, happening)


def _begin(event: Called) -> Step:
    return show(Draft(event.number, event.locales))


# --- messages ------------------------------------------------------------------------------------------------------


def _sent(draft: Draft, event: Sent) -> Step:
    match draft.stage:
        case AskingMessage(locale=locale):
            content = event.content
            remark = content if isinstance(content, Remark) else unfit(content)
            if remark or isinstance(content, Remark):
                return show(draft, remark=remark)
            return _taken(draft, locale, content)
        case AskingDays():
            days = read_days(event.text, event.at.date())
            return choose(draft, Dated(*days)) if days else show(draft, remark=Remark.NO_DAY)
        case AskingTime():
            return _typed_time(draft, event)
        case _:
            return show(draft, remark=Remark.USE_BUTTONS)


def unfit(content: Content) -> Remark | None:
    """Why this cannot be sent, where its length alone tells."""
    length = len(content.text.encode("utf-16-le", "surrogatepass")) // 2
    if content.media is not Media.TEXT:
        return Remark.CAPTION_LONG if length > MAX_CAPTION else None
    if not content.text.strip():
        return Remark.TEXT_EMPTY
    return Remark.TEXT_LONG if length > MAX_TEXT else None


def _taken(draft: Draft, locale: str, content: Content) -> Step:
    if locale:
        return next_language(replace(draft, versions=(*draft.versions, Version(locale, content))))
    only = replace(draft, versions=(Version("", content),))
    return go(only, ChoosingVersions()) if len(draft.locales) > 1 else onward(only)


def _counted(draft: Draft, event: Counted) -> Step:
    counted = replace(draft, count=event.count, seconds=event.seconds)
    if not event.count:
        return show(replace(counted, audience=None).at(ChoosingAudience()), remark=Remark.NOBODY)
    if event.confirmed and isinstance(draft.stage, Confirming):
        # On a busy day somebody comes or goes at every moment: asked a second time, a hundredth is no other number.
        slack = draft.count // 100 if draft.stage.again else 0
        if abs(event.count - draft.count) <= slack:
            return None, (Launch(draft, draft.stage.starts, event.message or 0),)
        return show(counted.at(event.then), event.message, Remark.RECOUNTED)
    after = counted.at(event.then)
    if isinstance(event.then, Reviewing):
        return after, (Preview(after.versions), Show(after))
    return show(after, event.message)


def _not_shown(draft: Draft, event: PreviewFailed) -> Step:
    """What cannot be previewed cannot be sent."""
    if event.reason:
        return show(draft.at(AskingMessage()), remark=Remark.REFUSED, reason=event.reason)
    return show(draft.at(ChoosingAudience()), remark=Remark.NOT_SHOWN)


def _typed_time(draft: Draft, event: Sent) -> Step:
    starts = read_moment(event.text, event.at)
    if starts is None:
        return show(draft, remark=Remark.NO_TIME)
    if starts <= event.at:
        return show(draft, remark=Remark.PAST)
    return show(draft, remark=Remark.FAR) if starts - event.at > HORIZON else unless_night(draft, starts, event.at)
