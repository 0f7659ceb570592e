"""The route of moncreneau's webhooks: refuses requests that are too long, too slow or not signed.

The body is checked as it came, before anything is read from it, and the answer comes when it is stored. The codes are
those of Standard Webhooks: only 2xx is a success, and never 410, after which some senders give up. Knows
neither how a signature is checked nor what a webhook says.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

log = logging.getLogger(__name__)
PATH = "/hooks/moncreneau"
LONGEST = 64 * 1024
"""Maximum bytes of a body; Standard Webhooks allows 20 kB."""
BODY_SECONDS = 10.0
STORE_SECONDS = 5.0
AT_ONCE = 32
BUSY_SECONDS, DOWN_SECONDS = 5, 30
"""`Retry-After` in seconds: if too many webhooks come at once, and if they cannot be stored."""
SAY_EVERY = 60.0
"""Seconds between two log lines about refused webhooks."""

IsSigned = Callable[[Mapping[str, str], bytes], bool]
"""Whether the headers (names in lower case) sign these bytes."""


Receive = Callable[[bytes], Awaitable[bool]]
"""Stores a body, which may take as long as the database does; False if the bot cannot store yet, or any more."""


class WebhookRoute:
    """Answers webhooks."""

    def __init__(self, is_signed: IsSigned, receive: Receive) -> None:
        self._is_signed = is_signed
        self._receive = receive
        self._open = 0
        self._said_at = -SAY_EVERY
        self._unsaid = 0
        self.refused = 0
        """The number of webhooks since the start without a valid signature."""

    def route(self) -> Route:
        """For the application; other methods than POST are answered 405."""
        return Route(PATH, self._answer, methods=["POST"])

    async def _answer(self, request: Request) -> Response:
        if self._open >= AT_ONCE:
            return _later(BUSY_SECONDS)
        self._open += 1
        try:
            return await self._answer_one(request)
        finally:
            self._open -= 1

    async def _answer_one(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._is_signed(request.headers, body):
            self._count_refused()
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        storing = asyncio.ensure_future(self._receive(body))
        try:
            async with asyncio.timeout(STORE_SECONDS):
                # What is stored late is stored once: the sender repeats it with the same id.
                is_stored = await asyncio.shield(storing)
        except TimeoutError:
            storing.add_done_callback(_say_failure)
            return _later(DOWN_SECONDS)
        except Exception as error:  # noqa: BLE001 — whatever it is, the sender must try again
            log.error("a webhook could not be stored: %s", type(error).__name__)  # noqa: TRY400
            return _later(DOWN_SECONDS)
        return Response(status_code=HTTPStatus.NO_CONTENT) if is_stored else _later(DOWN_SECONDS)

    def _count_refused(self) -> None:
        self.refused += 1
        self._unsaid += 1
        if time.monotonic() - self._said_at >= SAY_EVERY:
            log.warning("%d webhooks with a wrong signature or none were refused", self._unsaid)
            self._said_at, self._unsaid = time.monotonic(), 0


async def _body(request: Request) -> bytes | None:
    """The body as it came; None if it is longer than `LONGEST`, which is not read on."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > LONGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)


def _later(seconds: int) -> Response:
    return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(seconds)})


def _say_failure(storing: "asyncio.Future[bool]") -> None:
    if not storing.cancelled() and (error := storing.exception()):
        log.error("a webhook could not be stored: %s", type(error).__name__)
