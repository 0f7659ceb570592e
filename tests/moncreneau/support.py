"""A fixed clock, and a server that answers byte by byte as the test says; it knows no API."""

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.app.circuit_breaker import CircuitBreaker
from bot.app.reachability import ReachabilityLog

KEY = "mk_test_5ecret"
START = datetime(2026, 1, 21, 10, 0, tzinfo=UTC)
DEPARTMENTS: list[dict[str, Any]] = [
    {
        "id": 5,
        "name": "Passport Service",
        "description": "Passport issuance",
        "organization": {"id": 1, "name": "Ministry of Interior"},
    },
    {
        "id": 8,
        "name": "ID Card Service",
        "description": "National ID card issuance",
        "organization": {"id": 1, "name": "Ministry of Interior"},
    },
]
"""The quick start's own example, word for word."""
APPOINTMENT: dict[str, Any] = {
    "id": 12345,
    "departmentId": 5,
    "dateTime": "2026-01-25T14:30:00",
    "status": "SCHEDULED",
    "name": "Jean Dupont",
    "qrCode": "https://moncreneau.gn/qr/12345",
    "createdAt": "2026-01-21T10:30:00",
}
"""The quick start's own example, word for word."""


@dataclass
class StillClock:
    """Shows the same time until it is told to go on."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @property
    def unix(self) -> float:
        return self.at.timestamp()


def circuit_breaker(clock: StillClock, failures: int = 5) -> CircuitBreaker:
    """A circuit breaker with this clock."""
    return CircuitBreaker(lambda: clock.unix, ReachabilityLog("the API", 1), failures=failures)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Answer:
    """What the server does with a request: it sends these bytes, and then perhaps ends the connection."""

    data: bytes = b""
    then: str = "go on"  # or "close", "reset"


SILENCE = Answer()
RESET = Answer(then="reset")


def answer(body: Any = None, status: int = 200, then: str = "go on", **headers: Any) -> Answer:
    """An HTTP answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Answer("\r\n".join([*lines, "", ""]).encode() + content, then)


def refusal(status: int, code: str, **headers: Any) -> Answer:
    """An error as the contract has it, with a message that repeats what must never be logged."""
    return answer({"error": {"code": code, "message": "Jean Dupont telegram:77 " + KEY}}, status, **headers)


def budget_headers(remaining: int, limit: int = 1000, reset: float | None = None) -> dict[str, str]:
    """The three headers of the quick start."""
    at = START.timestamp() + 3600 if reset is None else reset
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(at)),
    }


@dataclass
class ScriptedServer:
    """A server that gives the answers in `script` one after the other, and the last one for ever."""

    script: deque[Answer] = field(default_factory=lambda: deque([answer([])]))
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    connections: int = 0
    serving: list[asyncio.Task[None]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    """One for each connection, for what is said unasked."""

    def respond_with(self, *answers: Answer) -> None:
        self.script = deque(answers)

    async def received(self, requests: int) -> None:
        """Wait until so many requests have come."""
        async with self.news:
            await self.news.wait_for(lambda: len(self.seen) >= requests)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.writers.append(writer)
        task = asyncio.current_task()
        if task is not None:
            self.serving.append(task)
        try:
            while await self._one(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:  # the test is over; passing it on would only be logged
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(Seen(method, target, headers, body, number))
        async with self.news:
            self.news.notify_all()
        reaction = self.script.popleft() if len(self.script) > 1 else self.script[0]
        writer.write(reaction.data)
        await writer.drain()
        if reaction.then == "reset":
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return reaction.then == "go on"


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A server on a free port of this machine."""
    server = ScriptedServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/api/v1"
    try:
        yield server
    finally:
        listening.close()
        for task in server.serving:
            task.cancel()
        await asyncio.gather(*server.serving, return_exceptions=True)
