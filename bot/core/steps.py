"""Small moves that every flow makes: showing the present screen, starting a read. Knows no flow in particular."""

from bot.core.effects import Effect, Load, Show
from bot.core.notices import Notice
from bot.core.screens import Screen, present
from bot.core.session import Session
from bot.core.states import Flow

Step = tuple[Session, tuple[Effect, ...]]
"""A session as it is after an event, and what is asked for."""


def show(session: Session, notice: Notice | None = None, screen: Screen | None = None) -> Step:
    """Show the present screen (or `screen` in its place), where the session's message is or as a new one."""
    return session, (Show(screen or present(session), session.screen, session.message, notice),)


def go(session: Session, flow: Flow, notice: Notice | None = None) -> Step:
    """Move on to `flow` and show it."""
    return show(session.at(flow), notice)


def load(session: Session, flow: Flow, effect: Load) -> Step:
    """Wait in `flow` for the answer to `effect`; nothing is shown until it is there."""
    return session.at(flow), (effect,)
