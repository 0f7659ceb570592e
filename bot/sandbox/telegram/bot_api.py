"""The way of a call: token, method, parameters, faults, the method itself, the answer. And the download of files.

Plain ASGI, for this is the path that load tests run on. It must not know what any method does.
"""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send

from bot.sandbox.serving import drop_connection
from bot.sandbox.telegram.bodies import read_params
from bot.sandbox.telegram.errors import TelegramError, bad_request, forbidden, too_many_requests
from bot.sandbox.telegram.faults import Fault
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.telegram.methods.method import Method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
DROPPED = 0
SERVER_ERRORS = 500


class BotApi:
    """Answers `/bot<token>/<method>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out one call."""
        token, _, name = scope["path"].removeprefix("/bot").partition("/")
        name = name.lower()
        try:
            if token != self._world.config.token:
                raise TelegramError(401, "Unauthorized")  # noqa: TRY301 — one way to answer refusals
            await self._call(METHODS.get(name), scope, receive, send)
        except TelegramError as refusal:
            self._world.count(METHODS[name].name if name in METHODS else "unknown", refusal.code)
            await respond(send, refusal.code, _encode(refusal.answer()).encode())

    async def _call(self, method: Method | None, scope: Scope, receive: Receive, send: Send) -> None:
        if method is None:
            raise TelegramError(404, "Not Found")
        params = await read_params(scope, receive)
        fault = self._world.faults.pick(method.name.lower(), _chat_id(params)) if self._world.faults.rules else None
        if fault is not None and await self._misbehave(fault, method, scope, send):
            return
        if unknown := params.names() - method.parameters - params.attachments():
            raise bad_request(f"unknown parameter {sorted(unknown)} (the real service would ignore it)")
        result: Any = method.handler(self._world, params)
        if method.slow:
            waiting = asyncio.ensure_future(result)
            if not await _finished(waiting, receive):
                self._world.count(method.name, DROPPED)
                return
            result = waiting.result()
        if fault is not None and fault.kind == "drop_after":
            self._world.count(method.name, DROPPED)
            drop_connection(scope)
            return
        self._world.count(method.name, 200)
        await respond(send, 200, b'{"ok":true,"result":' + _encode(result).encode("utf-8", "surrogatepass") + b"}")

    async def _misbehave(self, fault: Fault, method: Method, scope: Scope, send: Send) -> bool:
        """Do what the fault says before the method is reached; tell whether the call ends with that."""
        match fault.kind:
            case "delay":
                await asyncio.sleep(fault.seconds)
                return False
            case "drop_after":
                return False
            case "drop_before":
                self._world.count(method.name, DROPPED)
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


async def _finished(waiting: asyncio.Future[Any], receive: Receive) -> bool:
    """Wait for the result, but not for somebody who has gone: a bot that was killed must not look like a second one."""

    async def disconnected() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    gone = asyncio.ensure_future(disconnected())
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.done()
    finally:
        gone.cancel()
        if not waiting.done():
            waiting.cancel()


def _chat_id(params: Params) -> int | None:
    try:
        return int(params.text("chat_id", "")) if "chat_id" in params else None
    except (TelegramError, ValueError):
        return None


async def respond(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    """Send a whole answer."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
