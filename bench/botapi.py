"""A Bot API server with citizens in closed loop, lean enough not to be the bottleneck: raw asyncio, one core.

Each citizen does the next step of a six-step booking when the bot's answer to the last one has arrived: `/start`,
*book*, first department, earliest slot, a typed name, *confirm*. It measures steps per second and the time from a step
to its answer. It is no judge of correctness (that is the sandbox): it answers what a client needs and no more.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

from bench import botapi_wire as wire

OK = b'{"ok":true,"result":true}'
STEPS = 6
NO_BUTTONS = '{"inline_keyboard":[]}'
NAME = "Aissatou Bah"


@dataclass(slots=True)
class Citizen:
    """Somebody who books, over and over."""

    chat: int
    step: int = -1
    waiting: bool = False
    asked: float = 0.0
    message: int = 0
    text: str = '""'
    """The text that the message shows, as JSON."""
    markup: str = NO_BUTTONS
    """Its buttons, as JSON."""


@dataclass(slots=True)
class Measure:
    """What was measured between `begin` and `end`."""

    latencies: list[float] = field(default_factory=list)
    calls: int = 0
    bookings: int = 0
    stalls: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def steps_per_second(self) -> float:
        """Answered steps per second."""
        return len(self.latencies) / max(self.ended - self.began, 1e-9)

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of the steps was answered."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class BotApi:
    """The server's state: updates that wait, citizens, what is measured."""

    def __init__(self, citizens: int, latency: float = 0.0) -> None:
        self.latency = latency
        self.people = {1000 + each: Citizen(1000 + each) for each in range(citizens)}
        self.measure: Measure | None = None
        self.unmeasured: int | None = None
        self._updates: list[tuple[int, str]] = []
        self._ids = 100_000
        self._messages = 1000
        self._poll: tuple[Connection, int] | None = None
        self._flush: asyncio.TimerHandle | asyncio.Handle | None = None
        self._running = False
        self.polled = asyncio.Event()
        self._probe: asyncio.Future[None] | None = None

    # --- citizens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let every citizen take their first step."""
        if not self._running:
            self._running = True
            for citizen in self.people.values():
                self._next(citizen)

    def stop(self) -> None:
        """No more steps."""
        self._running = False

    async def ask(self) -> float:
        """One `/start` of a newcomer to an idle bot; returns the seconds until its answer."""
        self._probe = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._arrive(wire.said(900_000_000 + self._ids, 1, "/start"))
        self._answer_poll()
        await asyncio.wait_for(self._probe, 10)
        return time.perf_counter() - began

    def unstick(self, patience: float) -> None:
        """Citizens who wait too long begin anew."""
        now = time.perf_counter()
        for citizen in self.people.values():
            if citizen.waiting and now - citizen.asked > patience:
                citizen.step, citizen.waiting = -1, False
                if self.measure:
                    self.measure.stalls += 1
                self._next(citizen)

    def _next(self, citizen: Citizen) -> None:
        if not self._running:
            return
        citizen.step = (citizen.step + 1) % STEPS
        citizen.waiting, citizen.asked = True, time.perf_counter()
        if citizen.step in {0, 4}:
            self._messages += 1
            self._arrive(wire.said(citizen.chat, self._messages, "/start" if citizen.step == 0 else NAME))
        elif data := wire.button(citizen.markup, "book" if citizen.step == 1 else ""):
            self._arrive(wire.pressed(citizen.chat, citizen.message, citizen.text, citizen.markup, data))
        else:
            citizen.step = -1
            asyncio.get_running_loop().call_later(0.05, self._next, citizen)

    def _arrive(self, content: str) -> None:
        self._ids += 1
        self._updates.append((self._ids, f'{{"update_id":{self._ids},{content}}}'))
        if self._poll and self._flush is None:
            self._flush = asyncio.get_running_loop().call_soon(self._answer_poll)

    def _answered(self, call: wire.Call, message: int, *, ticket: bool) -> None:
        chat = call.chat
        citizen = self.people.get(chat)
        if citizen is None and self._probe and not self._probe.done():
            self._probe.set_result(None)
        if citizen is None or not citizen.waiting:
            return
        if ticket and citizen.step == 0:
            return  # the QR picture of the booking before
        citizen.message, citizen.text, citizen.markup, citizen.waiting = message, call.text, call.markup, False
        if self.measure and not self.measure.ended and chat != self.unmeasured:
            self.measure.latencies.append(time.perf_counter() - citizen.asked)
            self.measure.bookings += citizen.step == STEPS - 1
        self._next(citizen)

    # --- the Bot API ---------------------------------------------------------------------------------------------

    def handle(self, connection: "Connection", method: str, body: bytes, kind: str) -> None:
        """Answer one call."""
        if self.measure:
            self.measure.calls += 1
        if method == "getupdates":
            self._get_updates(connection, body)
            return
        if method == "getme":
            self._reply(connection, wire.ME)
            return
        if method in {"sendmessage", "editmessagetext", "sendphoto"}:
            self._message(connection, method, body, kind)
            return
        self._reply(connection, OK)

    def _message(self, connection: "Connection", method: str, body: bytes, kind: str) -> None:
        ticket = method == "sendphoto"
        call = wire.Call(int(wire.part(body, "chat_id")), '""', NO_BUTTONS) if "multipart" in kind else wire.read(body)
        self._messages += 1
        number = call.message or self._messages
        self._reply(connection, wire.message(call, number, picture=ticket))
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, lambda: self._answered(call, number, ticket=ticket))
        else:
            self._answered(call, number, ticket=ticket)

    def _get_updates(self, connection: "Connection", body: bytes) -> None:
        offset = wire.number(body, "offset")
        self._updates = [each for each in self._updates if each[0] >= offset]
        self._poll = (connection, wire.number(body, "limit") or 100)
        self.polled.set()
        if self._updates:
            self._answer_poll()

    def _answer_poll(self) -> None:
        self._flush = None
        if self._poll:
            connection, limit = self._poll
            self._poll = None
            page = ",".join(update for _, update in self._updates[:limit])
            self._reply(connection, f'{{"ok":true,"result":[{page}]}}'.encode())

    def _reply(self, connection: "Connection", body: bytes) -> None:
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, connection.reply, body)
        else:
            connection.reply(body)


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection; requests come one after another, with a length."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:])
            length = int(headers.get("content-length", 0))
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method = head[0].split(" ")[1].rpartition("/")[2].lower()
            self._api.handle(self, method, body, headers.get("content-type", ""))

    def reply(self, body: bytes) -> None:
        """Answer 200."""
        if self._transport and not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)
