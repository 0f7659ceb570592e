"""A body is read whole, decompressed, and never beyond its limit; decompression bombs included."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from bot.http_client.body import BodyTooLargeError, BodyUnreadableError, read_body

LIMIT = 1000


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("length", [0, 1, LIMIT])
async def test_a_body_up_to_the_limit_is_read_whatever_the_chunk_size(length: int, size: int) -> None:
    body = b"ab" * (length // 2) + b"a" * (length % 2)
    assert await read_body(pieces(body, size), "", LIMIT) == body
    assert await read_body(pieces(gzip.compress(body), size), "gzip", LIMIT) == body
    assert await read_body(pieces(gzip.compress(body), size), " X-GZIP ", LIMIT) == body


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_body_beyond_the_limit_is_refused_compressed_or_not(size: int) -> None:
    body = b"a" * (LIMIT + 1)
    with pytest.raises(BodyTooLargeError):
        await read_body(pieces(body, size), "identity", LIMIT)
    with pytest.raises(BodyTooLargeError):
        await read_body(pieces(gzip.compress(body), size), "gzip", LIMIT)


async def test_a_decompression_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = gzip.compress(b"\0" * 200 * 1024**2, 9)
    tracemalloc.start()
    with pytest.raises(BodyTooLargeError):
        await read_body(pieces(bomb, 65536), "gzip", 1024**2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 1024**2


async def test_an_endless_gzip_stream_without_content_is_refused() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield gzip.compress(b"")[:10]  # the header
        while True:
            yield b"\x00\x00\x00\xff\xff"  # a stored block of no bytes, not the last (RFC 1951, 3.2.4)

    with pytest.raises(BodyTooLargeError):
        await read_body(endless(), "gzip", LIMIT)


async def test_an_empty_body_may_claim_to_be_compressed() -> None:
    assert await read_body(pieces(b"", 1), "gzip", LIMIT) == b""


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "no\r\nsense"])
async def test_an_encoding_that_was_not_requested_is_refused(encoding: str) -> None:
    with pytest.raises(BodyUnreadableError):
        await read_body(pieces(b"{}", 1), encoding, LIMIT)


WHOLE = gzip.compress(b"whole")


@pytest.mark.parametrize("data", [b"{}", WHOLE[:-3], WHOLE[:-8] + b"12345678"], ids=["none", "cut short", "checksum"])
async def test_broken_or_truncated_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(BodyUnreadableError):
        await read_body(pieces(data, 4), "gzip", LIMIT)
