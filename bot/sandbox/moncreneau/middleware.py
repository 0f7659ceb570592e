"""The door in front of the API's endpoints: faults, then the key, then the budget, and the headers on every answer.

Plain ASGI, because it can swallow an answer and break a connection, which a handler cannot. It must not know what any
endpoint does.
"""

import asyncio
import math
from collections import Counter

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.moncreneau.authentication import Keys
from bot.sandbox.moncreneau.errors import Refusal
from bot.sandbox.moncreneau.faults import Faults, Strike
from bot.sandbox.moncreneau.misbehaviour import false_answer
from bot.sandbox.moncreneau.rate_limiter import Meter, Standing
from bot.sandbox.serving import drop_connection

KEY = "sandbox.key"
"""Where a handler finds the `Key` of its request in the scope."""


class Gate:
    """Wraps the API's router."""

    def __init__(self, api: ASGIApp, keys: Keys, meter: Meter, faults: Faults) -> None:
        self._api = api
        self._keys = keys
        self._meter = meter
        self._faults = faults
        self.requests: Counter[str] = Counter()
        """How often each endpoint was asked, whatever came of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or break its connection where a fault says so."""
        path = scope["path"].removeprefix(scope["root_path"])
        self.requests[endpoint(scope["method"], path)] += 1
        strike = self._faults.draw(scope["method"], path)
        if strike.wait_before:
            await asyncio.sleep(strike.wait_before)
        if strike.fault is None:
            await self._serve(scope, receive, _later(send, strike.wait_after) if strike.wait_after else send)
            return
        if strike.fault.when == "after":
            # The service acts in full; its answer goes nowhere.
            await self._serve(scope, receive, _nowhere)
            if strike.wait_after:
                await asyncio.sleep(strike.wait_after)
        await self._strike(strike, scope, receive, send)

    async def _strike(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        if strike.fault is None or strike.fault.kind.startswith("drop_"):
            drop_connection(scope)
            return
        if strike.fault.kind != "html":
            # A proxy's page has no headers of the API; everything else keeps up appearances.
            token = Headers(scope=scope).get("x-api-key", "")
            spent = math.ceil(strike.fault.seconds) if strike.fault.kind == "rate_limit" else None
            send = _with_standing(send, self._meter.look(token) if spent is None else self._meter.used_up(spent))
        await false_answer(strike.fault)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = Headers(scope=scope).get("x-api-key", "")
        try:
            try:
                scope[KEY] = self._keys.admit(token)
            except Refusal:
                send = _with_standing(send, self._meter.look(token))
                raise
            standing = self._meter.spend(token)
            send = _with_standing(send, standing)
            if standing.retry_after is not None:
                too_many = Refusal("RATE_LIMIT_EXCEEDED", "Too many requests in this hour")
                await too_many.response({"Retry-After": str(standing.retry_after)})(scope, receive, send)
                return
            await self._api(scope, receive, send)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
        except HTTPException as error:
            # The router's own words for a method that a path does not take.
            code = "METHOD_NOT_ALLOWED" if error.status_code == 405 else "INVALID_REQUEST"  # noqa: PLR2004 — HTTP's number
            await Refusal(code, error.detail, status=error.status_code).response(error.headers)(scope, receive, send)


def endpoint(method: str, path: str) -> str:
    """Return the name under which a request is counted: `GET /appointments/{id}`."""
    parts = path.split("/")
    if len(parts) > 2:  # noqa: PLR2004 — the id is what follows the first word
        parts[2] = "{id}"
    return f"{method} {'/'.join(parts)}"


def _with_standing(send: Send, standing: Standing) -> Send:
    headers = standing.headers()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return sending


def _later(send: Send, seconds: float) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return sending


async def _nowhere(_message: Message) -> None:
    pass
