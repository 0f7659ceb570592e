"""The bot as a process at real time, and phones that reach it through the lean Bot API server."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bot_api_server import NO_BUTTONS, BotApiServer, SentMessage, message_update, press_update, serving_bot_api
from bench.citizens import Button, Screen
from bench.load import create_database
from bench.processes import bot_environment, process

START_WITHIN = 30
LANGUAGE = "fr"


class LivePhones:
    """Everybody's phone; `show` is told what comes to a chat."""

    def __init__(self, show: Callable[[int, Screen], None]) -> None:
        self.server = BotApiServer(self._receive)
        self._show = show

    async def press(self, chat_id: int, data: str, message: int) -> None:
        """See `citizens.Phone`."""
        shown = SentMessage(chat_id, message, '""', NO_BUTTONS, is_picture=False)
        self.server.push(press_update(shown, data, LANGUAGE))

    async def say(self, chat_id: int, text: str) -> None:
        """See `citizens.Phone`."""
        self.server.push(message_update(chat_id, self.server.new_message(), text, LANGUAGE))

    def _receive(self, message: SentMessage) -> None:
        if not message.is_picture:
            rows = json.loads(message.markup).get("inline_keyboard", [])
            buttons = [Button(each["text"], each["callback_data"]) for row in rows for each in row]
            self._show(message.chat, Screen(message.number, json.loads(message.text), buttons))


@asynccontextmanager
async def live_bot(phones: LivePhones, api: str, **settings: str) -> AsyncIterator[None]:
    """A running bot whose API is at this address, with more settings; it has polled when this begins."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await create_database(database)
        async with (
            serving_bot_api(phones.server) as telegram,
            process("-m", "bot", "run", **bot_environment(telegram, api, database), **settings),
        ):
            await asyncio.wait_for(phones.server.polled.wait(), START_WITHIN)
            yield
