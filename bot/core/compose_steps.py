"""Small moves that composing makes from several places. Knows the order of the stages, not what leads where."""

from dataclasses import replace
from datetime import datetime

from bot.broadcast.compose_states import (
    AskingMessage,
    AskingNight,
    ChoosingAudience,
    Confirming,
    Draft,
    Remark,
    Reviewing,
    Stage,
)
from bot.broadcast.model import Audience
from bot.core.dates import is_night
from bot.core.wishes import Count, Show, Wish

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
