"""All that the stand-in remembers: people, chats, messages, updates, files, presses. In memory, gone when it ends.

The one place where things change together; it must not know HTTP or how a method's parameters look.
"""

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.sandbox.telegram.chats import JSON, Chat, Kept
from bot.sandbox.telegram.config import Citizen, TelegramSandbox
from bot.sandbox.telegram.faults import Faults
from bot.sandbox.telegram.files import Files
from bot.sandbox.telegram.page_events import EVERYONE, Feed
from bot.sandbox.telegram.profile import Profile
from bot.sandbox.telegram.rate_limits import Limiter
from bot.sandbox.telegram.updates import UpdateQueue


@dataclass(frozen=True, slots=True)
class Press:
    """A button press that waits for `answerCallbackQuery` until `expires`."""

    chat_id: int
    message_id: int
    expires: float


class World:
    """One bot and everybody who may write to it."""

    def __init__(self, config: TelegramSandbox) -> None:
        self.config = config
        self.bot_id = int(config.token.partition(":")[0])
        self._ahead = 0.0
        self.chats: dict[int, Chat] = {}
        self.updates = UpdateQueue(self.now, first_id=100_000_001)
        self.limiter = Limiter(config.limits, self.now)
        self.faults = Faults(config.seed)
        self.files = Files()
        self.feed = Feed()
        self.profile = Profile(config.bot_name)
        self.presses: dict[str, Press] = {}
        self.calls: Counter[tuple[str, int]] = Counter()
        self.webhook: JSON = {"url": "", "has_custom_certificate": False}
        self._message_ids = itertools.count(1)
        self._press_ids = itertools.count(4_000_000_000_000_001)
        for person in config.people:
            self.add_person(person)

    def now(self) -> float:
        """Return the time, in seconds since the epoch, on the sandbox's clock."""
        return self.config.clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._ahead += seconds

    def bot(self) -> JSON:
        """Return the bot as it stands in `from` of its messages."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": self.profile.name(""),
            "username": self.config.bot_username,
        }

    def add_person(self, person: Citizen, *, started: bool = False) -> Chat:
        """Add somebody, or change who they are; the chat with them stays what it was."""
        chat = self.chats.get(person.id)
        if chat is None:
            chat = self.chats[person.id] = Chat(person.id, "private")
        chat.person = person
        chat.started = chat.started or started
        self.feed.publish(EVERYONE, "people")
        return chat

    def keep(self, chat: Chat, content: JSON, *, sender: JSON | None, reply_keyboard: bool = False) -> Kept:
        """Number a message, date it, and keep it in the chat; the order of its fields is Telegram's."""
        number = next(self._message_ids)
        now = self.now()
        message: JSON = {"message_id": number}
        if sender is not None:
            message["from"] = sender
        message["chat"] = chat.as_json()
        message["date"] = int(now)
        message |= content
        by_bot = sender is not None and sender["id"] == self.bot_id
        kept = chat.messages[number] = Kept(message, now, by_bot, has_reply_keyboard=reply_keyboard)
        self.feed.publish(chat.id, "message", message=message, by_bot=by_bot)
        return kept

    def replace(self, chat: Chat, kept: Kept, message: JSON) -> JSON:
        """Show the message with another content from now on, and remember how it was."""
        now = self.now()
        edited = {**message, "edit_date": int(now)}
        kept.replace(edited, now)
        self.feed.publish(chat.id, "edited", message=edited, by_bot=kept.by_bot)
        return edited

    def delete(self, chat: Chat, kept: Kept) -> None:
        """Take a message out of everybody's sight; the transcript keeps it."""
        kept.deleted_at = self.now()
        self.feed.publish(chat.id, "deleted", message_id=kept.message["message_id"])

    def update(self, chat: Chat | None, content: JSON, lives: float | None = None) -> JSON:
        """Queue an update for the bot and remember it as the last one of its chat."""
        update = self.updates.put(content, lives or self.config.update_lives_seconds)
        if chat is not None:
            chat.last_update = content
        return update

    def add_press(self, chat_id: int, message_id: int) -> str:
        """Return the id of a new press that can be answered for a while."""
        number = str(next(self._press_ids))
        self.presses[number] = Press(chat_id, message_id, self.now() + self.config.press_lives_seconds)
        return number

    def take_press(self, number: str) -> Press | None:
        """Return the press and forget it; `None` when it is unknown, answered or too old."""
        press = self.presses.pop(number, None)
        return press if press is not None and press.expires > self.now() else None

    def count(self, method: str, status: int) -> None:
        """Count a call by its method and outcome; status 0 stands for a dropped connection."""
        self.calls[method, status] += 1

    def calls_json(self) -> dict[str, Any]:
        """Return the calls by method and status, and in all."""
        by_method: dict[str, dict[str, int]] = {}
        for (method, status), count in sorted(self.calls.items()):
            by_method.setdefault(method, {})[str(status)] = count
        return {
            "total": self.calls.total(),
            "methods": by_method,
            "rate_limited": self.limiter.refused,
        }
