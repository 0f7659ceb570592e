"""Serves `/file/bot<token>/<path>`. It must not know messages."""

from starlette.types import Receive, Scope, Send

from bot.sandbox.telegram.bot_api import respond
from bot.sandbox.telegram.world import World


class Downloads:
    """Gives back what was uploaded."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send one file."""
        token, _, path = scope["path"].removeprefix("/file/bot").partition("/")
        file = self._world.files.by_path(path) if token == self._world.config.token else None
        if file is None:
            await respond(send, 404, b'{"ok":false,"error_code":404,"description":"Not Found"}')
        else:
            await respond(send, 200, file.content, file.mime_type.encode())
