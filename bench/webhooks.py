"""How fast webhooks are answered while each of them becomes a message: moncreneau's (50/s), Telegram's updates (200/s).

Each one is stored on the disk (`synchronous=FULL`) before it is answered. Beside each, `/healthz` is asked, which
touches neither disk nor conversation: its time is that of the machine alone. `python -m bench.webhooks` prints p50 and
p99 of both, for each sender; ends with 1 if a message lacks, or if a p99 is above 100 ms and above five times that of
`/healthz`.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import statistics
import sys
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench.bot_api_server import BotApiServer, message_update
from bench.citizens import Screen
from bench.live_bot import LivePhones, live_bot
from bench.processes import moncreneau
from bot.bootstrap.receivers import MONCRENEAU_PATH

SECONDS = 20
SECRET = "whsec_bench"  # noqa: S105 — the bench is its only user
LONGEST_P99, HIGHEST_RATIO = 100.0, 5.0
"""Milliseconds, and times what `/healthz` takes."""
MADE_WITHIN = 30.0
"""Seconds after the last webhook in which all messages must have come."""
FIRST_CHAT, FIRST_APPOINTMENT = 1, 1_000_000


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends webhooks: to how many chats, and how many a second."""

    name: str
    chats: int
    per_second: int
    settings: Mapping[str, str]


MONCRENEAU = Sender("moncreneau", 50, 50, {"MONCRENEAU_WEBHOOK_SECRET": SECRET})
TELEGRAM = Sender("Telegram", 200, 200, {"TELEGRAM_WEBHOOK": "1"})


class Received:
    """Counts the messages of each chat."""

    def __init__(self) -> None:
        self.messages = 0
        self.chats: set[int] = set()
        self._came = asyncio.Event()

    def show(self, chat_id: int, _screen: Screen) -> None:
        """A message came."""
        self.messages += 1
        self.chats.add(chat_id)
        self._came.set()

    async def wait(self, messages: int, chats: int) -> None:
        """Wait until so many messages came, and to so many chats."""
        while self.messages < messages or len(self.chats) < chats:
            self._came.clear()
            await self._came.wait()


def event(number: int, now: datetime) -> bytes:
    """The webhook of an appointment that an office made for one of the chats."""
    appointment = {
        "id": FIRST_APPOINTMENT + number,
        "departmentId": 5,
        "dateTime": f"{now + timedelta(days=3):%Y-%m-%d}T10:00:00",
        "status": "SCHEDULED",
        "name": "Aïssatou Bah",
        "externalUserId": f"telegram:{FIRST_CHAT + number % MONCRENEAU.chats}",
    }
    said = {
        "id": f"evt_{number}",
        "type": "appointment.created",
        "created": f"{now:%Y-%m-%dT%H:%M:%S}",
        "data": {"object": appointment},
    }
    return json.dumps(said).encode()


async def send_event(http: httpx.AsyncClient, number: int) -> float:
    """Send a webhook of moncreneau; returns the milliseconds until its answer."""
    body = event(number, datetime.now(UTC))
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Moncreneau-Signature": f"sha256={signature}"}
    return await post(http, MONCRENEAU_PATH, body, headers)


async def send_update(http: httpx.AsyncClient, server: BotApiServer, chat: int, text: str) -> float:
    """Send somebody's message, as Telegram does; returns the milliseconds until its answer."""
    update = server.numbered(message_update(chat, server.new_message(), text, "fr"))
    headers = {"X-Telegram-Bot-Api-Secret-Token": server.webhook["secret_token"]}
    return await post(http, server.webhook["url"], update.encode(), headers)


async def post(http: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> float:
    """Send it; returns the milliseconds until its answer."""
    began = time.perf_counter()
    answer = await http.post(url, content=body, headers=headers)
    assert answer.is_success, answer.status_code
    return (time.perf_counter() - began) * 1000


async def ask(http: httpx.AsyncClient) -> float:
    """Ask whether the process lives; returns the milliseconds until its answer."""
    began = time.perf_counter()
    (await http.get("/healthz")).raise_for_status()
    return (time.perf_counter() - began) * 1000


async def measure(sender: Sender) -> bool:
    """Returns whether both bounds are kept."""
    received = Received()
    phones = LivePhones(received.show)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"HTTP_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", **sender.settings}
    async with moncreneau() as api, live_bot(phones, api, **settings), client(port) as http:

        def send(number: int) -> Coroutine[Any, Any, float]:
            if sender is TELEGRAM:
                return send_update(http, phones.server, FIRST_CHAT + number % sender.chats, "/help")
            return send_event(http, number)

        for chat in range(FIRST_CHAT, FIRST_CHAT + sender.chats):
            if sender is TELEGRAM:
                await send_update(http, phones.server, chat, "/start")
            else:
                await phones.say(chat, "/start")
        await received.wait(sender.chats, sender.chats)
        before, sent = received.messages, sender.per_second * SECONDS
        sending, asking = [], []
        for number in range(sent):
            sending.append(asyncio.create_task(send(number)))
            await asyncio.sleep(0.5 / sender.per_second)
            asking.append(asyncio.create_task(ask(http)))
            await asyncio.sleep(0.5 / sender.per_second)
        p99, alone = (
            printed(sender.name, sender, await asyncio.gather(*sending)),
            printed("/healthz", sender, await asyncio.gather(*asking)),
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(received.wait(before + sent, sender.chats), MADE_WITHIN)
    told = received.messages - before
    print(f"messages that they made: {told} of {sent}")
    return told >= sent and (p99 <= LONGEST_P99 or p99 <= HIGHEST_RATIO * alone)


def client(port: int) -> httpx.AsyncClient:
    """A client of the bot's port."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)


def printed(what: str, sender: Sender, took: list[float]) -> float:
    """Print the figures of these answers; returns their p99."""
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    print(f"{what:<11}{sender.per_second:>4}/s{p50:>8.1f} ms p50{p99:>8.1f} ms p99")
    return p99


async def measure_both() -> bool:
    """Returns whether the bounds are kept for both senders."""
    return all([await measure(MONCRENEAU), await measure(TELEGRAM)])


def main() -> int:
    """Run it; returns the exit code."""
    return 0 if asyncio.run(measure_both()) else 1


if __name__ == "__main__":
    sys.exit(main())
