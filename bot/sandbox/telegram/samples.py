"""Sample content that a person can send: a picture, a sticker, a voice message, a location, a poll."""

import struct
import zlib

from bot.sandbox.telegram.chats import JSON
from bot.sandbox.telegram.files import PNG, Files


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _picture(width: int, height: int) -> bytes:
    """Return a PNG of a green hill under a blue sky."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            hill = height * 0.62 + (x - width * 0.4) ** 2 / (width * 3)
            sun = (x - width * 0.75) ** 2 + (y - height * 0.28) ** 2 < (height * 0.13) ** 2
            shade = y * 60 // height
            rows += bytes(
                (46, 139 - shade, 87) if y > hill else (255, 205, 86) if sun else (120 + shade, 180 + shade, 235)
            )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + _chunk(b"IEND", b"")


SAMPLE_PHOTO = _picture(240, 160)


def sticker(files: Files) -> JSON:
    """Return a sticker as a message contains it."""
    file = files.add("stickers", "sticker.webp", "image/webp", b"RIFF")
    look = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👋"}
    return {"sticker": {**look, **file.as_json()}}


def voice(files: Files) -> JSON:
    """Return a voice message as a message contains it."""
    file = files.add("voice", "voice.oga", "audio/ogg", b"OggS")
    return {"voice": {"duration": 3, "mime_type": "audio/ogg", **file.as_json()}}


def place() -> JSON:
    """Return a location: Conakry."""
    return {"location": {"latitude": 9.509167, "longitude": -13.712222}}


def poll() -> JSON:
    """Return a poll."""
    options = [{"text": text, "voter_count": 0, "persistent_id": str(n)} for n, text in enumerate(("Oui", "Non"))]
    return {
        "poll": {
            "id": "5000000000000000001",
            "question": "Ça va ?",
            "options": options,
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
        }
    }
