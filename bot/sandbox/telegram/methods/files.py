"""sendPhoto, sendDocument, getFile."""

import mimetypes

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.files import MAX_DOCUMENT, MAX_PHOTO, StoredFile, image_size
from bot.sandbox.telegram.message_text import caption_of
from bot.sandbox.telegram.methods.common import SENDING, find_chat, send
from bot.sandbox.telegram.methods.method import method
from bot.sandbox.telegram.params import Params, Upload
from bot.sandbox.telegram.world import World

CAPTIONED = f"{SENDING} caption parse_mode caption_entities"
MAX_DOWNLOAD = 20 * 1024 * 1024


def photo_json(file: StoredFile) -> list[JSON]:
    """Return the sizes of a photo; the sandbox keeps one."""
    width, height = image_size(file.content)
    return [{**file.as_json(), "width": width, "height": height}]


def document_json(file: StoredFile) -> JSON:
    """Return a document as it stands in a message."""
    return {"file_name": file.name, "mime_type": file.mime_type, **file.as_json()}


def send_photo(world: World, params: Params) -> JSON:
    """Put a picture into a chat; a PNG or JPEG of at most 10 MB."""
    chat = find_chat(world, params)
    content = caption_of(params)
    file = _file(world, params, "photo", "photos", MAX_PHOTO)
    content = {"photo": photo_json(file), **content}
    if params.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return send(world, params, chat, content).message


def send_document(world: World, params: Params) -> JSON:
    """Put a file into a chat."""
    chat = find_chat(world, params)
    content = caption_of(params)
    file = _file(world, params, "document", "documents", MAX_DOCUMENT)
    return send(world, params, chat, {"document": document_json(file), **content}).message


def get_file(world: World, params: Params) -> JSON:
    """Tell where to download a file from."""
    file = world.files.by_id(params.text("file_id"))
    if len(file.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.as_json(), "file_path": file.path}


def _file(world: World, params: Params, name: str, folder: str, limit: int) -> StoredFile:
    given = params.file(name)
    if given is None:
        raise bad_request(f"there is no {name} in the request")
    if isinstance(given, str):
        return world.files.by_id(given)
    if not given.content:
        raise bad_request("file must be non-empty")
    if len(given.content) > limit:
        raise bad_request(
            f"file of size {len(given.content)} bytes is too big for a {name}; the maximum is {limit} bytes"
        )
    if folder == "photos":
        image_size(given.content)
    return world.files.add(folder, given.name, _mime_type(given), given.content)


def _mime_type(upload: Upload) -> str:
    # Telegram goes by the name, not by what the client claims.
    return mimetypes.guess_type(upload.name)[0] or upload.mime_type


METHODS = (
    method("sendPhoto", send_photo, f"{CAPTIONED} photo show_caption_above_media has_spoiler"),
    method("sendDocument", send_document, f"{CAPTIONED} document thumbnail disable_content_type_detection"),
    method("getFile", get_file, "file_id"),
)
