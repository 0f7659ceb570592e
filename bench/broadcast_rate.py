"""Messages per second of a broadcast without Telegram's limits, every recipient stored before and after its message.

The bot is a process as in production. It sends to the Telegram sandbox, or to the lean Bot API server if the sandbox
itself is the limit. `python -m bench.broadcast_rate` ends with 1 below 1000 messages a second.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bot_api_server import BotApiServer, serving_bot_api
from bench.broadcast_setup import add_chats, confirm_broadcast, count_sent, daytime_zone
from bench.processes import bot_environment, cpu_seconds, moncreneau, process, telegram_sandbox
from bot.storage.store import Store

LOOK_EVERY = 0.25
LOWEST_RATE = 1000
"""Messages a second."""


async def _until(store: Store, wanted: int) -> int:
    """Wait until so many have it; returns how many that are."""
    while (now := await count_sent(store)) < wanted:  # noqa: ASYNC110 — another process does the work
        await asyncio.sleep(LOOK_EVERY)
    return now


@asynccontextmanager
async def _telegram(kind: str, people: int) -> AsyncIterator[str]:
    if kind == "lean":
        async with serving_bot_api(BotApiServer(lambda _message: None)) as url:
            yield url
    else:
        async with telegram_sandbox(people) as url:
            yield url


async def measure(kind: str, count: int) -> dict[str, float | str]:
    """Confirm a broadcast, start the bot, and measure between 10 and 95 % of the recipients."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        store = await Store(f"sqlite+aiosqlite:///{database}").open()
        await add_chats(store, count)
        await confirm_broadcast(store)
        async with _telegram(kind, count) as url, moncreneau() as api:
            environment = bot_environment(url, api, database) | {"BROADCAST_RATE": "0", "TIMEZONE": daytime_zone()}
            async with process("-m", "bot", "run", **environment) as child:
                first = await _until(store, count // 10)
                began, cpu = time.perf_counter(), cpu_seconds(child.pid)
                last = await _until(store, count * 95 // 100)
                seconds = time.perf_counter() - began
                used = cpu_seconds(child.pid) - cpu
        await store.close()
    return {
        "Telegram": kind,
        "recipients": count,
        "sent/s": round((last - first) / seconds),
        "bot's CPU share": round(used / seconds, 2),
        "sent per CPU second": round((last - first) / used),
    }


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.broadcast_rate", description="Measure a broadcast without limits.")
    parser.add_argument("--count", type=int, default=15_000, help="recipients")
    parser.add_argument("--telegram", default="sandbox,lean", help="the stand-in for Telegram (default: %(default)s)")
    chosen = parser.parse_args()
    rates = []
    for kind in chosen.telegram.split(","):
        row = asyncio.run(measure(kind, chosen.count))
        print(json.dumps(row), flush=True)
        rates.append(float(row["sent/s"]))
    return 0 if min(rates) >= LOWEST_RATE else 1


if __name__ == "__main__":
    sys.exit(main())
