"""All that is remembered of one chat's conversation, and the one way in which it moves on. Knows no transition."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

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
