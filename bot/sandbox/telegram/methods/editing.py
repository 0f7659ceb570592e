"""editMessageText, editMessageCaption, editMessageReplyMarkup, deleteMessage, deleteMessages."""

from bot.sandbox.telegram.chats import JSON, Chat, StoredMessage
from bot.sandbox.telegram.config import DAY
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.markup import read_inline
from bot.sandbox.telegram.message_text import caption_of, text_of
from bot.sandbox.telegram.methods.common import check_not_blocked, find_chat, find_message, method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

EDITING = "chat_id message_id inline_message_id business_connection_id reply_markup"
MAX_AGE_TO_DELETE = 2 * DAY
MAX_AT_ONCE = 100
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
TEXT_FIELDS = frozenset({"text", "entities", "link_preview_options"})
CAPTION_FIELDS = frozenset({"caption", "caption_entities"})


def edit_text(world: World, params: Params) -> JSON:
    """Replace the text and the keyboard; without a keyboard in the request it is removed."""
    chat, stored = _editable(world, params)
    content = text_of(params)
    if options := params.json("link_preview_options"):
        content["link_preview_options"] = options
    if "text" not in stored.message:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, params, chat, stored, _with(stored, TEXT_FIELDS, content))


def edit_caption(world: World, params: Params) -> JSON:
    """Replace the caption and the keyboard of a photo or document."""
    chat, stored = _editable(world, params)
    content = caption_of(params)
    if not stored.message.keys() & {"photo", "document"}:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, params, chat, stored, _with(stored, CAPTION_FIELDS, content))


def edit_markup(world: World, params: Params) -> JSON:
    """Replace the keyboard alone."""
    chat, stored = _editable(world, params)
    return _edit(world, params, chat, stored, stored.message)


def delete_message(world: World, params: Params) -> bool:
    """Delete one message; Telegram allows it for two days."""
    chat = find_chat(world, params)
    stored = find_message(chat, params.integer("message_id"), "message to delete not found")
    if world.now() - stored.message["date"] > MAX_AGE_TO_DELETE:
        raise bad_request("message can't be deleted for everyone")
    world.delete_message(chat, stored)
    return True


def delete_messages(world: World, params: Params) -> bool:
    """Delete several messages; those that are missing are skipped."""
    chat = find_chat(world, params)
    numbers = params.array("message_ids")
    if not 1 <= len(numbers) <= MAX_AT_ONCE:
        raise bad_request("message identifiers are not specified or there are too many of them")
    for number in numbers:
        stored = chat.messages.get(int(number))
        if stored is None or stored.deleted_at is not None:
            continue
        if world.now() - stored.message["date"] <= MAX_AGE_TO_DELETE:
            world.delete_message(chat, stored)
    return True


def _editable(world: World, params: Params) -> tuple[Chat, StoredMessage]:
    chat = find_chat(world, params)
    stored = find_message(chat, params.integer("message_id"), "message to edit not found")
    if not stored.by_bot or stored.has_reply_keyboard:
        raise bad_request("message can't be edited")
    return chat, stored


def _with(stored: StoredMessage, fields: frozenset[str], content: JSON) -> JSON:
    return {key: value for key, value in stored.message.items() if key not in fields} | content


def _edit(world: World, params: Params, chat: Chat, stored: StoredMessage, message: JSON) -> JSON:
    markup = read_inline(params.json("reply_markup"))
    check_not_blocked(chat)
    after = {key: value for key, value in message.items() if key != "reply_markup"}
    if markup is not None:
        after["reply_markup"] = markup
    if after == stored.message:
        raise bad_request(NOT_MODIFIED)
    world.limiter.charge_edit(chat.id)
    return world.edit_message(chat, stored, after)


METHODS = (
    method(
        "editMessageText",
        edit_text,
        f"{EDITING} text parse_mode entities link_preview_options disable_web_page_preview",
    ),
    method(
        "editMessageCaption", edit_caption, f"{EDITING} caption parse_mode caption_entities show_caption_above_media"
    ),
    method("editMessageReplyMarkup", edit_markup, EDITING),
    method("deleteMessage", delete_message, "chat_id message_id"),
    method("deleteMessages", delete_messages, "chat_id message_ids"),
)
