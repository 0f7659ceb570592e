"""Chats, the people in them and the messages stored for each. Knows nothing of HTTP, methods or updates."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.telegram.config import Person

JSON = dict[str, Any]


@dataclass(slots=True)
class Version:
    """A message as it was shown from the time `at` on."""

    at: float
    message: JSON


@dataclass(slots=True)
class StoredMessage:
    """A message with all its earlier versions. `by_bot`: the bot may edit it; `silent`: the phone does not ring."""

    message: JSON
    shown_since: float
    by_bot: bool
    has_reply_keyboard: bool = False
    silent: bool = False
    history: list[Version] = field(default_factory=list)
    deleted_at: float | None = None

    def replace(self, message: JSON, at: float) -> None:
        """Show other content from `at` on and keep the previous version."""
        self.history.append(Version(self.shown_since, self.message))
        self.message = message
        self.shown_since = at


@dataclass(slots=True)
class Chat:
    """One conversation. The bot may write if it is `started` and not `blocked`; `topics` are a forum's, by id."""

    id: int
    type: str
    title: str | None = None
    person: Person | None = None
    started: bool = False
    blocked: bool = False
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    last_update: JSON | None = None
    keyboard: JSON | None = None
    is_forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)

    def as_json(self) -> JSON:
        """Return the chat as a message contains it."""
        if self.person is None:
            group: JSON = {"id": self.id, "type": self.type, "title": self.title}
            return group | {"is_forum": True} if self.is_forum else group
        names = user_json(self.person)
        return {
            "id": self.id,
            **{key: names[key] for key in ("first_name", "last_name", "username") if key in names},
            "type": "private",
        }

    def sender(self) -> JSON:
        """Return the person of a private chat as `from` of a message; raises `LookupError` for other chats."""
        if self.person is None:
            raise LookupError(f"chat {self.id} is not a private one: say who writes")
        return user_json(self.person)


def user_json(person: Person) -> JSON:
    """Return the person as Telegram's `User`. Unknown fields are left out, not null."""
    user: JSON = {"id": person.id, "is_bot": False, "first_name": person.first_name}
    for name in ("last_name", "username", "language_code"):
        if value := getattr(person, name):
            user[name] = value
    return user


def in_topic(topic: int | None, content: JSON) -> JSON:
    """Return the content of a message in a forum topic; `None` stands for no topic."""
    return {"message_thread_id": topic, "is_topic_message": True, **content} if topic else content
