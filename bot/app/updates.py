"""What an update turns out to be, in the shell's words. `bot.telegram.update_parser` reads updates into these.

What admins can do beyond what citizens can goes through `AdminRouter`; for everybody else none of it exists. Each
handler looks at what an admin did and answers with a change, or with None where it is not for it; then the admin is a
citizen like any other. A handler may be asked again after a kill, so doing the same twice must do it once.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.app.records import Change, StoredUpdate
from bot.core.events import CitizenEvent


@dataclass(frozen=True, slots=True)
class FromCitizen:
    """Something for the conversation; `user_id` is who acted, `raw` the message as it came (admins send more)."""

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
        """What to store and (`Change.queued`) to say; None where it is not for this handler."""


class AdminRouter:
    """The handlers, in their order, and who may reach them. `admins` are Telegram user ids."""

    def __init__(self, admins: Collection[int], handlers: Iterable[AdminHandler]) -> None:
        self._admins = admins
        self._handlers = tuple(handlers)

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """What the first handler answers whose business it is; None where it is none's, or not an admin's."""
        if inbound.user_id not in self._admins:
            return None
        for handler in self._handlers:
            answer = await handler.handle(chat_id, inbound)
            if answer is not None:
                return answer
        return None
