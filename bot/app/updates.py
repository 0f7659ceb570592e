"""What an update turns out to be, in the shell's words. `bot.telegram.update_parser` reads updates into these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.app.records import StoredUpdate
from bot.core.events import CitizenEvent


@dataclass(frozen=True, slots=True)
class FromCitizen:
    """Something for the conversation; `user_id` is who acted, `raw` the message as it came (staff send more)."""

    event: CitizenEvent
    user_id: int
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presence:
    """The citizen blocked the bot (`left`) or let it back in."""

    left: bool


@dataclass(frozen=True, slots=True)
class FromGroup:
    """A command in a group, where nothing private may be said."""

    locale: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that needs an answer."""


Inbound = FromCitizen | Presence | FromGroup | Ignored
Reader = Callable[[StoredUpdate, datetime], Inbound]
"""Reads an update that arrived at the given office time. May raise anything on what cannot be read."""
