"""The stand-in on a real socket, with a clock that only tests move, and a client for its calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.sandbox.serving import serving
from bot.sandbox.telegram import RateLimits, TelegramSandbox, create_app

AISSATOU = 1_000_101
MAMADOU = 1_000_102
NOON = 1_780_000_000.0


@dataclass
class Telegram:
    """A client for the Bot API and for the control calls."""

    url: str
    token: str
    http: httpx.AsyncClient

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method and return the body of the response, a refusal included."""
        answer = await self.http.post(f"{self.url}/bot{self.token}/{method}", json=parameters)
        body: dict[str, Any] = answer.json()
        assert body["ok"] == answer.is_success
        return body

    async def result(self, method: str, **parameters: Any) -> Any:
        """Call a method that must succeed and return its result."""
        answer = await self.call(method, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **parameters: Any) -> str:
        """Call a method that must be refused and return why."""
        answer = await self.call(method, **parameters)
        assert not answer["ok"], answer
        return str(answer["description"])

    async def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """Make a control call that must succeed."""
        answer = await self.http.request(method, f"{self.url}/__sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def say(self, chat: int, text: str) -> dict[str, Any]:
        """Let a person send a text and return the message."""
        update = await self.control(f"chats/{chat}/say", {"text": text})
        return dict(update["message"])

    async def updates(self, offset: int = 0, **parameters: Any) -> list[dict[str, Any]]:
        """Ask for updates without waiting."""
        return list(await self.result("getUpdates", offset=offset, **parameters))


async def _open(limits: RateLimits | None) -> AsyncIterator[Telegram]:
    config = TelegramSandbox(limits=limits, clock=lambda: NOON)
    async with serving(create_app(config)) as url, httpx.AsyncClient(timeout=30) as http:
        telegram = Telegram(url, config.token, http)
        await telegram.say(AISSATOU, "/start")
        first = await telegram.updates()
        await telegram.updates(first[-1]["update_id"] + 1)
        yield telegram


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """The stand-in without rate limits; only Aïssatou has sent /start."""
    async for each in _open(None):
        yield each


@pytest.fixture
async def limited_telegram() -> AsyncIterator[Telegram]:
    """The stand-in with Telegram's rate limits; only Aïssatou has sent /start."""
    async for each in _open(RateLimits()):
        yield each
