"""Shared by the methods: how one is declared, how its chat and message are found, how a message is sent."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from bot.sandbox.telegram.chats import JSON, Chat, StoredMessage, in_topic
from bot.sandbox.telegram.errors import bad_request, forbidden
from bot.sandbox.telegram.markup import read_markup
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

Handler = Callable[[World, Params], Any] | Callable[[World, Params], Awaitable[Any]]

SENDING = (
    "chat_id message_thread_id direct_messages_topic_id business_connection_id disable_notification protect_content "
    "allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_to_message_id "
    "allow_sending_without_reply reply_markup"
)
"""Parameters of every sending method, those included that the sandbox accepts and ignores."""

REPLY_FIELDS = frozenset({"message_id", "chat_id", "allow_sending_without_reply"})


class Method(NamedTuple):
    """A method of the Bot API. The handler returns `result` or raises `TelegramError`; it is async if it `waits`."""

    name: str
    parameters: frozenset[str]
    handler: Handler
    waits: bool = False


def method(name: str, handler: Handler, parameters: str = "", *, waits: bool = False) -> Method:
    """Declare a method; `parameters` are names separated by spaces."""
    return Method(name, frozenset(parameters.split()), handler, waits)


def find_chat(world: World, params: Params, name: str = "chat_id") -> Chat:
    """Return a chat that has written to the bot. Telegram refuses every other one as not found."""
    if not params.text(name):
        raise bad_request(f"{name} is empty")
    try:
        chat = world.chats.get(int(params.text(name)))
    except ValueError:
        chat = None
    if chat is None or not chat.started:
        raise bad_request("chat not found")
    return chat


def find_message(chat: Chat, number: int, missing: str) -> StoredMessage:
    """Return a message that is not deleted, or refuse with the text `missing`."""
    stored = chat.messages.get(number)
    if stored is None or stored.deleted_at is not None:
        raise bad_request(missing)
    return stored


def check_not_blocked(chat: Chat) -> None:
    """Refuse to write to a person who has blocked the bot, or to a group that has removed it."""
    if chat.blocked:
        raise forbidden(
            "bot was blocked by the user" if chat.type == "private" else f"bot was kicked from the {chat.type} chat"
        )


def send(world: World, params: Params, chat: Chat, content: JSON) -> StoredMessage:
    """Check keyboard, topic, reply, blocking and rate limits, in this order, and add the message to the chat."""
    markup = read_markup(params.json("reply_markup"))
    topic = _topic(params, chat)
    reply = _message_replied_to(params, chat)
    check_not_blocked(chat)
    world.limiter.charge_message(chat.id, paid=params.flag("allow_paid_broadcast"))
    is_inline = markup is not None and "inline_keyboard" in markup
    if reply is not None:
        content = {"reply_to_message": reply, **content}
        topic = topic or reply.get("message_thread_id")
    content = in_topic(topic, content)
    if is_inline:
        content = {**content, "reply_markup": markup}
    has_reply_keyboard = markup is not None and not is_inline
    stored = world.add_message(
        chat,
        content,
        author={"from": world.bot()},
        reply_keyboard=has_reply_keyboard,
        silent=params.flag("disable_notification"),
    )
    if markup is not None and not is_inline:
        # Telegram does not return a reply keyboard in the message, but the phone shows it.
        chat.keyboard = markup if "keyboard" in markup else None
        world.page_events.publish(chat.id, "keyboard", keyboard=chat.keyboard)
    return stored


def _message_replied_to(params: Params, chat: Chat) -> JSON | None:
    number, allow_without = _reply_parameters(params, chat)
    if not number:
        return None
    stored = chat.messages.get(number)
    if stored is None or stored.deleted_at is not None:
        if allow_without:
            return None
        raise bad_request("message to be replied not found")
    return {key: value for key, value in stored.message.items() if key != "reply_to_message"}


def _reply_parameters(params: Params, chat: Chat) -> tuple[int, bool]:
    """Return the number of the message to reply to, 0 for none, and whether it may be missing."""
    asked = params.json("reply_parameters")
    if asked is None:
        return params.integer("reply_to_message_id", 0), params.flag("allow_sending_without_reply")
    if not isinstance(asked, dict):
        raise bad_request("object expected as reply parameters")
    if not asked:
        return 0, False
    if unknown := asked.keys() - REPLY_FIELDS:
        raise bad_request(f"the sandbox does not know {sorted(unknown)} of reply parameters")
    if str(asked.get("chat_id", chat.id)) != str(chat.id):
        raise bad_request("the sandbox replies within one chat only")
    if not isinstance(asked.get("message_id"), int):
        raise bad_request('can\'t parse reply parameters: field "message_id" must be a Number')
    return asked["message_id"], bool(asked.get("allow_sending_without_reply"))


def _topic(params: Params, chat: Chat) -> int | None:
    """Return the forum topic to write to; groups that are not forums ignore the parameter, as Telegram does."""
    number = params.integer("message_thread_id", 0)
    if not number or not (chat.is_forum or chat.type == "private"):
        return None
    if number not in chat.topics:
        raise bad_request("message thread not found")
    return number
