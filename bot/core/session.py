"""The session of one chat, and its form as versioned JSON.

Knows every state by its `kind`; must not know the transitions, nor where the JSON is kept.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.core import known_names
from bot.core.json_codec import JsonCodec, rename_keys
from bot.core.known_names import KnownName, KnownNames
from bot.core.states import BookingState, Idle, State

NOTHING = Idle()


@dataclass(frozen=True, slots=True)
class Session:
    """All that is remembered of one chat's conversation.

    `screen` numbers the present screen, so that buttons of earlier ones are known as such; `message` is the message
    that shows it, if known; `offered` are the actions of its buttons, None if that is not known (an earlier
    release showed it, or nothing has shown it yet); `last_press` (message, screen, action) makes a press that the
    network repeated one press; `parked` is an unfinished booking that waits behind the appointments; `touched` is when
    the citizen last did something; `names` are those that were booked here, `profile` is the one that the phone shows;
    `announcements`, `reminders` and `ratings` (the question after a visit) tell whether these are wanted; `erasing`:
    all is to be erased when the pending attempt has its outcome.
    """

    locale: str
    touched: datetime
    screen: int = 0
    state: Annotated[State, Field(discriminator="kind")] = NOTHING
    parked: BookingState | None = None
    message: int | None = None
    offered: tuple[str, ...] | None = None
    last_press: tuple[int, int | None, str] | None = None
    names: KnownNames = ()
    profile: str = ""
    chose_locale: bool = False
    announcements: bool = True
    reminders: bool = True
    ratings: bool = True
    erasing: bool = False

    def at(self, state: State) -> "Session":
        """The same conversation moved on to `state`: a new screen with a new number."""
        return replace(self, state=state, screen=self.screen + 1, offered=None) if state != self.state else self


@dataclass(frozen=True, slots=True)
class _StoredSession(Session):
    """With the one name that the release before knows: it works on the same chats while this one is rolled out.

    `name` is the default of `names`, and `named` is its last use (None: an earlier release did not note it).
    """

    name: str | None = None
    named: datetime | None = None


_FIELDS = tuple(each.name for each in fields(Session))
_CODEC = JsonCodec(_StoredSession, (rename_keys({"flow": "state", "trouble": "failure", "problem": "code"}),))


def write_session(session: Session) -> str:
    """The session as JSON, led by its version."""
    own = known_names.find(session.names, known_names.default(session.names) or "")
    values = {each: getattr(session, each) for each in _FIELDS}
    return _CODEC.write(_StoredSession(**values, name=own.name if own else None, named=own.used if own else None))


def read_session(text: str) -> Session | None:
    """The session, or None if the text is of a newer release or not a session at all."""
    try:
        stored = _CODEC.read(text)
    except ValueError:
        return None
    session = Session(**{each: getattr(stored, each) for each in _FIELDS})
    if session.names or not stored.name:
        return session
    return replace(session, names=(KnownName(stored.name, stored.named or session.touched),))
