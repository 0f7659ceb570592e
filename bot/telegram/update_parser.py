"""Parses a raw update (Bot API, `Update`) into an event of the conversation.

It does not use `telegram.Update.de_json`: the bot needs six fields of an update with a dozen echoed buttons, and
building objects for the rest takes longer than all other work on it. An unreadable update raises and is set aside.
Knows nothing of sessions or screens.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from bot.app.records import StoredUpdate
from bot.app.updates import FromCitizen, FromGroup, Ignored, Inbound, Presence
from bot.core.callback_data import decode
from bot.core.events import CitizenEvent, Commanded, Courtesy, Pressed, SentSomething, Typed

Json = dict[str, Any]
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
SERVICE = frozenset({"pinned_message", "message_auto_delete_timer_changed", "new_chat_members", "left_chat_member"})
PROFILE_LENGTH = 128
TEXT_LENGTH = 4096
LARGEST = 2**63 - 1
"""The largest number that the databases can store; Telegram's ids have at most 52 bits (Bot API, `Chat.id`)."""


def is_numbered(update: Any) -> bool:
    """Whether the update can be stored in the inbox."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return isinstance(number, int) and 0 <= number <= LARGEST


def stored_update(update: Json) -> StoredUpdate:
    """The update as stored in the inbox. Only its id must be readable; an unreadable chat becomes 0."""
    chat_id = 0
    body: Any = next((update[kind] for kind in ALLOWED if update.get(kind)), {})
    if isinstance(body, dict):
        chat = (body.get("message") or body).get("chat") if isinstance(body.get("message") or body, dict) else None
        number = chat.get("id") if isinstance(chat, dict) else None
        chat_id = number if type(number) is int and abs(number) <= LARGEST else 0
    try:
        stored = to_json(_lean(update)).decode()
    except ValueError:
        stored = ""  # nested too deeply; the parser will set it aside
    return StoredUpdate(int(update["update_id"]), chat_id, stored)


def _lean(update: Json) -> Json:
    """Remove the echoed message from a press: the bot wrote it, and it is the largest part."""
    query = update.get("callback_query")
    if not isinstance(query, dict) or not isinstance(query.get("message"), dict):
        return update
    message = {key: query["message"].get(key) for key in ("message_id", "chat", "date")}
    return {**update, "callback_query": {**query, "message": message}}


def _is_automatic(message: Json, sender: Json) -> bool:
    """Whether no person wrote this: it comes from a bot, or is the copy of a channel's post in a discussion group.

    A person who writes as a group or a channel has a bot as sender, and a `sender_chat` (Bot API, `Message.from`).
    """
    return bool(message.get("is_automatic_forward") or (sender.get("is_bot") and not message.get("sender_chat")))


def _topic(message: Json) -> int | None:
    """The forum topic; the thread of a reply in other groups is none."""
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return topic if type(topic) is int and 0 < topic <= LARGEST else None


class TelegramUpdateParser:
    """Parses updates for the bot named `username`.

    `resolve` turns a phone's language into one that we speak; `courtesy` says whether a text only greets or thanks.
    """

    def __init__(
        self, username: str, resolve: Callable[[str], str], courtesy: Callable[[str], Courtesy | None] = lambda _: None
    ) -> None:
        self._username = username.lower()
        self._resolve = resolve
        self._courtesy = courtesy

    def __call__(self, update: StoredUpdate, at: datetime) -> Inbound:
        """Parse one update. Raises any exception for an unreadable one."""
        inbound = self._read(from_json(update.body), at)
        if isinstance(inbound, FromCitizen) and not update.chat_id:
            raise ValueError("no chat to answer in")
        return inbound

    def _read(self, raw: Json, at: datetime) -> Inbound:
        if query := raw.get("callback_query"):
            return self._pressed(query, at)
        if member := raw.get("my_chat_member"):
            return self._member(member)
        if message := raw.get("message"):
            return self._message(message, at)
        if edited := raw.get("edited_message"):
            return self._edited(edited, at)
        return Ignored()

    def _pressed(self, query: Json, at: datetime) -> Inbound:
        message = query.get("message")
        if not message or message["chat"]["type"] != "private":
            return Ignored()
        screen, action = decode(str(query.get("data", "")))
        about = self._about(query["from"])
        event = Pressed(at=at, screen=screen, action=action, message=int(message["message_id"]), **about)
        return FromCitizen(event, int(query["from"]["id"]))

    @staticmethod
    def _member(member: Json) -> Inbound:
        if member["chat"]["type"] != "private":
            return Ignored()
        return Presence(left=member["new_chat_member"]["status"] in {"kicked", "left"})

    def _edited(self, message: Json, at: datetime) -> Inbound:
        """Only text that was changed in a private chat may matter (Bot API, `Update.edited_message`)."""
        sender, text = message.get("from"), message.get("text")
        if not sender or sender.get("is_bot") or message["chat"]["type"] != "private" or not isinstance(text, str):
            return Ignored()
        number = int(message.get("message_id") or 0) or None
        event = Typed(at=at, text=text[:TEXT_LENGTH], message=number, edited=True, **self._about(sender))
        return FromCitizen(event, int(sender["id"]), message)

    def _message(self, message: Json, at: datetime) -> Inbound:
        sender = message.get("from")
        if not sender or _is_automatic(message, sender) or SERVICE & message.keys():
            return Ignored()
        command = self._command(message)
        if message["chat"]["type"] != "private":
            return (
                FromGroup(self._resolve(str(sender.get("language_code") or "")), _topic(message))
                if command
                else Ignored()
            )
        about = self._about(sender)
        event: CitizenEvent
        if command:
            event = Commanded(at=at, name=command[0], argument=command[1], **about)
        elif isinstance(text := message.get("text"), str):
            number = int(message.get("message_id") or 0) or None
            text = text[:TEXT_LENGTH]
            event = Typed(at=at, text=text, message=number, courtesy=self._courtesy(text), **about)
        else:
            event = SentSomething(at=at, **about)
        return FromCitizen(event, int(sender["id"]), message)

    def _command(self, message: Json) -> tuple[str, str] | None:
        """The command at the start of the text, if it is for this bot: its name and argument."""
        text = message.get("text")
        if not isinstance(text, str) or not text.startswith("/"):
            return None
        word, *rest = text[1:].split(maxsplit=1)[:2] or [""]
        name, at_sign, whose = word.partition("@")
        if at_sign and whose.lower() != self._username:
            return None
        return name.lower(), rest[0] if rest else ""

    def _about(self, sender: Json) -> Json:
        names = (str(sender.get("first_name") or ""), str(sender.get("last_name") or ""))
        profile = " ".join(each for each in names if each)[:PROFILE_LENGTH]
        return {"profile": profile, "language": self._resolve(str(sender.get("language_code") or ""))}
