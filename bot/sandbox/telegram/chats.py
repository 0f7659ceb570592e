"""Chats, the people in them, and the messages kept of each. It must not know HTTP, methods or updates."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.telegram.config import Citizen

JSON = dict[str, Any]


@dataclass(slots=True)
class Version:
    """How a message looked from `at` on."""

    at: float
    message: JSON


@dataclass(slots=True)
class Kept:
    """A message with everything that it ever looked like; `by_bot` tells whether the bot may edit it."""

    message: JSON
    shown_since: float
    by_bot: bool
    has_reply_keyboard: bool = False
    history: list[Version] = field(default_factory=list)
    deleted_at: float | None = None

    def replace(self, message: JSON, at: float) -> None:
        """Show another content from now on and remember the one before."""
        self.history.append(Version(self.shown_since, self.message))
        self.message = message
        self.shown_since = at


@dataclass(slots=True)
class Chat:
    """One conversation. The bot may write only where `started`, and not where it is `blocked`."""

    id: int
    type: str
    title: str | None = None
    person: Citizen | None = None
    started: bool = False
    blocked: bool = False
    messages: dict[int, Kept] = field(default_factory=dict)
    last_update: JSON | None = None
    keyboard: JSON | None = None

    def as_json(self) -> JSON:
        """Return the chat as it stands in a message."""
        if self.person is None:
            return {"id": self.id, "type": self.type, "title": self.title}
        names = user_json(self.person)
        return {
            "id": self.id,
            **{key: names[key] for key in ("first_name", "last_name", "username") if key in names},
            "type": "private",
        }

    def sender(self) -> JSON:
        """Return the person who writes in this private chat, as `from` of a message."""
        if self.person is None:
            raise LookupError(f"chat {self.id} is not a private one: say who writes")
        return user_json(self.person)


def user_json(person: Citizen) -> JSON:
    """Return the person as Telegram's `User`; what is unknown is left out, not null."""
    user: JSON = {"id": person.id, "is_bot": False, "first_name": person.first_name}
    for name in ("last_name", "username", "language_code"):
        if value := getattr(person, name):
            user[name] = value
    return user
