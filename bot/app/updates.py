"""What an update turns out to be, in the shell's words. `bot.telegram.update_parser` reads updates into these.

What admins can do beyond what citizens can. For everybody else none of it exists.

Each desk looks at what an admin did and answers with a change, or says that it is not for it; then the admin is a
citizen like any other. A desk is asked again after a kill, so what it does must be the same when done twice.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.app.records import Change, StoredUpdate
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
    """A command in a group, where nothing private may be said; `topic` is the forum topic that it was written in."""

    locale: str
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that needs an answer."""


Inbound = FromCitizen | Presence | FromGroup | Ignored
UpdateParser = Callable[[StoredUpdate, datetime], Inbound]
"""Reads an update that arrived at the given office time. May raise anything on what cannot be read."""


class AdminHandler(Protocol):
    """One thing that admins can do."""

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """What to store and (`Change.queued`) to say, with what was done marked as done; None: not for this desk."""


class AdminRouter:
    """The desks, and who may come to them. `admins` are Telegram user ids."""

    def __init__(self, admins: Collection[int], desks: Iterable[AdminHandler]) -> None:
        self._admins = admins
        self._desks = tuple(desks)

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """Let the desks look at it, in their order."""
        if inbound.user_id not in self._admins:
            return None
        for desk in self._desks:
            answer = await desk.handle(chat_id, inbound)
            if answer is not None:
                return answer
        return None
