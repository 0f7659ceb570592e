"""A broadcast under Telegram's limits while citizens book: how long it takes, and how long citizens wait meanwhile.

The Telegram sandbox runs in this process with its limits on, so that the citizens of this bench see its messages at
once; the bot is a process as in production. `python -m bench.broadcast_limits` ends with 1 when the broadcast takes
more than 1.1 times what its rate allows, when Telegram refused a call, or when the citizens' p99 doubled.
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

from bench.broadcast_setup import add_chats, confirm_broadcast, count_sent, daytime_zone, p99_ms
from bench.processes import TOKEN, bot_environment, moncreneau, process
from bench.telegram_sandbox import FIRST_CHAT
from bot.app.rate_limits import WINDOW
from bot.sandbox.serving import serving
from bot.sandbox.telegram import RateLimits, TelegramSandbox, create_app, phone
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.config import Person
from bot.sandbox.telegram.world import World
from bot.storage.store import Store
from bot.storage.tables import recipients

FIRST_BOOKER = 900_000_000
PATIENCE = 20.0
"""Seconds after which a citizen gives up waiting for an answer and starts again."""
OK = 200
RATE = 25
"""Messages a second that a broadcast may send."""
LONGEST = 1.1
"""Times what the rate allows."""
NAME = "Aissatou Bah"


@dataclass(slots=True)
class Waiting:
    """How long citizens waited."""

    latencies: list[float] = field(default_factory=list)
    """Seconds from each step to its answer."""
    bookings: int = 0
    stalls: int = 0


class Booker:
    """A citizen who books, again and again, thinking between the steps as people do."""

    def __init__(self, world: World, chat: Chat, think: float, waiting: Waiting) -> None:
        self._world = world
        self._chat = chat
        self._think = think
        self._waiting = waiting
        self._chance = random.Random(chat.id)  # noqa: S311 — repeatable

    async def live(self) -> None:
        """Book until cancelled."""
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
            self._waiting.bookings += 1

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
                self._waiting.stalls += 1
                return False
        self._waiting.latencies.append(time.perf_counter() - began)
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
    """Measure the citizens alone, then beside a broadcast."""
    app = create_app(TelegramSandbox(token=TOKEN, people=(), limits=RateLimits()))
    world: World = app.state.world
    for each in range(count):
        world.add_person(Person(FIRST_CHAT + each, "Moussa"), started=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        store = await Store(f"sqlite+aiosqlite:///{database}").open()
        await add_chats(store, count)
        async with serving(app) as url, moncreneau() as api:
            limits = {"TELEGRAM_RATE": "30", "TELEGRAM_CHAT_RATE": "1", "TIMEZONE": daytime_zone()}
            environment = bot_environment(url, api, database) | limits
            alone = await _round(environment, world, store, bookers, think, seconds=seconds)
            await confirm_broadcast(store)
            before = _messages(world)
            beside = await _round(environment, world, store, bookers, think, until=count)
            others = _messages(world) - before - count
            took = await _duration(store, count)
        calls = world.calls_json()
        await store.close()
    return {
        "recipients": count,
        "took s": round(took, 1),
        "rate allows s": count / RATE,
        "ratio": round(took / (count / RATE), 3),
        "ratio to what citizens leave": round(took / count * min(RATE, 30 / WINDOW - others / took), 3),
        "429": calls["rate_limited"],
        "citizens": bookers,
        "s between a citizen's steps": think,
        "steps/s": round(len(beside.latencies) / took, 1),
        "other messages/s": round(others / took, 1),
        "p99 ms without": round(p99_ms(alone.latencies)),
        "p99 ms meanwhile": round(p99_ms(beside.latencies)),
        "p50 ms without": round(sorted(alone.latencies)[len(alone.latencies) // 2] * 1000),
        "p50 ms meanwhile": round(sorted(beside.latencies)[len(beside.latencies) // 2] * 1000),
        "bookings": beside.bookings,
        "stalls": alone.stalls + beside.stalls,
    }


def _messages(world: World) -> int:
    """How many messages, of the kinds that Telegram limits, the bot has sent."""
    uncounted = {"sendchataction"}
    return sum(
        count
        for (method, status), count in world.calls.items()
        if method.lower().startswith("send") and method.lower() not in uncounted and status == OK
    )


async def _duration(store: Store, count: int) -> float:
    """Seconds from the first recipient to the last, and one interval more for the first."""
    query = select(func.min(recipients.c.at), func.max(recipients.c.at)).where(recipients.c.status == "sent")
    first, last = tuple((await store.reader.rows(query))[0])
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
) -> Waiting:
    waiting = Waiting()
    chats = [world.add_person(Person(FIRST_BOOKER + each, "Aissatou"), started=True) for each in range(bookers)]
    async with process("-m", "bot", "run", **environment):
        tasks = [asyncio.create_task(Booker(world, chat, think, waiting).live()) for chat in chats]
        if until:
            while await count_sent(store) < until:  # noqa: ASYNC110 — another process does the work
                await asyncio.sleep(0.25)
        else:
            await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return waiting


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.broadcast_limits", description="Broadcast while citizens book.")
    parser.add_argument("--count", type=int, default=3000, help="recipients")
    parser.add_argument("--citizens", type=int, default=50)
    parser.add_argument("--think", type=float, default=10.0, help="seconds between two steps of a citizen, on average")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the citizens are alone")
    chosen = parser.parse_args()
    row = asyncio.run(measure(chosen.count, chosen.citizens, chosen.think, chosen.seconds))
    print(json.dumps(row))
    is_noticed = row["p99 ms meanwhile"] > 2 * row["p99 ms without"]
    return 1 if row["ratio"] > LONGEST or row["429"] or is_noticed else 0


if __name__ == "__main__":
    sys.exit(main())
