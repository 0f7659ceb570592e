"""Photos that the bot sent, downloaded from the stand-in and read as QR codes."""

import zlib

import zxingcpp

from bot.sandbox.telegram.config import TOKEN
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot


async def file_ids(citizen: Citizen) -> list[str]:
    """The photos in a chat, oldest first."""
    shown = await citizen.phone.transcript()
    return [str(each["message"]["photo"][-1]["file_id"]) for each in shown if "photo" in each["message"]]


async def download(bot: RunningBot, file_id: str) -> bytes:
    """The bytes of a photo, downloaded by the Bot API's `getFile`."""
    http = bot.services.telegram
    answer = await http.post(f"/bot{TOKEN}/getFile", data={"file_id": file_id})
    path = answer.json()["result"]["file_path"]
    return (await http.get(f"/file/bot{TOKEN}/{path}")).content


def read_qr(png: bytes) -> zxingcpp.Barcode:
    """Read the QR code as a phone's camera would. zxing shares no code with segno, which draws it."""
    size, lines = pixels(png)
    grey = b"".join(bytes(255 * (line[x // 8] >> (7 - x % 8) & 1) for x in range(size)) for line in lines)
    (found,) = zxingcpp.read_barcodes(zxingcpp.ImageView(grey, size, size, zxingcpp.ImageFormat.Lum))
    return found


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """The side, and the lines of eight pixels a byte, of a square picture of one bit a pixel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width = int.from_bytes(png[16:20], "big")
    assert png[24:29] == b"\x01\x00\x00\x00\x00", "one bit a pixel, grey, not interlaced"
    lines = _lines(zlib.decompress(b"".join(_chunks(png, b"IDAT"))), (width + 7) // 8)
    assert len(lines) == width, "square"
    return width, lines


def _chunks(png: bytes, wanted: bytes) -> list[bytes]:
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == wanted:
            found.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return found


def _lines(data: bytes, stride: int) -> list[bytes]:
    """The rows of pixels; of the filters (PNG specification, section 9) only None and Up."""
    above, lines = bytes(stride), []
    for at in range(0, len(data), stride + 1):
        kind, row = data[at], data[at + 1 : at + 1 + stride]
        assert kind in {0, 2}, "a filter"
        above = bytes((each + over) % 256 for each, over in zip(row, above, strict=True)) if kind else row
        lines.append(above)
    return lines
