"""A Bot API server with citizens in closed loop, lean enough not to be the bottleneck: raw asyncio, one core.

Each citizen does the next step of a six-step booking when the bot's answer to the last one has arrived: `/start`,
*book*, first department, earliest slot, a typed name, *confirm*. It measures steps per second and the time from a step
to its answer. It is no judge of correctness (that is the sandbox): it answers what a client needs and no more.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]
BOT = {"id": 42, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
OK = b'{"ok":true,"result":true}'
STEPS = 6
NAME = "Aissatou Bah"


@dataclass(slots=True)
class Citizen:
    """Somebody who books, over and over."""

    chat: int
    step: int = -1
    waiting: bool = False
    asked: float = 0.0
    message: int = 0
    buttons: list[str] = field(default_factory=list)


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
        self._updates: list[tuple[int, Json]] = []
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
        self._ids += 1
        chat = {"id": 900_000_000 + self._ids, "type": "private", "first_name": "Probe"}
        message = {"message_id": 1, "from": {**chat, "is_bot": False}, "chat": chat, "date": 0, "text": "/start"}
        self._probe = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._updates.append((self._ids, {"update_id": self._ids, "message": message}))
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
        person = {"id": citizen.chat, "is_bot": False, "first_name": "Aissatou", "language_code": "en"}
        chat = {"id": citizen.chat, "type": "private", "first_name": "Aissatou"}
        self._ids += 1
        update: Json = {"update_id": self._ids}
        if citizen.step in {0, 4}:
            self._messages += 1
            text = "/start" if citizen.step == 0 else NAME
            update["message"] = {
                "message_id": self._messages, "from": person, "chat": chat, "date": int(time.time()), "text": text
            }  # fmt: skip
        elif not citizen.buttons:
            citizen.step = -1
            asyncio.get_running_loop().call_later(0.05, self._next, citizen)
            return
        else:
            book = [each for each in citizen.buttons if each.endswith(".book")]
            data = book[0] if citizen.step == 1 and book else citizen.buttons[0]
            message = {"message_id": citizen.message, "from": BOT, "chat": chat, "date": int(time.time()), "text": "…"}
            update["callback_query"] = {
                "id": str(self._ids), "from": person, "chat_instance": "1", "message": message, "data": data
            }  # fmt: skip
        self._updates.append((self._ids, update))
        if self._poll and self._flush is None:
            self._flush = asyncio.get_running_loop().call_soon(self._answer_poll)

    def _answered(self, chat: int, message: int, buttons: list[str], *, ticket: bool) -> None:
        citizen = self.people.get(chat)
        if citizen is None and self._probe and not self._probe.done():
            self._probe.set_result(None)
        if citizen is None or not citizen.waiting:
            return
        if ticket and citizen.step == 0:
            return  # the QR picture of the booking before
        citizen.message, citizen.buttons, citizen.waiting = message, buttons, False
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
            self._reply(connection, json.dumps({"ok": True, "result": BOT}).encode())
            return
        if method in {"sendmessage", "editmessagetext", "sendphoto"}:
            self._message(connection, method, body, kind)
            return
        self._reply(connection, OK)

    def _message(self, connection: "Connection", method: str, body: bytes, kind: str) -> None:
        if "multipart" in kind:
            # Only the chat is needed of a picture.
            chat = int(body.split(b'name="chat_id"', 1)[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0])
            call: dict[str, list[str]] = {}
        else:
            call = parse_qs(body.decode())
            chat = int(call["chat_id"][0])
        markup = json.loads(call["reply_markup"][0]) if "reply_markup" in call else {}
        buttons = [each["callback_data"] for row in markup.get("inline_keyboard", []) for each in row]
        self._messages += 1
        number = int(call["message_id"][0]) if method == "editmessagetext" else self._messages
        result: Json = {"message_id": number, "from": BOT, "chat": {"id": chat, "type": "private"}, "date": 0}
        if method == "sendphoto":
            result["photo"] = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
        else:
            result |= {"text": call["text"][0], "reply_markup": markup}
        self._reply(connection, json.dumps({"ok": True, "result": result}).encode())
        act = (chat, number, buttons)
        if self.latency:
            asyncio.get_running_loop().call_later(
                self.latency, lambda: self._answered(*act, ticket=method == "sendphoto")
            )
        else:
            self._answered(*act, ticket=method == "sendphoto")

    def _get_updates(self, connection: "Connection", body: bytes) -> None:
        call = parse_qs(body.decode())
        offset = int(call.get("offset", ["0"])[0])
        self._updates = [each for each in self._updates if each[0] >= offset]
        self._poll = (connection, int(call.get("limit", ["100"])[0]))
        self.polled.set()
        if self._updates:
            self._answer_poll()

    def _answer_poll(self) -> None:
        self._flush = None
        if self._poll:
            connection, limit = self._poll
            self._poll = None
            page = [update for _, update in self._updates[:limit]]
            self._reply(connection, json.dumps({"ok": True, "result": page}).encode())

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
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

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
