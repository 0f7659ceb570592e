"""All that is remembered of one chat's conversation, and the one way in which it moves on. Knows no transition.

A session as versioned JSON and back. Knows every state by its `kind`; knows nothing of where the JSON is kept.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from bot.core.states import BookingFlow, Flow, Idle

NOTHING = Idle()


@dataclass(frozen=True, slots=True)
class Session:
    """All that is remembered of one chat's conversation.

    `screen` numbers the present screen, so that buttons of earlier ones are known as such; `message` is the message
    that shows it, where known; `last_press` (message, screen, action) makes a press that the network repeated one
    press; `parked` is an unfinished booking that waits behind the appointments; `touched` is when the citizen last
    did something; `name` is the last name that was booked, `profile` the one that the phone shows; `announcements`
    whether broadcasts are wanted.
    """

    locale: str
    touched: datetime
    screen: int = 0
    flow: Annotated[Flow, Field(discriminator="kind")] = NOTHING
    parked: BookingFlow | None = None
    message: int | None = None
    last_press: tuple[int, int | None, str] | None = None
    name: str | None = None
    profile: str = ""
    chose_locale: bool = False
    announcements: bool = True

    def at(self, flow: Flow) -> "Session":
        """The same conversation moved on to `flow`: a new screen with a new number."""
        return replace(self, flow=flow, screen=self.screen + 1) if flow != self.flow else self


VERSION = 1
"""Raise it when a stored session can no longer be read as it is, and say in `read_session` what becomes of old ones."""


@cache
def _adapter() -> TypeAdapter[Session]:
    return TypeAdapter(Session)


def write_session(session: Session) -> str:
    """The session as JSON, led by its version."""
    return f"{VERSION}:{_adapter().dump_json(session).decode()}"


def read_session(text: str) -> Session | None:
    """The session, or None where the text is of another version or not a session at all."""
    version, _, body = text.partition(":")
    if version != str(VERSION):
        return None
    try:
        return _adapter().validate_json(body)
    except ValidationError:
        return None
