"""Joins the parts into one Starlette app: the Bot API, the control calls, the chat page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.telegram.bot_api import BotApi, FileDownloads
from bot.sandbox.telegram.config import TelegramSandbox
from bot.sandbox.telegram.control import control_routes
from bot.sandbox.telegram.page_routes import page_routes
from bot.sandbox.telegram.world import World


class PrefixRoute(BaseRoute):
    """Passes every path with this prefix to one app. Starlette's own routes cannot: a token contains a colon."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self._prefix = prefix
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Compare the prefix alone."""
        fits = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        return (Match.FULL if fits else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Refuse: nothing asks for the addresses of calls."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


def create_app(config: TelegramSandbox | None = None) -> Starlette:
    """Return the stand-in as an app; `app.state.world` is its state, for tests in the same process."""
    world = World(config or TelegramSandbox())
    bot_api = BotApi(world)

    @asynccontextmanager
    async def delivering_updates(_app: Starlette) -> AsyncIterator[None]:
        sending = asyncio.create_task(world.webhook_sender.run(bot_api.execute))
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    routes: list[BaseRoute] = [
        PrefixRoute("/bot", bot_api),
        PrefixRoute("/file/bot", FileDownloads(world)),
        *control_routes(world),
        *page_routes(world),
    ]
    app = Starlette(routes=routes, lifespan=delivering_updates)
    app.state.world = world
    return app
