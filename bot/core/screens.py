"""What can be on a phone: every state shows itself, and a few messages stand alone.

`LASTING` ones keep their buttons for ever (a ticket from last week still leads to cancelling it); all others are
bound to the screen's number.
"""

from dataclasses import dataclass

from bot.core.model import Ticket
from bot.core.session import Session
from bot.core.states import Notice, State


@dataclass(frozen=True, slots=True)
class Menu:
    """What can be done here; with a greeting after `/start`. `name` is the citizen's, where known."""

    greeting: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """The commands and what they do."""


@dataclass(frozen=True, slots=True)
class LanguageMenu:
    """The languages to choose from."""


@dataclass(frozen=True, slots=True)
class TicketShown:
    """The ticket, complete without any picture; `fresh` when it was just made."""

    ticket: Ticket
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class QrPicture:
    """The ticket's QR code as a picture, made from the link."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled."""

    ticket: Ticket
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A remark that stands alone."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Announcements:
    """Whether announcements come from now on, and the way back."""

    wanted: bool


LastingScreen = Help | LanguageMenu | TicketShown | QrPicture | Cancelled | Word | Announcements
LASTING = (Help, LanguageMenu, TicketShown, QrPicture, Cancelled, Word, Announcements)
Screen = State | Menu | LastingScreen


def present(session: Session) -> Screen:
    """The screen that the citizen should be seeing now."""
    return Menu() if session.state.kind == "idle" else session.state
