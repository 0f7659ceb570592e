"""sendMessage, copyMessage, sendChatAction."""

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.message_text import caption_of, text_of
from bot.sandbox.telegram.methods.common import SENDING, check_open, find_chat, find_message, send
from bot.sandbox.telegram.methods.method import method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
COPIED = [
    "text",
    "entities",
    "caption",
    "caption_entities",
    "photo",
    "document",
    "sticker",
    "voice",
    "location",
    "link_preview_options",
    "show_caption_above_media",
]
WITH_CAPTION = frozenset({"photo", "document", "voice"})


def send_message(world: World, params: Params) -> JSON:
    """Put a text into a chat."""
    chat = find_chat(world, params)
    content = text_of(params)
    if options := params.json("link_preview_options"):
        content["link_preview_options"] = options
    return send(world, params, chat, content).message


def copy_message(world: World, params: Params) -> JSON:
    """Send the content of another message as the bot's own; the answer is the new number only."""
    chat = find_chat(world, params)
    source = find_chat(world, params, "from_chat_id")
    original = find_message(source, params.integer("message_id"), "message to copy not found").message
    content = {key: original[key] for key in COPIED if key in original}
    if not content:
        raise bad_request("message can't be copied")
    if "caption" in params and content.keys() & WITH_CAPTION:
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= caption_of(params)
    return {"message_id": send(world, params, chat, content).message["message_id"]}


def send_chat_action(world: World, params: Params) -> bool:
    """Show for some seconds that the bot is busy."""
    chat = find_chat(world, params)
    action = params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    check_open(chat)
    world.feed.publish(chat.id, "action", action=action)
    return True


METHODS = (
    method(
        "sendMessage", send_message, f"{SENDING} text parse_mode entities link_preview_options disable_web_page_preview"
    ),
    method(
        "copyMessage",
        copy_message,
        f"{SENDING} from_chat_id message_id caption parse_mode caption_entities show_caption_above_media "
        "video_start_timestamp",
    ),
    method("sendChatAction", send_chat_action, "chat_id action message_thread_id business_connection_id"),
)
