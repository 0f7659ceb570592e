"""Servers on loopback that each fail in one way. They know no client.

`PEERS` has one for each row of docs/failure-phases.md, under the words of that row.
"""

import asyncio
import gzip
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.needs import lacks

MARK = b"Aissatou-Bah-5ecret"
"""Part of every request. A server that has not seen it has seen nothing of the request."""
LARGE = 32 * 1024**2
"""Bytes of a request that no kernel takes in whole while nobody reads."""


@dataclass
class Seen:
    """The bytes and requests that reached the server."""

    bytes: bytearray = field(default_factory=bytearray)
    requests: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def request(self) -> None:
        async with self._news:
            self.requests += 1
            self._news.notify_all()

    async def heard(self, requests: int) -> None:
        """Wait until so many requests have come."""
        async with self._news:
            await self._news.wait_for(lambda: self.requests >= requests)


@dataclass(frozen=True)
class Connection:
    """One connection, seen from the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: Seen

    async def read(self, count: int = 65536) -> bytes:
        data = await self.reader.read(count)
        self.seen.bytes += data[:65536]
        return data

    async def request(self) -> None:
        """Read a whole request."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.seen.bytes += head
        await self.seen.request()
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
        self.seen.bytes += await self.reader.readexactly(length)

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection by RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def end(self) -> None:
        """Wait until the client has gone."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Act = Callable[[Connection], Awaitable[None]]


def ok(body: bytes = b'{"ok":true,"result":true}', *more: str) -> bytes:
    """A response that nothing is wrong with."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *more, "", ""]).encode() + body


@dataclass(frozen=True)
class Peer:
    """A server: what it does with the connection under test."""

    act: Act | None = None
    tls: str = ""
    """With whose certificate it speaks TLS: "ours", "strange", "of another name", "asks for one"; "": it does not."""
    https: bool = False
    """Whether the client is to speak TLS although this side does not."""
    url: str = ""
    """An address where nobody listens."""
    large: bool = False
    """Whether the request has to be larger than what the kernel takes in."""
    kept: bool = False
    """Whether the connection has carried a request before."""
    full: bool = False
    """Whether nobody accepts the connection and no more can wait for it."""
    busy: bool = False
    """Whether all of the client's connections are in use."""
    proxy: bool = False
    """Whether it stands between the client and the service."""
    forbidden: bool = False
    """Whether the client may no longer send when it has its connection."""


# --- what a server does with a connection -----------------------------------------------------------------------------


async def silence(connection: Connection) -> None:
    while await connection.read():
        pass


async def unread(connection: Connection) -> None:
    """Accept, and never read."""
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined] # typeshed's StreamWriter has a WriteTransport
    await asyncio.Event().wait()


async def close_at_once(connection: Connection) -> None:
    connection.writer.close()


async def reset_at_once(connection: Connection) -> None:
    connection.reset()


async def close_after_hello(connection: Connection) -> None:
    await connection.read()
    connection.writer.close()


async def reset_after_hello(connection: Connection) -> None:
    await connection.read()
    connection.reset()


async def plain_http(connection: Connection) -> None:
    await connection.read()
    await connection.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await connection.end()


async def reset_within_request(connection: Connection) -> None:
    await connection.read(1000)
    connection.reset()


async def close_within_request(connection: Connection) -> None:
    await connection.read(1000)
    connection.writer.close()


def after(*data: bytes, then: str = "wait") -> Act:
    """Read the request, say this, and then wait, close or reset."""

    async def act(connection: Connection) -> None:
        await connection.request()
        for each in data:
            await connection.say(each)
        if then == "wait":
            await connection.end()
        elif then == "close":
            connection.writer.close()
        else:
            await asyncio.sleep(0)
            connection.reset()

    return act


HALF = ok(b'{"ok":true,"result":"' + b"x" * 400 + b'"}')[:-200]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HUGE = 20 * 1024**2
TWICE = gzip.compress(gzip.compress(b"{}"))
PEERS = {
    # Before the first byte.
    "its name is unknown": Peer(url="http://nobody.invalid/"),
    "nothing listens": Peer(url="http://127.0.0.1:{closed}/"),
    "no network leads to it": Peer(url="http://255.255.255.255:9/"),
    "nobody accepts the connection": Peer(full=True),
    "no connection of ours is free": Peer(after(), busy=True),
    "TLS: accepts and says nothing": Peer(silence, https=True),
    "TLS: closes during the handshake": Peer(close_after_hello, https=True),
    "TLS: resets during the handshake": Peer(reset_after_hello, https=True),
    "TLS: answers in plain HTTP": Peer(plain_http, https=True),
    "TLS: certificate of an unknown issuer": Peer(silence, tls="strange"),
    "TLS: certificate of another name": Peer(silence, tls="of another name"),
    "we may no longer send": Peer(after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), forbidden=True),
    # While the request is written.
    "TLS: asks for our certificate, which we have not": Peer(silence, tls="asks for one"),
    "accepts and never reads": Peer(unread, large=True),
    "closes at once": Peer(close_at_once),
    "resets at once": Peer(reset_at_once),
    "closes within the request": Peer(close_within_request, large=True),
    "resets within the request": Peer(reset_within_request, large=True),
    "a proxy refuses to connect us": Peer(after(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), proxy=True),
    # Until the head of the response is there.
    "reads the request and says nothing": Peer(after()),
    "reads the request and closes": Peer(after(then="close")),
    "reads the request and resets": Peer(after(then="reset")),
    "closes within the head": Peer(after(b"HTTP/1.1 200 OK\r\nContent-Le", then="close")),
    "resets within the head": Peer(after(b"HTTP/1.1 200 OK\r\nContent-Le", then="reset")),
    "stops within the head": Peer(after(b"HTTP/1.1 200 OK\r\nContent-Le")),
    "says something that is not HTTP": Peer(after(b"\x00\x01\x02 nonsense\r\n\r\n", then="close")),
    "a kept connection closes at the next request": Peer(after(then="close"), kept=True),
    "a kept connection resets at the next request": Peer(after(then="reset"), kept=True),
    # Until the body is there.
    "stops within the body": Peer(after(HALF)),
    "closes within the body": Peer(after(HALF, then="close")),
    "resets within the body": Peer(after(HALF, then="reset")),
    "closes within a chunk": Peer(after(CHUNKED, b"ff\r\n{", then="close")),
    "sends chunks without end": Peer(after(CHUNKED, b"2\r\n{}\r\n")),
    "sends a broken chunk": Peer(after(CHUNKED, b"zz\r\n{}\r\n", then="close")),
    "closes within TLS": Peer(after(HALF, then="close"), tls="ours"),
    # When the body is there.
    "the body is too large": Peer(after(ok(b"x" * HUGE))),
    "the body is too large when decompressed": Peer(after(ok(gzip.compress(b"x" * HUGE), "Content-Encoding: gzip"))),
    "the body is compressed twice": Peer(
        after(ok(gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"))
    ),
    "the compression is broken": Peer(after(ok(b"no gzip at all", "Content-Encoding: gzip"))),
    "the compression is unknown": Peer(after(ok(b"??", "Content-Encoding: br"))),
}


# --- to have one there ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(peer: Peer, certificates: Path) -> AsyncIterator[tuple[str, Seen]]:
    """The address of this peer, and what reaches it."""
    seen = Seen()
    if peer.url:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            yield peer.url.format(closed=unused.getsockname()[1]), seen
        return
    if peer.full:
        with _full() as address:
            yield address, seen
        return
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        serving.add(task)
        connection = Connection(reader, writer, seen)
        try:
            if peer.kept:
                await connection.request()
                await connection.say(ok())
            if peer.act:
                await peer.act(connection)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            if not writer.transport.is_closing():
                writer.close()

    context = _context(peer.tls, certificates) if peer.tls else None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=2**20)
    host = "localhost" if peer.tls == "of another name" else "127.0.0.1"
    scheme = "https" if peer.tls or peer.https else "http"
    try:
        yield f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}/", seen
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


class _full:  # noqa: N801 — used as a function
    """A port whose queue of connections that nobody accepts is full (Linux: a SYN is then dropped)."""

    def __enter__(self) -> str:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._waiting = [socket.socket() for _ in range(8)]
        for each in self._waiting:
            each.setblocking(False)  # noqa: FBT003 — the standard library's own signature
            with suppress(BlockingIOError):
                each.connect(self._listener.getsockname())
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        for each in (*self._waiting, self._listener):
            each.close()


def _context(whose: str, certificates: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    name = {"strange": "strange", "of another name": "ours"}.get(whose, "ours")
    context.load_cert_chain(certificates / f"{name}.pem")
    if whose == "asks for one":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates / "ours.pem")
    return context


def make_certificates(folder: Path) -> Path:
    """Two certificates for 127.0.0.1, each its own issuer: `ours.pem` and `strange.pem`, with their keys."""
    openssl = shutil.which("openssl")
    if not openssl:
        lacks("no openssl: install it (Debian: openssl)")
    for name in ("ours", "strange"):
        subprocess.run(  # noqa: S603 — these very words
            [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")],
            check=True, capture_output=True,
        )  # fmt: skip
        both = (folder / "key.pem").read_text() + (folder / "certificate.pem").read_text()
        (folder / f"{name}.pem").write_text(both)
    return folder
