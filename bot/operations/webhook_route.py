"""The routes of webhooks: one policy for all senders. Refuses requests that are too long, too slow or not the sender's.

A body is checked as it came, before anything is read from it, and the answer comes when it is stored. For all senders
only 2xx is a success. Redirects and 410 are never answered: after 410 Telegram removes a webhook, and other senders
give up. Each route has its own limit of open requests, so one sender cannot hold up another. Knows neither how a sender
is recognised nor what a webhook says.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

log = logging.getLogger(__name__)
BODY_SECONDS = 10.0
STORE_SECONDS = 5.0
AT_ONCE = 64
"""Open requests of one sender; Telegram is asked to open no more than 40."""
RETRY_AFTER = 5
"""Seconds, of a 503: what cannot be stored now, because the bot starts, stops or waits for the database, soon can."""
SAY_EVERY = 60.0
"""Seconds between two log lines about refused webhooks."""

Reply = Mapping[str, Any]
Receive = Callable[[bytes], Awaitable[Reply | None]]
"""Stores a body, which may take as long as the database does. Returns what to answer, as JSON (often nothing: an empty
mapping), or None if the bot cannot store yet, or any more."""


def admit_all(_headers: Mapping[str, str]) -> bool:
    """For a sender that only the body can prove."""
    return True


def need_no_signature(_headers: Mapping[str, str], _body: bytes) -> bool:
    """For a sender that a header has proven."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One sender's webhooks. Headers have names in lower case."""

    name: str
    """For the log, in the plural."""
    path: str
    longest: int
    """Maximum bytes of a body; nothing is read beyond it."""
    receive: Receive
    is_admitted: Callable[[Mapping[str, str]], bool] = admit_all
    """Whether the headers prove the sender; called before the body is read."""
    is_signed: Callable[[Mapping[str, str], bytes], bool] = need_no_signature
    """Whether the headers sign these bytes."""
    success: HTTPStatus = HTTPStatus.NO_CONTENT


class WebhookRoute:
    """Answers the webhooks of one sender."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self.name = hook.name
        self._open = 0
        self._said_at = -SAY_EVERY
        self._unsaid = 0
        self.refused = 0
        """The number of webhooks since the start that the sender did not send, or not as agreed."""
        self.postponed = 0
        """The number of webhooks since the start that were answered 503, to come again."""

    def route(self) -> Route:
        """For the application; other methods than POST are answered 405."""
        return Route(self._hook.path, self._answer, methods=["POST"])

    async def _answer(self, request: Request) -> Response:
        if not self._hook.is_admitted(request.headers):
            return self._refuse()
        if self._open >= AT_ONCE:
            return self._later()
        self._open += 1
        try:
            return await self._answer_one(request)
        finally:
            self._open -= 1

    async def _answer_one(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request, self._hook.longest)
        except (TimeoutError, ClientDisconnect, asyncio.CancelledError):
            return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._hook.is_signed(request.headers, body):
            return self._refuse()
        storing = asyncio.ensure_future(self._hook.receive(body))
        try:
            async with asyncio.timeout(STORE_SECONDS):
                # What is stored late is stored once: the sender repeats it with the same id.
                reply = await asyncio.shield(storing)
        except (TimeoutError, asyncio.CancelledError):  # the latter when the server stops and waits no longer
            storing.add_done_callback(_say_failure)
            return self._later()
        except Exception as error:  # noqa: BLE001 — whatever it is, the sender must try again
            log.error("a webhook could not be stored: %s", type(error).__name__)  # noqa: TRY400
            return self._later()
        if reply is None:
            return self._later()
        return JSONResponse(reply) if reply else Response(status_code=self._hook.success)

    def _later(self) -> Response:
        self.postponed += 1
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER)})

    def _refuse(self) -> Response:
        self.refused += 1
        self._unsaid += 1
        if time.monotonic() - self._said_at >= SAY_EVERY:
            log.warning("%d %s with a wrong signature or none were refused", self._unsaid, self._hook.name)
            self._said_at, self._unsaid = time.monotonic(), 0
        return Response(status_code=HTTPStatus.UNAUTHORIZED)


async def _body(request: Request, longest: int) -> bytes | None:
    """The body as it came; None if it is longer than `longest`, which is not read on."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > longest:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            return None
    return bytes(body)


def _say_failure(storing: "asyncio.Future[Reply | None]") -> None:
    if not storing.cancelled() and (error := storing.exception()):
        log.error("a webhook could not be stored: %s", type(error).__name__)
