"""Composing a broadcast: every transition stands here. `step(draft, happening) -> (draft, wishes)`, pure and total.

Rule: nothing goes out that was not previewed and confirmed with its number of recipients; a button of an earlier
stage changes nothing and shows the present one. No draft: nothing is being composed.
"""

from dataclasses import replace
from datetime import timedelta

from bot.broadcast.callback_data import Ask
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingTime,
    ChoosingAudience,
    ChoosingOffice,
    ChoosingVersions,
    Confirming,
    Draft,
    Remark,
    Reviewing,
)
from bot.broadcast.model import Content, Dated, Media, Version
from bot.core import compose_buttons
from bot.core.compose_steps import Step, choose, go, next_language, onward, show, unless_night
from bot.core.dates import read_days, read_moment
from bot.core.wishes import Called, Counted, Happening, Launch, OfficesRead, Preview, PreviewFailed, Pushed, Sent, Show

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
            return compose_buttons.pushed(fresh, happening) or show(fresh, message)
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
