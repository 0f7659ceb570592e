"""The parsed updates, and the routing of admin commands. `bot.telegram.update_parser` makes these values.

Admin commands go through `AdminRouter`; for other users they do not exist. Each handler returns a change, or None if
the update is not for it; if no handler takes it, the admin is treated as a citizen. After a kill a handler may get the
same update again, so handling it twice must have the effect of once.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.app.records import Change, StoredUpdate
from bot.core.events import CitizenEvent


@dataclass(frozen=True, slots=True)
class FromCitizen:
    """An event for the conversation; `user_id` is who acted, `raw` the received message, used by admin handlers."""

    event: CitizenEvent
    user_id: int
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presence:
    """The citizen blocked the bot (`left`) or unblocked it."""

    left: bool


@dataclass(frozen=True, slots=True)
class FromGroup:
    """A command in a group; `topic` is the forum topic in which it was written."""

    locale: str
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An update that needs no answer."""


Inbound = FromCitizen | Presence | FromGroup | Ignored
UpdateParser = Callable[[StoredUpdate, datetime], Inbound]
"""Parses an update that arrived at the given office time. May raise any exception for an unreadable one."""


class AdminHandler(Protocol):
    """Handles some of the admin commands."""

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """The change, with messages in `Change.queued`; None if the update is not for this handler."""


class AdminRouter:
    """Passes updates of admins to the handlers, in their order. `admins` are Telegram user ids."""

    def __init__(self, admins: Collection[int], handlers: Iterable[AdminHandler]) -> None:
        self._admins = admins
        self._handlers = tuple(handlers)

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """The change of the first handler that takes the update; None if none does or the user is no admin."""
        if inbound.user_id not in self._admins:
            return None
        for handler in self._handlers:
            answer = await handler.handle(chat_id, inbound)
            if answer is not None:
                return answer
        return None
