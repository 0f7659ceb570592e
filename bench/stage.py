"""The bot on a stage: its real parts, joined as in production, between simulated phones and a real wire.

What is not real is said here: the phones, the latency of the wire, and the time (`hurried`). Knows no citizen's habits.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx

from bench.hurried import HurriedLoop, Outside
from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations, GroupHints
from bot.app.outbox import Outbox
from bot.app.ports import Receipt
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Delivery, StoredChat, StoredUpdate, Work
from bot.app.sessions import Sessions
from bot.app.turn import Turns
from bot.core.screens import Screen
from bot.core.states import Notice
from bot.i18n import Translators
from bot.moncreneau.gateway import Gateway
from bot.moncreneau.transport import fast_transport
from bot.sandbox.moncreneau import DEMO_KEY
from bot.storage.store import Store
from bot.telegram.update_parser import TelegramUpdateParser
from bot.views import general
from bot.views.message import Message
from bot.views.render import render

LATENCY = (0.1, 0.6)
"""Seconds that a request takes on the way, there and back."""
HORIZON = 60


class Phone(Protocol):
    """Somebody's phone."""

    name: str

    def hear(self, delivery: Delivery, message: int) -> None:
        """Something came, or changed."""


class Wire(httpx.AsyncBaseTransport):
    """The transport of production, with a latency in simulated time; tells the clock when a request is under way."""

    def __init__(self, outside: Outside, chance: random.Random) -> None:
        self._wire = fast_transport()
        self._outside = outside
        self._chance = chance

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        await asyncio.sleep(self._chance.uniform(*LATENCY) / 2)
        with self._outside.working():
            response = await self._wire.handle_async_request(request)
            await response.aread()
        await asyncio.sleep(self._chance.uniform(*LATENCY) / 2)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()


class Disk(Store):
    """The store of production; tells the clock when its thread is at work."""

    outside: Outside

    async def _transact(self, batch: list[Any], work: Work) -> None:
        with self.outside.working():
            await super()._transact(batch, work)

    async def chat(self, chat_id: int) -> StoredChat | None:
        """See `Store.chat`."""
        with self.outside.working():
            return await super().chat(chat_id)

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """See `Store.made_by`."""
        with self.outside.working():
            return await super().made_by(chat_id)

    async def picture(self, link: str) -> str | None:
        """See `Store.picture`."""
        with self.outside.working():
            return await super().picture(link)


class Phones:
    """Every citizen's phone: a `Messenger` on one side, updates on the other."""

    def __init__(self) -> None:
        self.owners: dict[int, Phone] = {}
        self.store: Store | None = None
        self.conversations: Conversations | None = None
        self._messages = count(1)
        self._updates = count(1)

    async def deliver(self, delivery: Delivery, _file_id: str | None) -> Receipt:
        """See `Messenger.deliver`."""
        number = delivery.target or next(self._messages)
        self.owners[delivery.chat_id].hear(delivery, number)
        return Receipt(number)

    async def typing(self, chat_id: int) -> None:
        """See `Messenger.typing`; nobody looks."""

    async def press(self, chat_id: int, data: str, message: int) -> None:
        """A press, as Telegram tells of it."""
        about = {"message_id": message, "chat": {"id": chat_id, "type": "private"}}
        await self._arrive(
            {"callback_query": {"id": "1", "from": self._sender(chat_id), "message": about, "data": data}}
        )

    async def say(self, chat_id: int, text: str) -> None:
        """A text, as Telegram tells of it."""
        chat = {"id": chat_id, "type": "private"}
        await self._arrive({"message": {"message_id": 0, "from": self._sender(chat_id), "chat": chat, "text": text}})

    def _sender(self, chat_id: int) -> dict[str, Any]:
        return {"id": chat_id, "first_name": self.owners[chat_id].name, "language_code": "fr"}

    async def _arrive(self, update: dict[str, Any]) -> None:
        assert self.store
        assert self.conversations
        number = next(self._updates)
        content = update.get("message") or update["callback_query"]["message"]
        stored = StoredUpdate(number, content["chat"]["id"], json.dumps({"update_id": number, **update}))
        self.conversations.accept(await self.store.receive((stored,)))


@asynccontextmanager
async def bot(  # noqa: PLR0913 — what the play depends on
    loop: HurriedLoop, phones: Phones, url: str, folder: Path, *, caching: bool, chance: random.Random
) -> AsyncIterator[Gateway]:
    """The bot, for as long as the play lasts."""
    translators = Translators.load("fr")
    zone = loop.start.tzinfo
    assert zone

    def office_time() -> datetime:
        return loop.clock().astimezone(zone).replace(tzinfo=None)

    def draw(screen: Screen, locale: str, notice: Notice | None) -> Message:
        return render(screen, translators.get(locale), notice)

    store = Disk(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
    store.outside = loop.outside
    await store.open()
    wire = Wire(loop.outside, chance)
    gateway = Gateway(f"{url}/api/v1", DEMO_KEY, clock=loop.clock, zone=zone, transport=wire, caching=caching)
    outbox = Outbox(store, phones, GlobalRateLimiter(None), ChatRateLimiter(None))
    conversations = Conversations(
        store=store,
        sessions=Sessions(store, "fr"),
        turns=Turns(gateway, draw, office_time, HORIZON),
        outbox=outbox,
        read=TelegramUpdateParser("bot", translators.resolve),
        office_time=office_time,
        groups=GroupHints(lambda locale: general.group_hint(translators.get(locale), "bot")),
        at_once=512,
    )
    attempt_worker = conversations.attempt_worker = AttemptWorker(store, gateway, conversations.settle, office_time)
    phones.store, phones.conversations = store, conversations
    await gateway.verify()
    try:
        yield gateway
    finally:
        await attempt_worker.stop(0)
        await conversations.stop(0)
        await outbox.stop(0)
        await gateway.aclose()
        await store.close()
