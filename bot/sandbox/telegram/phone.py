"""Actions of people on their phones, and the updates that Telegram creates for them. Must not know HTTP.

Raises `ValueError` for what a phone does not allow.
"""

from typing import Any

from bot.sandbox.telegram.chats import JSON, Chat, in_topic
from bot.sandbox.telegram.message_text import typed
from bot.sandbox.telegram.world import World

START = "/start"
ANONYMOUS_ADMIN: JSON = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""`from` of what an anonymous admin writes in a group; `sender_chat` is then the group itself."""


def author_of(chat: Chat, person: JSON | None = None, *, anonymous: bool = False) -> JSON:
    """Return who writes as a message contains it: `from`, `sender_chat` or both.

    A group needs a person or an anonymous admin; raises `LookupError` without one.
    """
    if chat.type == "channel":
        return {"sender_chat": chat.as_json()}
    if anonymous:
        return {"from": ANONYMOUS_ADMIN, "sender_chat": chat.as_json()}
    return {"from": person or chat.sender()}


def say(world: World, chat: Chat, text: str, author: JSON | None = None, topic: int | None = None) -> JSON:
    """Send a text. `/start` also unblocks the bot."""
    if not text.strip():
        raise ValueError("a phone does not send an empty text")
    if chat.blocked and chat.type == "private" and text.split(maxsplit=1)[0] == START:
        unblock(world, chat)
    return send(world, chat, typed(text.strip()), author, topic)


def send(world: World, chat: Chat, content: JSON, author: JSON | None = None, topic: int | None = None) -> JSON:
    """Send any content, for example a photo or a location; `topic` is a topic of a forum."""
    if chat.blocked:
        raise ValueError(f"chat {chat.id} has blocked the bot: unblock it or send /start")
    if topic is not None and topic not in chat.topics:
        raise ValueError(f"chat {chat.id} has no topic {topic}")
    chat.started = True
    message = world.add_message(chat, in_topic(topic, content), author=author or author_of(chat)).message
    return world.update(chat, {_kind(chat, "message", "channel_post"): message})


def edit(world: World, chat: Chat, message_id: int, text: str) -> JSON:
    """Edit a text that a person sent."""
    stored = chat.messages.get(message_id)
    if stored is None or stored.by_bot or "text" not in stored.message:
        raise ValueError(f"message {message_id} is no text of this person")
    rest = {key: value for key, value in stored.message.items() if key not in {"text", "entities"}}
    edited = world.edit_message(chat, stored, rest | typed(text))
    return world.update(chat, {_kind(chat, "edited_message", "edited_channel_post"): edited})


def _kind(chat: Chat, in_chat: str, in_channel: str) -> str:
    return in_channel if chat.type == "channel" else in_chat


def create_topic(world: World, chat: Chat, name: str, author: JSON) -> JSON:
    """Create a topic in a forum; its id is the number of the message that tells of it."""
    if not chat.is_forum:
        raise ValueError(f"chat {chat.id} is no forum")
    stored = world.add_message(chat, {}, author=author)
    topic = stored.message["message_id"]
    chat.topics[topic] = name
    stored.message |= in_topic(topic, {"forum_topic_created": {"name": name, "icon_color": 7_322_096}})
    return world.update(chat, {"message": stored.message})


def press(  # noqa: PLR0913 — what a press has
    world: World,
    chat: Chat,
    message_id: int | None,
    wanted: dict[str, str],
    *,
    forged: bool = False,
    person: JSON | None = None,
) -> JSON:
    """Press an inline button, found by `data` or `label` or both; `forged` sends data even if no button has it.

    Without `message_id` the newest message that has such a button is taken. `person` presses in a group.
    """
    if chat.blocked:
        raise ValueError(f"chat {chat.id} has blocked the bot")
    numbers = [message_id] if message_id is not None else sorted(chat.messages, reverse=True)
    for number in numbers:
        data = wanted["data"] if forged else _find_button(chat, number, wanted)
        if data is not None:
            return _pressed(world, chat, number, data, person or chat.sender())
    raise ValueError(f"no such button to press in chat {chat.id}: {wanted}")


def _find_button(chat: Chat, number: int, wanted: dict[str, str]) -> str | None:
    stored = chat.messages.get(number)
    if stored is None or stored.deleted_at is not None:
        return None
    for row in stored.message.get("reply_markup", {}).get("inline_keyboard", []):
        for button in row:
            matches = all(button.get(field) == wanted[key] for key, field in FIELDS.items() if key in wanted)
            if matches and "callback_data" in button:
                return str(button["callback_data"])
    return None


FIELDS = {"data": "callback_data", "label": "text"}


def _pressed(world: World, chat: Chat, number: int, data: str, person: JSON) -> JSON:
    stored = chat.messages.get(number)
    if stored is None or stored.deleted_at is not None:
        message = {"chat": chat.as_json(), "message_id": number, "date": 0}
    else:
        message = stored.message
    query: JSON = {
        "id": world.add_press(chat.id, number),
        "from": person,
        "message": message,
        "chat_instance": str(7_000_000 + chat.id),
        "data": data,
    }
    return world.update(chat, {"callback_query": query}, world.config.press_lives_seconds)


def resend(world: World, chat: Chat) -> JSON:
    """Send the last update again under a new number, as a phone does after losing its connection."""
    if chat.last_update is None:
        raise ValueError(f"chat {chat.id} has sent nothing yet")
    content = {key: value for key, value in chat.last_update.items() if key != "update_id"}
    if query := content.get("callback_query"):
        number = world.add_press(chat.id, query["message"]["message_id"])
        return world.update(chat, {"callback_query": {**query, "id": number}}, world.config.press_lives_seconds)
    return world.update(chat, content)


def block(world: World, chat: Chat, person: JSON | None = None) -> JSON | None:
    """Block the bot, or remove it from a group; `None` if that is done already."""
    return None if chat.blocked else _member(world, chat, person or chat.sender(), blocked=True)


def unblock(world: World, chat: Chat, person: JSON | None = None) -> JSON | None:
    """Unblock the bot, or add it to a group again; `None` if that is done already."""
    return _member(world, chat, person or chat.sender(), blocked=False) if chat.blocked else None


def _member(world: World, chat: Chat, person: JSON, *, blocked: bool) -> JSON:
    chat.blocked = blocked
    world.page_events.publish(chat.id, "blocked", blocked=blocked)
    out: dict[str, Any] = {"user": world.bot(), "status": "kicked", "until_date": 0}
    present = {"user": world.bot(), "status": "member"}
    content = {
        "chat": chat.as_json(),
        "from": person,
        "date": int(world.now()),
        "old_chat_member": present if blocked else out,
        "new_chat_member": out if blocked else present,
    }
    return world.update(None, {"my_chat_member": content})
