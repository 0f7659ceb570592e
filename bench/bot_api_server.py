"""A Bot API server fast enough not to be the bottleneck: raw asyncio, with JSON and forms handled as text.

Messages and updates are as full as Telegram's (sender, chat, the text and the buttons that were sent), since reading
them is a part of a bot's work. It is no judge of correctness (the sandbox is): it answers what a client needs and no
more. It knows no citizen: what the bot sends goes to a listener, and updates come from the bench.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl

OK = b'{"ok":true,"result":true}'
BOT = '{"id":42,"is_bot":true,"first_name":"Bench","username":"bench_bot"}'
ME = f'{{"ok":true,"result":{BOT}}}'.encode()
NO_WEBHOOK = b'{"ok":true,"result":{"url":""}}'
PHOTO = '"photo":[{"file_id":"f","file_unique_id":"u","width":1,"height":1}],"caption":""'
NO_BUTTONS = '{"inline_keyboard":[]}'
PER_POLL = 100


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that the bot sent or edited; `text` and `markup` are JSON."""

    chat: int
    number: int
    text: str
    markup: str
    is_picture: bool


Listener = Callable[[SentMessage], None]


def message_update(chat: int, number: int, text: str, language: str = "en") -> str:
    """Somebody's message, as a part of an update."""
    command = f',"entities":[{{"type":"bot_command","offset":0,"length":{len(text)}}}]' if text[0] == "/" else ""
    fields = f'"message_id":{number},"from":{_person(chat, language)},"chat":{_chat(chat)},"date":{int(time.time())}'
    return f'"message":{{{fields},"text":{json.dumps(text)}{command}}}'


def press_update(shown: SentMessage, data: str, language: str = "en") -> str:
    """Somebody's press of a button of a message, as a part of an update."""
    about = f'"id":"{time.monotonic_ns()}","from":{_person(shown.chat, language)},"chat_instance":"1"'
    return f'"callback_query":{{{about},"message":{_message(shown)},"data":{json.dumps(data)}}}'


class BotApiServer:
    """The server's state: the updates that wait and the poll that waits for them. `latency` is in seconds."""

    def __init__(self, listener: Listener, latency: float = 0.0) -> None:
        self.polled = asyncio.Event()
        """Set by the first poll of a bot, or when it sets a webhook."""
        self.webhook: dict[str, str] = {}
        """What the bot said in `setWebhook`. The bench itself delivers to it."""
        self.latency = latency
        self._listener = listener
        self._updates: list[tuple[int, str]] = []
        self._last_update = 100_000
        self._last_message = 1000
        self._poll: tuple[Connection, int] | None = None
        self._flush: asyncio.Handle | None = None

    def new_message(self) -> int:
        """A number for a message."""
        self._last_message += 1
        return self._last_message

    def numbered(self, content: str) -> str:
        """The next update, for a webhook."""
        self._last_update += 1
        return f'{{"update_id":{self._last_update},{content}}}'

    def push(self, content: str) -> None:
        """Queue an update; what else is pushed in the same turn of the loop goes with it."""
        update = self.numbered(content)
        self._updates.append((self._last_update, update))
        if self._poll and self._flush is None:
            self._flush = asyncio.get_running_loop().call_soon(self._answer_poll)

    def handle(self, connection: "Connection", method: str, body: bytes, content_type: str) -> None:
        """Answer one call."""
        if method == "getupdates":
            self._get_updates(connection, _parameters(body, content_type))
        elif method == "getme":
            self._reply(connection, ME)
        elif method == "getwebhookinfo":
            self._reply(connection, NO_WEBHOOK)
        elif method == "setwebhook":
            self.webhook = _parameters(body, content_type)
            self.polled.set()
            self._reply(connection, OK)
        elif method in {"sendmessage", "editmessagetext", "sendphoto"}:
            self._send(connection, method, body, content_type)
        else:
            self._reply(connection, OK)

    def _send(self, connection: "Connection", method: str, body: bytes, content_type: str) -> None:
        is_picture = method == "sendphoto"
        if "multipart" in content_type:
            message = SentMessage(int(_part(body, "chat_id")), self.new_message(), '""', NO_BUTTONS, is_picture)
        else:
            asked = _parameters(body, content_type)
            number = int(asked.get("message_id", 0)) or self.new_message()
            text, markup = json.dumps(asked.get("text", "")), asked.get("reply_markup") or NO_BUTTONS
            message = SentMessage(int(asked["chat_id"]), number, text, markup, is_picture)
        self._reply(connection, f'{{"ok":true,"result":{_message(message)}}}'.encode())
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._listener, message)
        else:
            self._listener(message)

    def _get_updates(self, connection: "Connection", asked: dict[str, str]) -> None:
        offset = int(asked.get("offset", 0))
        self._updates = [each for each in self._updates if each[0] >= offset]
        self._poll = (connection, int(asked.get("limit", PER_POLL)))
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

    def __init__(self, server: BotApiServer) -> None:
        self._server = server
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

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
            self._server.handle(self, method, body, headers.get("content-type", ""))

    def reply(self, body: bytes) -> None:
        """Answer 200."""
        if self._transport and not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)


@asynccontextmanager
async def serving_bot_api(server: BotApiServer) -> AsyncIterator[str]:
    """Serve it on a free port of this machine; yields its address."""
    listening = await asyncio.get_running_loop().create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=1024)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


def _part(body: bytes, name: str) -> bytes:
    """One part of a multipart body."""
    return body.split(b'name="%s"' % name.encode(), 1)[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0]


def _parameters(body: bytes, content_type: str) -> dict[str, str]:
    """The parameters of a call without files: JSON (the bot's) or a form (that of PTB's own transport)."""
    if content_type.startswith("application/json"):
        asked: dict[str, str] = json.loads(body)
        return asked
    return dict(parse_qsl(body.decode()))


def _message(message: SentMessage) -> str:
    fields = f'"message_id":{message.number},"from":{BOT},"chat":{_chat(message.chat)},"date":{int(time.time())}'
    shown = PHOTO if message.is_picture else f'"text":{message.text}'
    return f'{{{fields},{shown},"reply_markup":{message.markup}}}'


def _person(chat: int, language: str) -> str:
    name = f'"first_name":"Aissatou","username":"user{chat}","language_code":"{language}"'
    return f'{{"id":{chat},"is_bot":false,{name}}}'


def _chat(chat: int) -> str:
    return f'{{"id":{chat},"type":"private","first_name":"Aissatou","username":"user{chat}"}}'
