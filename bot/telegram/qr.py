"""A link as a QR code in a small PNG, by segno. Knows nothing of tickets or Telegram."""

import io

import segno

SCALE, QUIET = 8, 4
"""Pixels a module, and modules of white around the code (ISO/IEC 18004 wants four)."""


def qr_png(link: str) -> bytes:
    """Draw the link, with error correction M or better for scratched screens. Raises `ValueError` if it is too long."""
    code = segno.make_qr(link, error="m")
    png = io.BytesIO()
    code.save(png, kind="png", scale=SCALE, border=QUIET)
    return png.getvalue()
