"""Photos that the bot sent, as they lie at Telegram, read back from their own pixels."""

import zlib

from bot.sandbox.telegram.config import TOKEN
from tests.e2e.citizen import Citizen
from tests.e2e.house import House


async def file_ids(citizen: Citizen) -> list[str]:
    """The photos in a chat, oldest first."""
    shown = await citizen.phone.transcript()
    return [str(each["message"]["photo"][-1]["file_id"]) for each in shown if "photo" in each["message"]]


async def download(house: House, file_id: str) -> bytes:
    """A photo's bytes, by the way that the Bot API has for it."""
    http = house.town.telegram
    answer = await http.post(f"/bot{TOKEN}/getFile", data={"file_id": file_id})
    path = answer.json()["result"]["file_path"]
    return (await http.get(f"/file/bot{TOKEN}/{path}")).content


def modules(png: bytes, scale: int, border: int) -> list[bytes]:
    """The squares of a QR code, 1 for dark, from a picture of one bit a pixel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width = int.from_bytes(png[16:20], "big")
    assert png[24:29] == b"\x01\x00\x00\x00\x00", "one bit a pixel, grey, not interlaced"
    lines = _lines(zlib.decompress(b"".join(_chunks(png, b"IDAT"))), (width + 7) // 8)
    assert len(lines) == width, "square"
    places = [place * scale + scale // 2 for place in range(border, width // scale - border)]
    return [bytes(1 - (lines[y][x // 8] >> (7 - x % 8) & 1) for x in places) for y in places]


def _chunks(png: bytes, wanted: bytes) -> list[bytes]:
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == wanted:
            found.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return found


def _lines(data: bytes, stride: int) -> list[bytes]:
    """The rows of pixels, with PNG's filters *none* and *up* undone (PNG specification, section 9)."""
    above, lines = bytes(stride), []
    for at in range(0, len(data), stride + 1):
        kind, line = data[at], data[at + 1 : at + 1 + stride]
        assert kind in {0, 2}, "another filter"
        above = bytes(a + b & 255 for a, b in zip(line, above, strict=True)) if kind else line
        lines.append(above)
    return lines
