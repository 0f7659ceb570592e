"""A link as a QR code in a small PNG. zxing-cpp makes the code; knows nothing of tickets or Telegram.

The file is put together here: a module becomes eight pixels of one bit, that is one byte, which is just what zxing
gives for it (0 dark, 255 light). So there is no pixel to be looked at one by one, as every writer of pictures does.
"""

import struct
import zlib

import zxingcpp

SCALE, QUIET = 8, 4
"""Pixels a module, and modules of white around the code (ISO/IEC 18004 wants four)."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
ONE_BIT_GREY = (1, 0, 0, 0, 0)
"""Bit depth, colour type, compression, filter, interlace (PNG specification, 11.2.2)."""
NO_FILTER = b"\0"


def qr_png(link: str) -> bytes:
    """Draw the link, with error correction M for scratched screens. Raises `ValueError` if it is too long."""
    code = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = code.to_image(scale=1, add_quiet_zones=True)
    size = modules.shape[0]
    squares = bytes(memoryview(modules))  # type: ignore[arg-type] # its stub does not say that it is a buffer
    rows = (NO_FILTER + squares[at : at + size] for at in range(0, size * size, size))
    pixels = size * SCALE
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", pixels, pixels, *ONE_BIT_GREY)),
            _chunk(b"IDAT", _deflated(b"".join(row * SCALE for row in rows))),
            _chunk(b"IEND", b""),
        )
    )


def _deflated(data: bytes) -> bytes:
    """With little memory: zlib's usual 256 kB take four times as long to prepare as so small a picture to press."""
    deflate = zlib.compressobj(level=1, memLevel=4)
    return deflate.compress(data) + deflate.flush()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
