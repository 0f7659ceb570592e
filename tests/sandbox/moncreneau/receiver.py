"""A server that receives webhooks, as the bot will: it keeps what arrives and answers what a test says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.serving import drop_connection, serving

DROP = 0
"""In place of a status: drop the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request as it arrived."""

    headers: Headers
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)
        return data

    @property
    def object(self) -> dict[str, Any]:
        data: dict[str, Any] = self.event["data"]["object"]
        return data


@dataclass(slots=True)
class Receiver:
    """`answers` are given one after another; then `status` is."""

    url: str = ""
    status: int = 204
    answers: list[int] = field(default_factory=list)
    _arrived: asyncio.Queue[Webhook] = field(default_factory=asyncio.Queue)

    async def next(self) -> Webhook:
        """Wait for one more webhook; the test's own time limit ends the wait if none comes."""
        return await self._arrived.get()

    async def take(self, count: int) -> list[Webhook]:
        return [await self.next() for _ in range(count)]

    @property
    def is_empty(self) -> bool:
        return self._arrived.empty()

    async def receive(self, request: Request) -> Response:
        self._arrived.put_nowait(Webhook(request.headers, await request.body()))
        status = self.answers.pop(0) if self.answers else self.status
        if status == DROP:
            drop_connection(request.scope)
        return Response(status_code=status or 200, headers={"location": "/elsewhere"})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Serve a receiver on loopback."""
    receiver = Receiver()
    async with serving(Starlette(routes=[Route("/hooks", receiver.receive, methods=["POST"])])) as url:
        receiver.url = f"{url}/hooks"
        yield receiver
