"""Handles every API request: fault injection, authentication, the rate limit and its headers.

Plain ASGI, because it can discard an answer and drop a connection, which a handler cannot. It must not know what an
endpoint does.
"""

import asyncio
import math
from collections import Counter

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.moncreneau.alterations import Alterations
from bot.sandbox.moncreneau.authentication import ApiKeys
from bot.sandbox.moncreneau.errors import ApiError
from bot.sandbox.moncreneau.faults import Fault, FaultInjector, false_answer
from bot.sandbox.moncreneau.rate_limiter import Quota, RateLimiter
from bot.sandbox.serving import drop_connection

KEY = "sandbox.key"
"""The key of the scope under which a handler finds the `ApiKey` of its request."""
ALTERATIONS = "sandbox.alterations"
"""The key of the scope for the `Alterations`."""


class ApiMiddleware:
    """Wraps the API's router."""

    def __init__(self, api: ASGIApp, keys: ApiKeys, limiter: RateLimiter, faults: FaultInjector) -> None:
        self._api = api
        self._keys = keys
        self._limiter = limiter
        self._faults = faults
        self.requests: Counter[str] = Counter()
        """Requests by endpoint, whatever their answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or drop its connection if a fault says so."""
        path = scope["path"].removeprefix(scope["root_path"])
        self.requests[endpoint(scope["method"], path)] += 1
        injection = self._faults.draw(scope["method"], path)
        if injection.delay_before:
            await asyncio.sleep(injection.delay_before)
        alterations = scope[ALTERATIONS] = Alterations(injection.alterations)
        fault = injection.fault
        if fault is None:
            delay = injection.delay_after
            send = alterations.rewriting(send)
            await self._serve(scope, receive, _delayed(send, delay) if delay else send)
            return
        if fault.when == "after":
            # The service carries out the request; its answer is lost.
            await self._serve(scope, receive, _discard)
            if injection.delay_after:
                await asyncio.sleep(injection.delay_after)
        await self._answer_falsely(fault, scope, receive, send)

    async def _answer_falsely(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind.startswith("drop_"):
            drop_connection(scope)
            return
        # A page of a proxy lacks the API's headers; all other answers carry them.
        if fault.kind == "rate_limit":
            send = _with_quota(send, self._limiter.exhausted(math.ceil(fault.seconds)))
        elif fault.kind != "html":
            send = _with_quota(send, self._limiter.peek(_token(scope)))
        await false_answer(fault)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope)
        try:
            try:
                scope[KEY] = self._keys.authenticate(token)
            except ApiError:
                send = _with_quota(send, self._limiter.peek(token))
                raise
            quota = self._limiter.consume(token)
            send = _with_quota(send, quota)
            if quota.retry_after is not None:
                too_many = ApiError("RATE_LIMIT_EXCEEDED", "Too many requests in this hour")
                await too_many.response({"Retry-After": str(quota.retry_after)})(scope, receive, send)
                return
            await self._api(scope, receive, send)
        except ApiError as error:
            await error.response()(scope, receive, send)
        except HTTPException as error:
            # The router raises this for a method that a path does not take.
            code = "METHOD_NOT_ALLOWED" if error.status_code == 405 else "INVALID_REQUEST"  # noqa: PLR2004 — HTTP's number
            await ApiError(code, error.detail, status=error.status_code).response(error.headers)(scope, receive, send)


def endpoint(method: str, path: str) -> str:
    """Return the name under which a request is counted: `GET /appointments/{id}`."""
    parts = path.split("/")
    if len(parts) > 2:  # noqa: PLR2004 — the id follows the first word
        parts[2] = "{id}"
    return f"{method} {'/'.join(parts)}"


def _token(scope: Scope) -> str:
    return Headers(scope=scope).get("x-api-key", "")


def _with_quota(send: Send, quota: Quota) -> Send:
    headers = quota.headers()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return sending


def _delayed(send: Send, seconds: float) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return sending


async def _discard(_message: Message) -> None:
    pass
