"""Files in messages: reading an upload or a file id, how a message shows a file, and getFile."""

import mimetypes

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.files import MAX_DOCUMENT, MAX_PHOTO, StoredFile, image_size
from bot.sandbox.telegram.methods.common import method
from bot.sandbox.telegram.params import Params, Upload
from bot.sandbox.telegram.world import World

MAX_DOWNLOAD = 20 * 1024 * 1024


def photo_json(file: StoredFile) -> list[JSON]:
    """Return the sizes of a photo; the sandbox keeps one."""
    width, height = image_size(file.content)
    return [{**file.as_json(), "width": width, "height": height}]


def document_json(file: StoredFile) -> JSON:
    """Return a document as a message contains it."""
    return {"file_name": file.name, "mime_type": file.mime_type, **file.as_json()}


def read_photo(world: World, params: Params) -> StoredFile:
    """Return the PNG or JPEG of the parameter `photo`, at most 10 MB."""
    return _read_file(world, params, "photo", MAX_PHOTO)


def read_document(world: World, params: Params) -> StoredFile:
    """Return the file of the parameter `document`, at most 50 MB."""
    return _read_file(world, params, "document", MAX_DOCUMENT)


def _read_file(world: World, params: Params, name: str, limit: int) -> StoredFile:
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
    if name == "photo":
        image_size(given.content)
    return world.files.add(f"{name}s", given.name, _mime_type(given), given.content)


def _mime_type(upload: Upload) -> str:
    # Telegram derives the type from the file name, not from what the client says.
    return mimetypes.guess_type(upload.name)[0] or upload.mime_type


def get_file(world: World, params: Params) -> JSON:
    """Return where a file can be downloaded."""
    file = world.files.by_id(params.text("file_id"))
    if len(file.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**file.as_json(), "file_path": file.path}


METHODS = (method("getFile", get_file, "file_id"),)
