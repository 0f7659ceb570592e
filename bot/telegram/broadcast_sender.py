"""Sends and deletes broadcast messages, and reads the content of an admin's message.

A text is sent with the entities that it was received with and without a parse mode, so asterisks and angle brackets
stay as typed. Knows nothing of recipients.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.app.ports import EditLostError, MessageRefusedError
from bot.broadcast.compose_states import ComposeNotice
from bot.broadcast.model import Content, Media
from bot.broadcast.ports import PreparedMessage
from bot.telegram.messenger import TelegramMessenger, keyboard, message_number
from bot.views.message import Message

Json = dict[str, Any]
METHODS = {
    Media.TEXT: ("sendMessage", "text"),
    Media.PHOTO: ("sendPhoto", "caption"),
    Media.DOCUMENT: ("sendDocument", "caption"),
}
LOOKS = {
    "entities": "entities",
    "caption_entities": "caption_entities",
    "link_preview_options": "link_preview_options",
    "show_caption_above_media": "show_caption_above_media",
    "has_media_spoiler": "has_spoiler",
}
"""The fields that decide how a message looks: name in a received message to name in a call (Bot API, `Message`)."""
NOT_A_DOCUMENT = frozenset({"animation", "video", "audio", "voice", "video_note", "sticker"})
"""Some of these carry a `document` too, for old clients; sent as a document they would look different."""
DELETED = ("message to delete not found", "message_id_invalid")


def read_content(raw: Mapping[str, Any]) -> Content | ComposeNotice:
    """The content of an admin's message, or the reason why it cannot be broadcast."""
    if "media_group_id" in raw:
        return ComposeNotice.ALBUM
    look = {name: raw[key] for key, name in LOOKS.items() if key in raw}
    if isinstance(text := raw.get("text"), str):
        return Content(Media.TEXT, text, look=json.dumps(look, ensure_ascii=False))
    caption = str(raw.get("caption", ""))
    if NOT_A_DOCUMENT & raw.keys():
        return ComposeNotice.UNSUPPORTED
    if photos := raw.get("photo"):
        return Content(Media.PHOTO, caption, str(photos[-1]["file_id"]), json.dumps(look, ensure_ascii=False))
    if document := raw.get("document"):
        return Content(Media.DOCUMENT, caption, str(document["file_id"]), json.dumps(look, ensure_ascii=False))
    return ComposeNotice.UNSUPPORTED


class TelegramBroadcastSender:
    """See `BroadcastSender`. `footer` gives the buttons under a broadcast in a language."""

    def __init__(self, messenger: TelegramMessenger, footer: Callable[[str], Message]) -> None:
        self._messenger = messenger
        self._footer = footer

    def prepared(self, content: Content, locale: str) -> PreparedMessage:
        """See `BroadcastSender.prepared`."""
        method, words = METHODS[content.media]
        look = {key: json.dumps(value, ensure_ascii=False) for key, value in json.loads(content.look).items()}
        call: Json = {**look, "reply_markup": keyboard(self._footer(locale), None)}
        if content.text:
            call[words] = content.text
        if content.media is not Media.TEXT:
            call[content.media.value] = content.file_id
        return method, call

    async def reach(self) -> None:
        """See `BroadcastSender.reach`."""
        await self._messenger.call("getMe", {})

    async def send(self, prepared: PreparedMessage, chat_id: int, *, paid: bool = False) -> int:
        """See `BroadcastSender.send`."""
        method, call = prepared
        extra = {"allow_paid_broadcast": "true"} if paid else {}
        return message_number(await self._messenger.call(method, {"chat_id": chat_id, **call, **extra}))

    async def recall(self, chat_id: int, message_id: int) -> bool:
        """See `BroadcastSender.recall`."""
        try:
            await self._messenger.call("deleteMessage", {"chat_id": chat_id, "message_id": message_id})
        except (EditLostError, MessageRefusedError) as error:
            if any(each in str(error).lower() for each in DELETED):
                return False
            raise
        return True
