"""The highest rate of a broadcast on one core, Telegram's limits off: every recipient marked before and noted after.

The bot is a process as in production; the other end is the sandbox, or the lean Bot API of `bench.botapi` where the
sandbox itself is what limits it. `python -m bench.broadcast_rate`
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

from sqlalchemy import func, select

from bench.broadcast_million import NOW, fill, plan
from bench.load import bot_api, bot_environment, cpu_seconds, moncreneau, process
from bench.sandboxes import telegram
from bot.broadcast.model import AdminAction, HistoryEntry
from bot.broadcast.ports import Admin, ProgressMessage
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.store import Store
from bot.storage.tables import recipients

LOOK = 0.25
WANTED = 1000
"""Messages a second (issue 5)."""


async def sent(store: Store) -> int:
    """How many have it."""
    query = select(func.count()).select_from(recipients).where(recipients.c.status == "sent")
    async with store.engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


async def _until(store: Store, wanted: int) -> int:
    """Look now and then until so many have it; returns how many that are."""
    while (now := await sent(store)) < wanted:  # noqa: ASYNC110 — another process does the work
        await asyncio.sleep(LOOK)
    return now


@asynccontextmanager
async def _far_end(kind: str, count: int) -> AsyncIterator[str]:
    if kind == "lean":
        async with bot_api(0) as (_, url):
            yield url
    else:
        async with telegram(limits=False, people=count) as url:
            yield url


async def measure(kind: str, count: int) -> dict[str, float | str]:
    """Confirm a broadcast, start the bot, and look how it gets on."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        store = await Store(f"sqlite+aiosqlite:///{database}").open()
        await fill(store, count)
        done = HistoryEntry("Admin", AdminAction.CONFIRMED, NOW)
        await SqlBroadcastRepository(store).confirm(plan(1), Admin(1, "Admin"), done, ProgressMessage(1, 1, 1, "fr"))
        async with _far_end(kind, count) as url, moncreneau() as api:
            environment = bot_environment(url, api, database) | {"BROADCAST_RATE": "0", "TIMEZONE": day_time()}
            async with process("-m", "bot", "run", **environment) as child:
                first = await _until(store, count // 10)
                began, cpu = time.perf_counter(), cpu_seconds(child.pid)
                now = await _until(store, count * 95 // 100)
                seconds = time.perf_counter() - began
                used = cpu_seconds(child.pid) - cpu
        await store.close()
    rate = (now - first) / seconds
    return {
        "far end": kind,
        "recipients": count,
        "sent/s": round(rate),
        "bot's CPU share": round(used / seconds, 2),
        "sent per CPU second": round((now - first) / used),
    }


def day_time() -> str:
    """A zone in which it is day now: broadcasts rest at night."""
    hour = time.gmtime().tm_hour
    return f"Etc/GMT{hour - 12:+d}" if hour != 12 else "Etc/GMT"


def main() -> int:
    """Run it; 1 when it was slower than it has to be, whatever was at the other end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=15_000)
    parser.add_argument("--far-ends", default="sandbox,lean")
    chosen = parser.parse_args()
    rates = []
    for kind in chosen.far_ends.split(","):
        row = asyncio.run(measure(kind, chosen.count))
        print(json.dumps(row), flush=True)
        rates.append(float(row["sent/s"]))
    return 0 if min(rates) >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
