"""Read the body of a response whole, but never more of it than a limit. Knows no client library, and no content.

The limit holds for what comes out of decompression: a few kilobytes of gzip can hold gigabytes. So the clients hand in
the bytes as they came, and decompress nothing themselves.
"""

import zlib
from collections.abc import AsyncIterable

ACCEPT_ENCODING = "gzip"
"""The header to send: the one compression that every server has and Python's own zlib reads piece by piece."""
GZIP = 16 + zlib.MAX_WBITS
"""zlib's way to say that a gzip header is expected (zlib manual, `inflateInit2`)."""


class BodyTooLargeError(Exception):
    """The body is longer than the limit."""


class BodyUnreadableError(Exception):
    """The body is compressed by another method than was asked for, or its compression is broken or cut short."""


async def read_body(chunks: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The body that comes in `chunks`, decompressed; `encoding` is the response's `Content-Encoding`.

    Raises `BodyTooLargeError` as soon as more than `limit` bytes came, or came out; and `BodyUnreadableError`.
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
        body += chunk if inflate is None else _inflated(inflate, chunk, limit + 1 - len(body))
        if len(body) > limit:
            raise BodyTooLargeError
    if received and inflate is not None and not inflate.eof:
        raise BodyUnreadableError("cut short")
    return bytes(body)


def _inflated(inflate: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    if inflate.eof:
        return b""
    try:
        return inflate.decompress(chunk, most)
    except zlib.error as error:
        raise BodyUnreadableError(str(error)) from None
