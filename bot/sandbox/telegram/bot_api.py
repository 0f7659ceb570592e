"""Answers calls of the Bot API: token, method, parameters, faults, then the method itself; and file downloads.

Plain ASGI, because load tests send every call through here. Knows nothing of what a method does.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from bot.sandbox.serving import drop_connection
from bot.sandbox.telegram.errors import TelegramError, bad_request, forbidden, too_many_requests
from bot.sandbox.telegram.faults import Fault
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.telegram.methods.common import Method
from bot.sandbox.telegram.params import Params, read_params
from bot.sandbox.telegram.world import World

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TOKEN = re.compile(r"[1-9]\d*:[\w-]+", re.ASCII)
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
NO_RESPONSE = 0
SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; `retry_after` is in seconds, 0 for no such header."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    retry_after: int = 0


class NoResponseError(Exception):
    """The call gets no response: the client has gone, or the connection is to be dropped (`drops`)."""

    def __init__(self, *, drops: bool) -> None:
        super().__init__()
        self.drops = drops


class BotApi:
    """Answers `/bot<token>/<method>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        token, _, name = scope["path"].removeprefix("/bot").partition("/")
        method = METHODS.get(name.lower())
        params = Params({})
        try:
            self._check_token(token)
            if method is None:
                raise TelegramError(404, "Not Found")  # noqa: TRY301 — all refusals are answered below
            params = await read_params(scope, receive)
            response = await self._run(method, params, receive)
        except TelegramError as refusal:
            response = _refusal(refusal)
        except NoResponseError as silence:
            self._record(method, NO_RESPONSE, params, scope)
            if silence.drops:
                drop_connection(scope)
            return
        self._record(method, response.status, params, scope)
        await respond(send, response)

    async def execute(self, name: str, params: Params) -> None:
        """Run a method that the response to a webhook names; nobody learns its result or refusal."""
        method = METHODS.get(name.lower())
        if method is None:
            self._record(None, 404, params)
            return
        try:
            status = (await self._run(method, params, _no_client)).status
        except TelegramError as refusal:
            status = refusal.code
        except NoResponseError:
            status = NO_RESPONSE
        self._record(method, status, params)

    def _check_token(self, token: str) -> None:
        """Refuse a wrong token; Telegram answers 404 to one of a wrong shape and 401 to any other."""
        if token != self._world.config.token:
            raise TelegramError(401, "Unauthorized") if _TOKEN.fullmatch(token) else TelegramError(404, "Not Found")

    async def _run(self, method: Method, params: Params, receive: Receive) -> Response:
        fault = self._world.faults.pick(method.name.lower(), _chat_id(params)) if self._world.faults.rules else None
        if fault is not None and (response := await _apply_before(fault, receive)) is not None:
            return response
        if unknown := params.names() - method.parameters - params.attachments():
            raise bad_request(f"unknown parameter {sorted(unknown)} (the real service would ignore it)")
        result: Any = method.handler(self._world, params)
        if method.waits:
            result = await _unless_disconnected(asyncio.ensure_future(result), receive)
        if fault is not None:
            await _apply_after(fault, receive)
        return Response(200, b'{"ok":true,"result":' + _encode(result).encode("utf-8", "surrogatepass") + b"}")

    def _record(self, method: Method | None, status: int, params: Params, scope: Scope | None = None) -> None:
        name = "unknown" if method is None else method.name
        host, port = (scope and scope.get("client")) or ("", 0)
        self._world.record_call(name, status, _chat_id(params), f"{host}:{port}" if port else "webhook")


class FileDownloads:
    """Answers `/file/bot<token>/<path>` with an uploaded file."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send one file."""
        token, _, path = scope["path"].removeprefix("/file/bot").partition("/")
        file = self._world.files.by_path(path) if token == self._world.config.token else None
        if file is None:
            await respond(send, _refusal(TelegramError(404, "Not Found")))
        else:
            await respond(send, Response(200, file.content, file.mime_type.encode()))


async def respond(send: Send, response: Response) -> None:
    """Send a whole response."""
    headers = [(b"content-type", response.content_type), (b"content-length", str(len(response.body)).encode())]
    if response.retry_after:
        headers.append((b"retry-after", str(response.retry_after).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _refusal(error: TelegramError) -> Response:
    retry_after = (error.parameters or {}).get("retry_after", 0)
    return Response(error.code, _encode(error.answer()).encode(), retry_after=retry_after)


async def _apply_before(fault: Fault, receive: Receive) -> Response | None:
    """Apply what a fault does before the method runs; returns the response if the call ends here."""
    match fault.kind:
        case "delay":
            await asyncio.sleep(fault.seconds)
        case "drop_before":
            raise NoResponseError(drops=True)
        case "hang_before":
            await _disconnected(receive)
            raise NoResponseError(drops=False)
        case "html":
            return Response(fault.status, HTML, b"text/html")
        case "flood":
            raise too_many_requests(fault.retry_after)
        case "blocked":
            raise forbidden("bot was blocked by the user")
        case "status":
            words = "Internal Server Error" if fault.status >= SERVER_ERRORS else "Bad Request: fault"
            raise TelegramError(fault.status, words)
    return None


async def _apply_after(fault: Fault, receive: Receive) -> None:
    """Apply what a fault does after the method ran."""
    if fault.kind == "drop_after":
        raise NoResponseError(drops=True)
    if fault.kind == "hang_after":
        await _disconnected(receive)
        raise NoResponseError(drops=False)


async def _unless_disconnected(waiting: asyncio.Future[Any], receive: Receive) -> Any:
    """Return the result, or raise when the connection ends: the long poll of a killed bot is no poller any more."""
    disconnected = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({waiting, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise NoResponseError(drops=False)
        return waiting.result()
    finally:
        disconnected.cancel()
        waiting.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _no_client() -> Message:
    return {"type": "http.disconnect"}


def _chat_id(params: Params) -> int | None:
    try:
        return int(params.text("chat_id", "")) if "chat_id" in params else None
    except (TelegramError, ValueError):
        return None
