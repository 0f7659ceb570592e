"""What the buttons of the stages do while a broadcast is composed. What is typed or sent stands in `broadcasting`."""

from dataclasses import replace
from datetime import timedelta

from bot.broadcast.callback_data import Ask
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingLanguage,
    ChoosingOffice,
    ChoosingVersions,
    Confirming,
    Draft,
    Remark,
    Reviewing,
)
from bot.broadcast.model import Dated, Everyone, Speakers, Version, Visitors
from bot.core import callback_data
from bot.core.compose_steps import Step, choose, confirm, go, next_language, onward, show, unless_night
from bot.core.dates import night_of
from bot.core.wishes import Pushed, ReadOffices


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
