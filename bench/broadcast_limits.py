"""A broadcast under Telegram's limits while citizens book: how long it takes, and what the citizens feel of it.

The sandbox runs in this process with its limits on, so that the citizens of this bench can watch their phones without
asking over and over; the bot is a process as in production and knows nothing of it. `python -m bench.broadcast_limits`
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.broadcast_million import NOW, fill, p99, plan
from bench.broadcast_rate import day_time, sent
from bench.load import bot_environment, moncreneau, process
from bench.sandboxes import FIRST, TOKEN
from bot.app.rate_limits import WINDOW
from bot.broadcast.model import AdminAction, HistoryEntry
from bot.broadcast.ports import Admin, ProgressMessage
from bot.sandbox.serving import serving
from bot.sandbox.telegram import RateLimits, TelegramSandbox, create_app, phone
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.config import Person
from bot.sandbox.telegram.world import World
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.store import Store
from bot.storage.tables import recipients

BOOKERS = 900_000_000
PATIENCE = 20.0
OK = 200
LONGEST = 1.1
"""Times what the pace allows."""
NAME = "Aissatou Bah"


@dataclass(slots=True)
class Felt:
    """What citizens felt: seconds from a deed to its answer."""

    latencies: list[float] = field(default_factory=list)
    bookings: int = 0
    stalls: int = 0


class Booker:
    """A citizen who books, again and again, thinking between the steps as people do."""

    def __init__(self, world: World, chat: Chat, think: float, felt: Felt) -> None:
        self._world = world
        self._chat = chat
        self._think = think
        self._felt = felt
        self._chance = random.Random(chat.id)  # noqa: S311 — repeatable

    async def live(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(self._chance.uniform(0, self._think * 4))
        while True:
            await self._book()

    async def _book(self) -> None:
        if not await self._do(text="/book"):
            return
        for _ in range(3):
            if not await self._do(press=0):
                return
        if await self._do(text=NAME) and await self._do(press=0):
            self._felt.bookings += 1

    async def _do(self, *, text: str = "", press: int | None = None) -> bool:
        await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._think)
        before = self._state()
        began = time.perf_counter()
        if press is None:
            phone.say(self._world, self._chat, text)
        else:
            number, buttons = self._newest()
            if number is None:
                return False
            phone.press(self._world, self._chat, number, {"data": buttons[press]})
        while self._state() == before:
            await asyncio.sleep(0.002)
            if time.perf_counter() - began > PATIENCE:
                self._felt.stalls += 1
                return False
        self._felt.latencies.append(time.perf_counter() - began)
        return True

    def _state(self) -> Any:
        return [(number, len(kept.history)) for number, kept in self._chat.messages.items() if kept.by_bot][-6:]

    def _newest(self) -> tuple[int | None, list[str]]:
        for number in sorted(self._chat.messages, reverse=True):
            kept = self._chat.messages[number]
            rows = kept.message.get("reply_markup", {}).get("inline_keyboard", [])
            data = [each.get("callback_data", "") for row in rows for each in row]
            if kept.by_bot and data and not data[0].startswith("*"):
                return number, data
        return None, []


async def measure(count: int, bookers: int, think: float, seconds: float) -> dict[str, Any]:
    """First the citizens alone, then with a broadcast."""
    app = create_app(TelegramSandbox(token=TOKEN, people=(), limits=RateLimits()))
    world: World = app.state.world
    for each in range(count):
        world.add_person(Person(FIRST + each, "Moussa"), started=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        store = await Store(f"sqlite+aiosqlite:///{database}").open()
        await fill(store, count)
        async with serving(app) as url, moncreneau() as api:
            limits = {"TELEGRAM_RATE": "30", "TELEGRAM_CHAT_RATE": "1", "TIMEZONE": day_time()}
            environment = bot_environment(url, api, database) | limits
            alone = await _round(environment, world, store, bookers, think, seconds=seconds)
            done = HistoryEntry("Admin", AdminAction.CONFIRMED, NOW)
            await SqlBroadcastRepository(store).confirm(
                plan(1), Admin(1, "Admin"), done, ProgressMessage(1, 1, 1, "fr")
            )
            before = _messages(world)
            along = await _round(environment, world, store, bookers, think, until=count)
            others = _messages(world) - before - count
            took = await _duration(store, count)
        calls = world.calls_json()
        await store.close()
    return {
        "recipients": count,
        "took s": round(took, 1),
        "pace allows s": count / 25,
        "ratio": round(took / (count / 25), 3),
        "ratio to what citizens leave": round(took / count * min(25.0, 30 / WINDOW - others / took), 3),
        "429": calls["rate_limited"],
        "citizens": bookers,
        "s between a citizen's steps": think,
        "steps/s": round(len(along.latencies) / took, 1),
        "other messages/s": round(others / took, 1),
        "p99 ms without": round(p99(alone.latencies)),
        "p99 ms meanwhile": round(p99(along.latencies)),
        "p50 ms without": round(sorted(alone.latencies)[len(alone.latencies) // 2] * 1000),
        "p50 ms meanwhile": round(sorted(along.latencies)[len(along.latencies) // 2] * 1000),
        "bookings": along.bookings,
        "stalls": alone.stalls + along.stalls,
    }


def _messages(world: World) -> int:
    """How many messages, of the kinds that Telegram counts, the bot has sent."""
    uncounted = {"sendchataction"}
    return sum(
        count
        for (method, status), count in world.calls.items()
        if method.lower().startswith("send") and method.lower() not in uncounted and status == OK
    )


async def _duration(store: Store, count: int) -> float:
    """Seconds from the first recipient's note to the last one's, and one turn for the first."""
    query = select(func.min(recipients.c.at), func.max(recipients.c.at)).where(recipients.c.status == "sent")
    async with store.engine.connect() as connection:
        first, last = (await connection.execute(query)).one()
    return float(last - first) * count / (count - 1)


async def _round(  # noqa: PLR0913 — what a round depends on
    environment: dict[str, str],
    world: World,
    store: Store,
    bookers: int,
    think: float,
    *,
    seconds: float = 0.0,
    until: int = 0,
) -> Felt:
    felt = Felt()
    chats = [world.add_person(Person(BOOKERS + each, "Aissatou"), started=True) for each in range(bookers)]
    async with process("-m", "bot", "run", **environment):
        tasks = [asyncio.create_task(Booker(world, chat, think, felt).live()) for chat in chats]
        if until:
            while await sent(store) < until:  # noqa: ASYNC110 — another process does the work
                await asyncio.sleep(0.25)
        else:
            await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return felt


def main() -> int:
    """Run it; 1 when it took longer, or was felt more, than it may (issue 5)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--citizens", type=int, default=50)
    parser.add_argument("--think", type=float, default=10.0, help="seconds between two steps of a citizen, on average")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the citizens are alone")
    chosen = parser.parse_args()
    row = asyncio.run(measure(chosen.count, chosen.citizens, chosen.think, chosen.seconds))
    print(json.dumps(row))
    felt = row["p99 ms meanwhile"] <= 2 * row["p99 ms without"]
    return 0 if row["ratio"] <= LONGEST and not row["429"] and felt else 1


if __name__ == "__main__":
    sys.exit(main())
