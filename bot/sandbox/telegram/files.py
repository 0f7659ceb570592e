"""Uploaded files by id and by path, and the size of an image. Knows nothing of messages."""

import itertools
import struct
from dataclasses import dataclass
from typing import Any

from bot.sandbox.telegram.errors import bad_request

MAX_PHOTO = 10 * 1024 * 1024
MAX_DOCUMENT = 50 * 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The bytes of a file and its metadata."""

    id: str
    unique_id: str
    path: str
    name: str
    mime_type: str
    content: bytes

    def as_json(self) -> dict[str, Any]:
        """Return the fields that every kind of file has."""
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}


class Files:
    """All files uploaded so far, in memory."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, folder: str, name: str, mime_type: str, content: bytes) -> StoredFile:
        """Store the bytes under a new id."""
        number = next(self._numbers)
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        path = f"{folder}/file_{number}.{suffix}"
        file = StoredFile(f"SandboxFile{folder}{number:08d}", f"Unique{number:08d}", path, name, mime_type, content)
        self._by_id[file.id] = self._by_path[path] = file
        return file

    def by_id(self, file_id: str) -> StoredFile:
        """Return the file, or refuse as Telegram does. HTTP addresses are refused too: there is no network here."""
        if file := self._by_id.get(file_id):
            return file
        raise bad_request("wrong file identifier/HTTP URL specified")

    def find(self, file_id: str) -> StoredFile:
        """Return the file, or raise `LookupError`; for the chat page."""
        if file := self._by_id.get(file_id):
            return file
        raise LookupError(f"there is no file {file_id}")

    def by_path(self, path: str) -> StoredFile | None:
        """Return the file with the path that `getFile` returned."""
        return self._by_path.get(path)


def image_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG or JPEG, or refuse with IMAGE_PROCESS_FAILED as Telegram does."""
    if content.startswith(PNG) and len(content) >= 24:  # noqa: PLR2004 — signature, length, type, width, height
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    if content.startswith(JPEG):
        return _jpeg_size(content)
    raise bad_request("IMAGE_PROCESS_FAILED")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:  # noqa: PLR2004 — every JPEG segment begins so
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 — the start-of-frame markers
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + length
    raise bad_request("IMAGE_PROCESS_FAILED")
