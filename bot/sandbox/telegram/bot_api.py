"""Answers calls of the Bot API: token, method, parameters, faults, then the method itself; and file downloads.

Plain ASGI, because load tests send every call through here. Knows nothing of what a method does.
"""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send

from bot.sandbox.serving import drop_connection
from bot.sandbox.telegram.errors import TelegramError, bad_request, forbidden, too_many_requests
from bot.sandbox.telegram.faults import Fault
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.telegram.methods.common import Method
from bot.sandbox.telegram.params import Params, read_params
from bot.sandbox.telegram.world import World

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
NO_RESPONSE = 0
SERVER_ERRORS = 500


class BotApi:
    """Answers `/bot<token>/<method>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        token, _, name = scope["path"].removeprefix("/bot").partition("/")
        name = name.lower()
        try:
            if token != self._world.config.token:
                raise TelegramError(401, "Unauthorized")  # noqa: TRY301 — all refusals are answered below
            await self._call(METHODS.get(name), scope, receive, send)
        except TelegramError as refusal:
            self._world.count(METHODS[name].name if name in METHODS else "unknown", refusal.code)
            await respond(send, refusal.code, _encode(refusal.answer()).encode())

    async def _call(self, method: Method | None, scope: Scope, receive: Receive, send: Send) -> None:
        if method is None:
            raise TelegramError(404, "Not Found")
        params = await read_params(scope, receive)
        fault = self._world.faults.pick(method.name.lower(), _chat_id(params)) if self._world.faults.rules else None
        if fault is not None and await self._ends_with(fault, method, scope, send):
            return
        if unknown := params.names() - method.parameters - params.attachments():
            raise bad_request(f"unknown parameter {sorted(unknown)} (the real service would ignore it)")
        result: Any = method.handler(self._world, params)
        if method.waits:
            waiting = asyncio.ensure_future(result)
            if not await _finished_before_disconnect(waiting, receive):
                self._world.count(method.name, NO_RESPONSE)
                return
            result = waiting.result()
        if fault is not None and fault.kind == "drop_after":
            self._world.count(method.name, NO_RESPONSE)
            drop_connection(scope)
            return
        self._world.count(method.name, 200)
        await respond(send, 200, b'{"ok":true,"result":' + _encode(result).encode("utf-8", "surrogatepass") + b"}")

    async def _ends_with(self, fault: Fault, method: Method, scope: Scope, send: Send) -> bool:
        """Apply the part of a fault that comes before the method; tell whether the call ends with it."""
        match fault.kind:
            case "delay":
                await asyncio.sleep(fault.seconds)
                return False
            case "drop_after":
                return False
            case "drop_before":
                self._world.count(method.name, NO_RESPONSE)
                drop_connection(scope)
            case "html":
                self._world.count(method.name, fault.status)
                await respond(send, fault.status, HTML, b"text/html")
            case "flood":
                raise too_many_requests(fault.retry_after)
            case "blocked":
                raise forbidden("bot was blocked by the user")
            case "status":
                words = "Internal Server Error" if fault.status >= SERVER_ERRORS else "Bad Request: fault"
                raise TelegramError(fault.status, words)
        return True


class FileDownloads:
    """Answers `/file/bot<token>/<path>` with an uploaded file."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send one file."""
        token, _, path = scope["path"].removeprefix("/file/bot").partition("/")
        file = self._world.files.by_path(path) if token == self._world.config.token else None
        if file is None:
            await respond(send, 404, b'{"ok":false,"error_code":404,"description":"Not Found"}')
        else:
            await respond(send, 200, file.content, file.mime_type.encode())


async def respond(send: Send, status: int, body: bytes, content_type: bytes = b"application/json") -> None:
    """Send a whole response."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _finished_before_disconnect(waiting: asyncio.Future[Any], receive: Receive) -> bool:
    """Wait for the result or the end of the connection: the long poll of a killed bot must not count as a poller."""
    disconnected = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({waiting, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.done()
    finally:
        disconnected.cancel()
        if not waiting.done():
            waiting.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _chat_id(params: Params) -> int | None:
    try:
        return int(params.text("chat_id", "")) if "chat_id" in params else None
    except (TelegramError, ValueError):
        return None
