"""A link as a QR code in a small PNG; segno makes the code. Knows nothing of tickets or Telegram."""

import struct
import zlib
from collections.abc import Sequence

import segno

SCALE, QUIET = 8, 4
"""Pixels a module, and modules of white around the code (ISO/IEC 18004 wants four)."""
MASK = 3
"""The data mask of every code. To judge all eight for each takes segno five times as long, and readers do no better."""
WHITE = b"\xff"
"""A white module in one line of pixels, of one bit each: `SCALE` makes a module a byte wide. Black is zero."""
PIXELS = WHITE + bytes(255)
"""Translates segno's modules (0 white, 1 black)."""
LEVEL = 4
"""Of zlib's compression; its default (6) takes twice as long, and the picture gets no smaller."""


def qr_png(link: str) -> bytes:
    """Draw the link, with error correction M or better for scratched screens. Raises `ValueError` if it is too long."""
    code = segno.make_qr(link, error="m", mask=MASK).matrix
    beside, above = WHITE * QUIET, [WHITE * (len(code) + 2 * QUIET)] * QUIET
    return _png([*above, *(beside + row.translate(PIXELS) + beside for row in code), *above])


def _png(lines: Sequence[bytes]) -> bytes:
    """A square black and white picture; each of the `lines`, eight pixels a byte, is drawn `SCALE` times.

    PNG specification (third edition), sections 5, 9 and 11: one bit a pixel, grey, no filter, not interlaced.
    """
    side = SCALE * len(lines)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(b"".join((b"\x00" + line) * SCALE for line in lines), LEVEL)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
