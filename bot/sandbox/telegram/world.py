"""The state of the stand-in: people, chats, messages, updates, files, presses. In memory; lost when the process ends.

Every change of state goes through here. Knows nothing of HTTP or of a method's parameters.
"""

import itertools
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.sandbox.telegram.chats import JSON, Chat, StoredMessage
from bot.sandbox.telegram.config import Person, TelegramSandbox
from bot.sandbox.telegram.faults import Faults
from bot.sandbox.telegram.files import Files
from bot.sandbox.telegram.page_events import EVERYONE, PageEvents
from bot.sandbox.telegram.profile import Profile
from bot.sandbox.telegram.rate_limits import RateLimiter
from bot.sandbox.telegram.updates import UpdateQueue
from bot.sandbox.telegram.webhook import Webhook, WebhookSender

CALLS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Press:
    """A press of a button; `answerCallbackQuery` is possible until `expires`, in seconds since the epoch."""

    chat_id: int
    message_id: int
    expires: float


class Call(NamedTuple):
    """A call in the log: `at` in seconds since the epoch, `client` as `host:port` (a reply to a webhook: "webhook")."""

    number: int
    at: float
    method: str
    status: int
    chat_id: int | None
    client: str

    def as_json(self) -> JSON:
        """Return the call by the names of its fields."""
        return self._asdict()


class World:
    """One bot and everybody who may write to it."""

    def __init__(self, config: TelegramSandbox) -> None:
        self.config = config
        number, _, secret = config.token.partition(":")
        if not (number.isdecimal() and secret):
            raise ValueError("a token is a number, a colon and a secret")
        self.bot_id = int(number)
        self.bot_username = config.bot_username
        self._ahead = 0.0
        self.chats: dict[int, Chat] = {}
        self.updates = UpdateQueue(self.now, first_id=100_000_001)
        self.limiter = RateLimiter(config.limits, self.now)
        self.faults = Faults(config.seed)
        self.files = Files()
        self.page_events = PageEvents()
        self.profile = Profile(config.bot_name)
        self.presses: dict[str, Press] = {}
        self.calls: Counter[tuple[str, int]] = Counter()
        self.call_log: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.webhook = Webhook()
        self.next_set_webhook = 0.0
        self.webhook_sender = WebhookSender(self.updates, self.faults, self.now, lambda: self.webhook)
        self._call_numbers = itertools.count(1)
        self._message_ids = itertools.count(1)
        self._press_ids = itertools.count(4_000_000_000_000_001)
        for person in config.people:
            self.add_person(person)

    def now(self) -> float:
        """Return the time of the sandbox's clock, in seconds since the epoch."""
        return self.config.clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._ahead += seconds
        self.webhook_sender.wake()

    def bot(self) -> JSON:
        """Return the bot as `from` of its messages."""
        bot: JSON = {"id": self.bot_id, "is_bot": True, "first_name": self.profile.name("")}
        return bot | {"username": self.bot_username} if self.bot_username else bot

    def add_person(self, person: Person, *, started: bool = False) -> Chat:
        """Add a person, or change an existing one and keep their chat."""
        chat = self.chats.get(person.id)
        if chat is None:
            chat = self.chats[person.id] = Chat(person.id, "private")
        chat.person = person
        chat.started = chat.started or started
        self.page_events.publish(EVERYONE, "people")
        return chat

    def add_message(
        self, chat: Chat, content: JSON, *, author: JSON, reply_keyboard: bool = False, silent: bool = False
    ) -> StoredMessage:
        """Give a message its number and date and store it in the chat.

        `author` holds `from`, `sender_chat` or both. The fields come in Telegram's order.
        """
        number = next(self._message_ids)
        now = self.now()
        message = {"message_id": number, **author, "chat": chat.as_json(), "date": int(now), **content}
        by_bot = author.get("from", {}).get("id") == self.bot_id
        stored = chat.messages[number] = StoredMessage(message, now, by_bot, reply_keyboard, silent)
        self.page_events.publish(chat.id, "message", message=message, by_bot=by_bot, silent=silent)
        return stored

    def edit_message(self, chat: Chat, stored: StoredMessage, message: JSON) -> JSON:
        """Show other content of a message from now on and keep the previous version."""
        now = self.now()
        edited = {**message, "edit_date": int(now)}
        stored.replace(edited, now)
        self.page_events.publish(chat.id, "edited", message=edited, by_bot=stored.by_bot, silent=stored.silent)
        return edited

    def delete_message(self, chat: Chat, stored: StoredMessage) -> None:
        """Remove a message from the screens; the transcript keeps it."""
        stored.deleted_at = self.now()
        self.page_events.publish(chat.id, "deleted", message_id=stored.message["message_id"])

    def update(self, chat: Chat | None, content: JSON, lives: float | None = None) -> JSON:
        """Queue an update for the bot and remember it as the last one of its chat; `lives` is in seconds."""
        update = self.updates.put(content, lives or self.config.update_lives_seconds)
        self.webhook_sender.wake()
        if chat is not None:
            chat.last_update = content
        return update

    def set_webhook(self, webhook: Webhook) -> None:
        """Send updates to this webhook from now on."""
        self.webhook = webhook
        self.webhook_sender.wake()

    def add_press(self, chat_id: int, message_id: int) -> str:
        """Return the id of a new press."""
        number = str(next(self._press_ids))
        self.presses[number] = Press(chat_id, message_id, self.now() + self.config.press_lives_seconds)
        return number

    def take_press(self, number: str) -> Press | None:
        """Remove a press and return it; `None` if it is unknown, answered or too old."""
        press = self.presses.pop(number, None)
        return press if press is not None and press.expires > self.now() else None

    def record_call(self, method: str, status: int, chat_id: int | None, client: str) -> None:
        """Count and log a call; status 0 means that no response was sent."""
        self.calls[method, status] += 1
        self.call_log.append(Call(next(self._call_numbers), self.now(), method, status, chat_id, client))

    def calls_json(self) -> dict[str, Any]:
        """Return the number of calls by method and status, and in all."""
        by_method: dict[str, dict[str, int]] = {}
        for (method, status), count in sorted(self.calls.items()):
            by_method.setdefault(method, {})[str(status)] = count
        return {
            "total": self.calls.total(),
            "methods": by_method,
            "rate_limited": self.limiter.refused,
        }
