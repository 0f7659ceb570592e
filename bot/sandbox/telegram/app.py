"""Joins the parts into one Starlette app: the Bot API, the control endpoints, the chat page."""

from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.telegram.bot_api import BotApi
from bot.sandbox.telegram.config import TelegramSandbox
from bot.sandbox.telegram.control import control_routes
from bot.sandbox.telegram.downloads import Downloads
from bot.sandbox.telegram.page_routes import page_routes
from bot.sandbox.telegram.world import World


class Prefix(BaseRoute):
    """Hands every path that begins so to one app, without taking the path apart: a token holds a colon."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self._prefix = prefix
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Look at the beginning of the path only."""
        fits = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        return (Match.FULL if fits else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Refuse: nobody asks for addresses of calls."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


def create_app(config: TelegramSandbox | None = None) -> Starlette:
    """Return the stand-in as an app; `app.state.world` is its memory, for tests in the same process."""
    world = World(config or TelegramSandbox())
    routes: list[BaseRoute] = [
        Prefix("/bot", BotApi(world)),
        Prefix("/file/bot", Downloads(world)),
        *control_routes(world),
        *page_routes(world),
    ]
    app = Starlette(routes=routes)
    app.state.world = world
    return app
