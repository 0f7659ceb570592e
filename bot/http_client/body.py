"""Reads the body of a response, up to a limit of bytes. Must not know an HTTP client, nor what the body means.

The limit also holds after decompression: a few kilobytes of gzip can hold gigabytes. So the HTTP clients pass the bytes
as they arrived and decompress nothing.
"""

import zlib
from collections.abc import AsyncIterable

ACCEPT_ENCODING = "gzip"
"""The header to send. Every server has gzip, and Python's zlib reads it piece by piece."""
GZIP = 16 + zlib.MAX_WBITS
"""The window size that tells zlib to expect a gzip header (zlib manual, `inflateInit2`)."""


class BodyTooLargeError(Exception):
    """The body is longer than the limit."""


class BodyUnreadableError(Exception):
    """The compression of the body is unknown, broken or incomplete."""


async def read_body(chunks: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The decompressed body; `chunks` are its bytes as they arrive, `encoding` is the response's `Content-Encoding`.

    Raises `BodyUnreadableError`, and `BodyTooLargeError` as soon as more than `limit` bytes came, compressed or not.
    """
    encoding = encoding.strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise BodyUnreadableError(f"Content-Encoding {encoding[:40]!r}")
    inflate = zlib.decompressobj(GZIP) if encoding.endswith("gzip") else None
    received, body = 0, bytearray()
    async for chunk in chunks:
        received += len(chunk)
        if received > limit:
            raise BodyTooLargeError
        body += chunk if inflate is None else _decompress(inflate, chunk, limit + 1 - len(body))
        if len(body) > limit:
            raise BodyTooLargeError
    if received and inflate is not None and not inflate.eof:
        raise BodyUnreadableError("cut short")
    return bytes(body)


def _decompress(inflate: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    if inflate.eof:
        return b""
    try:
        return inflate.decompress(chunk, most)
    except zlib.error as error:
        raise BodyUnreadableError(str(error)) from None
