"""sendMessage, sendPhoto, sendDocument, sendVenue, copyMessage, sendChatAction."""

import math

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.message_text import caption_of, text_of
from bot.sandbox.telegram.methods.common import SENDING, check_not_blocked, find_chat, find_message, method, send
from bot.sandbox.telegram.methods.files import document_json, photo_json, read_document, read_photo
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

CHAT_ACTIONS = frozenset(
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
CAPTIONED = f"{SENDING} caption parse_mode caption_entities"
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
    "venue",
    "link_preview_options",
    "show_caption_above_media",
]
WITH_CAPTION = frozenset({"photo", "document", "voice"})


def send_message(world: World, params: Params) -> JSON:
    """Send a text."""
    chat = find_chat(world, params)
    content = text_of(params)
    if options := params.json("link_preview_options"):
        content["link_preview_options"] = options
    return send(world, params, chat, content).message


def send_photo(world: World, params: Params) -> JSON:
    """Send a picture."""
    chat = find_chat(world, params)
    caption = caption_of(params)
    content = {"photo": photo_json(read_photo(world, params)), **caption}
    if params.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return send(world, params, chat, content).message


def send_document(world: World, params: Params) -> JSON:
    """Send a file."""
    chat = find_chat(world, params)
    caption = caption_of(params)
    return send(world, params, chat, {"document": document_json(read_document(world, params)), **caption}).message


def send_venue(world: World, params: Params) -> JSON:
    """Send a place with a title and an address."""
    chat = find_chat(world, params)
    location = {"latitude": _degrees(params, "latitude", 90), "longitude": _degrees(params, "longitude", 180)}
    venue: JSON = {"location": location}
    for name in ("title", "address"):
        venue[name] = params.text(name).strip()
        if not venue[name]:
            raise bad_request(f"{name} must be non-empty")
    for provider in (("foursquare_id", "foursquare_type"), ("google_place_id", "google_place_type")):
        venue |= {name: params.text(name) for name in provider if params.text(name)}
    return send(world, params, chat, {"venue": venue, "location": location}).message


def _degrees(params: Params, name: str, most: int) -> float:
    text = params.text(name).strip()
    if not text:
        raise bad_request(f"{name} is empty")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -most <= value <= most:
        raise bad_request(f"{name} must be a number from -{most} to {most} (the real service takes another for 0)")
    return value


def copy_message(world: World, params: Params) -> JSON:
    """Send the content of another message as the bot's own; the result holds the new `message_id` only."""
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
    """Show for five seconds that the bot is typing, or the like."""
    chat = find_chat(world, params)
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    check_not_blocked(chat)
    world.page_events.publish(chat.id, "action", action=action)
    return True


METHODS = (
    method(
        "sendMessage", send_message, f"{SENDING} text parse_mode entities link_preview_options disable_web_page_preview"
    ),
    method("sendPhoto", send_photo, f"{CAPTIONED} photo show_caption_above_media has_spoiler"),
    method(
        "sendVenue",
        send_venue,
        f"{SENDING} latitude longitude title address foursquare_id foursquare_type google_place_id google_place_type",
    ),
    method("sendDocument", send_document, f"{CAPTIONED} document thumbnail disable_content_type_detection"),
    method(
        "copyMessage",
        copy_message,
        f"{SENDING} from_chat_id message_id caption parse_mode caption_entities show_caption_above_media "
        "video_start_timestamp",
    ),
    method("sendChatAction", send_chat_action, "chat_id action message_thread_id business_connection_id"),
)
