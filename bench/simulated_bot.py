"""The bot in simulated time: its real parts, joined as in production, between simulated phones and the real stand-in.

Simulated are the phones, the latency of the API, and the time (`tests.app.virtual_clock`). Knows no citizen's habits.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bench.citizens import Button, Screen
from bench.offices import HORIZON
from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations, GroupHints
from bot.app.outbox import Outbox
from bot.app.ports import Receipt
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Delivery, DeliveryIds, StoredAttempt, StoredChat, StoredUpdate, Work
from bot.app.sessions import Sessions
from bot.app.turn import Turns
from bot.app.updates import AdminRouter
from bot.core import callback_data
from bot.core import screens as core_screens
from bot.core.states import Notice
from bot.i18n import Translators
from bot.moncreneau.gateway import Gateway
from bot.moncreneau.transport import AiohttpTransport
from bot.sandbox.moncreneau import DEMO_KEY
from bot.storage.store import Store
from bot.telegram.update_parser import TelegramUpdateParser
from bot.views import general
from bot.views.message import Message, Office
from bot.views.render import render
from tests.app.virtual_clock import ExternalWork, VirtualClockLoop

AT_ONCE = 512


class SlowTransport(httpx.AsyncBaseTransport):
    """The transport of production with a latency in simulated time; half of it before the API acts, half after."""

    def __init__(self, external: ExternalWork, latency: float) -> None:
        self._transport = AiohttpTransport(5, 15)
        self._external = external
        self._latency = latency

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        await asyncio.sleep(self._latency / 2)
        with self._external.in_progress():
            response = await self._transport.handle_async_request(request)
            content = await response.aread()
        await asyncio.sleep(self._latency / 2)
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


class SimulatedStore(Store):
    """The store of production; tells the virtual clock while its thread works."""

    external: ExternalWork

    async def _transact(self, work: Work) -> None:
        with self.external.in_progress():
            await super()._transact(work)

    async def chat(self, chat_id: int) -> StoredChat | None:
        """See `Store.chat`."""
        with self.external.in_progress():
            return await super().chat(chat_id)

    async def attempt(self, chat_id: int, number: int) -> StoredAttempt | None:
        """See `Store.attempt`."""
        with self.external.in_progress():
            return await super().attempt(chat_id, number)

    async def made_by_others(self, found: Collection[int], chat_id: int, number: int) -> frozenset[int]:
        """See `Store.made_by_others`."""
        with self.external.in_progress():
            return await super().made_by_others(found, chat_id, number)

    async def made_by(self, chat_id: int) -> frozenset[int]:
        """See `Store.made_by`."""
        with self.external.in_progress():
            return await super().made_by(chat_id)

    async def picture(self, link: str) -> str | None:
        """See `Store.picture`."""
        with self.external.in_progress():
            return await super().picture(link)


class SimulatedPhones:
    """Everybody's phone: a `Messenger` for the bot on one side, a `citizens.Phone` on the other."""

    def __init__(self, show: Callable[[int, Screen], None]) -> None:
        self._show = show
        self.store: Store | None = None
        self.conversations: Conversations | None = None
        self._messages = count(1)
        self._updates = count(1)

    async def deliver(self, delivery: Delivery, _file_id: str | None) -> Receipt:
        """See `Messenger.deliver`."""
        number = delivery.target or next(self._messages)
        message = delivery.message
        if not message.qr_link:
            buttons = [
                Button(button.label, callback_data.encode(delivery.screen, button.action))
                for row in message.rows
                for button in row
            ]
            self._show(delivery.chat_id, Screen(number, message.text, buttons))
        return Receipt(number)

    async def typing(self, chat_id: int) -> None:
        """See `Messenger.typing`; nobody looks."""

    async def press(self, chat_id: int, data: str, message: int) -> None:
        """Press a button of a message."""
        about = {"message_id": message, "chat": {"id": chat_id, "type": "private"}}
        query = {"id": "1", "from": self._sender(chat_id), "message": about, "data": data}
        await self._arrive(chat_id, {"callback_query": query})

    async def say(self, chat_id: int, text: str) -> None:
        """Send a text."""
        chat = {"id": chat_id, "type": "private"}
        message = {"message_id": 0, "from": self._sender(chat_id), "chat": chat, "text": text}
        await self._arrive(chat_id, {"message": message})

    def _sender(self, chat_id: int) -> dict[str, Any]:
        return {"id": chat_id, "first_name": "Aissatou", "language_code": "fr"}

    async def _arrive(self, chat_id: int, update: dict[str, Any]) -> None:
        assert self.store
        assert self.conversations
        number = next(self._updates)
        stored = StoredUpdate(number, chat_id, json.dumps({"update_id": number, **update}))
        self.conversations.accept(await self.store.receive((stored,)))


@asynccontextmanager
async def simulated_bot(
    loop: VirtualClockLoop, phones: SimulatedPhones, url: str, folder: Path, latency: float
) -> AsyncIterator[Gateway]:
    """The bot, whose requests to the API at `url` take `latency` seconds."""
    translators = Translators.load("fr")
    zone = loop.start.tzinfo
    assert zone

    def office_time() -> datetime:
        return loop.clock().astimezone(zone).replace(tzinfo=None)

    def draw(
        screen: core_screens.Screen, locale: str, notice: Notice | None, /, *, several_names: bool = False
    ) -> Message:
        return render(screen, translators.get(locale), notice, office=Office(several_names=several_names))

    store = SimulatedStore(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
    store.external = loop.external
    await store.open()
    transport = SlowTransport(loop.external, latency)
    gateway = Gateway(f"{url}/api/v1", DEMO_KEY, clock=loop.clock, zone=zone, transport=transport)
    outbox = Outbox(store, phones, GlobalRateLimiter(None), ChatRateLimiter(None), office_time=office_time)
    attempt_worker = AttemptWorker(store, gateway, office_time)
    ids = DeliveryIds()
    conversations = Conversations(
        store=store,
        sessions=Sessions(store, "fr"),
        turns=Turns(gateway, draw, office_time, HORIZON, ids=ids),
        outbox=outbox,
        read=TelegramUpdateParser("bot", translators.resolve),
        office_time=office_time,
        groups=GroupHints(lambda locale: general.group_hint(translators.get(locale), "bot"), ids),
        attempt_worker=attempt_worker,
        admins=AdminRouter((), ()),
        at_once=AT_ONCE,
    )
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
