"""TCP proxies between a bot's process and what it talks to. They can be cut, and they note what the process sends."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r\n")
TOKEN = re.compile(r"/bot[^/]*/")
CHUNK = 65536


class Request(NamedTuple):
    """A request that a process sent: when it arrived here (Unix seconds), and its path without a token."""

    at: float
    path: str


class Wire:
    """One proxy. `reach` connects to the other side."""

    def __init__(self, reach: Callable[[], Awaitable[Ends]]) -> None:
        self._reach = reach
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests: list[Request] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Forward while the block runs."""
        serving = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        self.port = serving.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            serving.close()
            self.drop()
            for each in self._connections:
                each.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def cut(self) -> None:
        """From now on no byte arrives on either side; connections are still accepted by the nearest router."""
        self._whole.clear()

    def mend(self, *, late: bool) -> None:
        """Forward again: what was under way arrives `late`, as TCP repeats it, or its connections are dropped."""
        if not late:
            self.drop()
        self._whole.set()

    def drop(self) -> None:
        """Drop all connections."""
        for each in self._ends:
            each.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._forward(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            answers, there = await self._reach()
            self._ends.add(there)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, there, self._note))
                pumps.create_task(self._pump(answers, writer, None))
        except* (OSError, EOFError):
            pass
        finally:
            for each in (writer, there):
                if each is not None:
                    self._ends.discard(each)
                    each.close()
                    with contextlib.suppress(OSError):
                        await each.wait_closed()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, note: Callable[[bytes], None] | None
    ) -> None:
        while data := await source.read(CHUNK):
            if note:
                note(data)
            await self._whole.wait()
            target.write(data)
            await target.drain()
        await self._whole.wait()
        raise EOFError  # one side closed: so does the other

    def _note(self, data: bytes) -> None:
        if found := HEAD.match(data):
            path = TOKEN.sub("/", found[1].decode("ascii", "replace"))
            self.requests.append(Request(time.time(), path.partition("?")[0]))


def tcp(port: int) -> Callable[[], Awaitable[Ends]]:
    """Reaches a port of 127.0.0.1."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def socket_file(path: Path) -> Callable[[], Awaitable[Ends]]:
    """Reaches a socket file."""
    return lambda: asyncio.open_unix_connection(path)


def one_of(ports: Callable[[], Sequence[int]]) -> Callable[[], Awaitable[Ends]]:
    """Reaches the ports by turns, those that refuse left out, as a web server before several processes does."""
    turn = 0

    async def reach() -> Ends:
        nonlocal turn
        turn += 1
        present = list(ports())
        for number in range(len(present)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", present[(turn + number) % len(present)])
        raise ConnectionRefusedError

    return reach
