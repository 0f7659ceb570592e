"""What several methods share: finding the chat and the message, and putting a message into a chat."""

from bot.sandbox.telegram.chats import JSON, Chat, Kept
from bot.sandbox.telegram.errors import bad_request, forbidden
from bot.sandbox.telegram.markup import read_markup
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

SENDING = (
    "chat_id message_thread_id direct_messages_topic_id business_connection_id disable_notification protect_content "
    "allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_to_message_id "
    "allow_sending_without_reply reply_markup"
)
"""Parameters that every sending method has, those that the sandbox accepts and does nothing with included."""


def find_chat(world: World, params: Params, name: str = "chat_id") -> Chat:
    """Return a chat that the bot has met, or refuse: to Telegram the others do not exist."""
    if not params.text(name):
        raise bad_request(f"{name} is empty")
    try:
        chat = world.chats.get(int(params.text(name)))
    except ValueError:
        chat = None
    if chat is None or not chat.started:
        raise bad_request("chat not found")
    return chat


def find_message(chat: Chat, number: int, missing: str) -> Kept:
    """Return a message that is still there, or refuse with `missing`."""
    kept = chat.messages.get(number)
    if kept is None or kept.deleted_at is not None:
        raise bad_request(missing)
    return kept


def check_open(chat: Chat) -> None:
    """Refuse to write to somebody who has blocked the bot."""
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def send(world: World, params: Params, chat: Chat, content: JSON) -> Kept:
    """Check keyboard, reply, blocking and rate, in this order, and put the message into the chat."""
    markup = read_markup(params.json("reply_markup"))
    reply = _reply(params, chat)
    check_open(chat)
    world.limiter.charge_message(chat.id, paid=params.flag("allow_paid_broadcast"))
    is_inline = markup is not None and "inline_keyboard" in markup
    if reply is not None:
        content = {"reply_to_message": reply, **content}
    if is_inline:
        content = {**content, "reply_markup": markup}
    kept = world.keep(chat, content, sender=world.bot(), reply_keyboard=markup is not None and not is_inline)
    if markup is not None and not is_inline:
        # Telegram does not give a reply keyboard back in the message, yet the phone shows it.
        chat.keyboard = markup if "keyboard" in markup else None
        world.feed.publish(chat.id, "keyboard", keyboard=chat.keyboard)
    return kept


def _reply(params: Params, chat: Chat) -> JSON | None:
    asked = params.json("reply_parameters") or {}
    number = asked.get("message_id") or params.integer("reply_to_message_id", 0)
    if not number:
        return None
    kept = chat.messages.get(int(number))
    if kept is None or kept.deleted_at is not None:
        if asked.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
            return None
        raise bad_request("message to be replied not found")
    return {key: value for key, value in kept.message.items() if key != "reply_to_message"}
