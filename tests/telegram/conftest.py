"""A Bot API server that answers as the test says, with the bot as its client; and the Telegram stand-in."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.config import TOKEN
from bot.sandbox.telegram.world import World
from bot.telegram.transport import AiohttpRequest, RawBot
from tests.moncreneau.support import ScriptedServer, scripted_server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as opened:
        yield opened


def bot_at(url: str) -> RawBot:
    """A bot that talks to this server; nothing is asked yet."""
    request = AiohttpRequest()
    return RawBot(TOKEN, base_url=f"{url}/bot", request=request, get_updates_request=request)


@pytest_asyncio.fixture
async def bot(server: ScriptedServer) -> AsyncIterator[RawBot]:
    """A bot that talks to the scripted server."""
    lean = bot_at(server.url)
    await lean.request.initialize()
    yield lean
    await lean.request.shutdown()


@pytest.fixture
async def telegram() -> AsyncIterator[tuple[World, RawBot]]:
    """The stand-in's memory, and a bot that it knows."""
    app = create_app(TelegramSandbox(limits=None))
    async with serving(app) as url, bot_at(url) as lean:
        yield app.state.world, lean
