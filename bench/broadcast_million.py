"""A million recipients: how long counting and preparing take, what they cost in memory, and what citizens feel of it.

`python -m bench.broadcast_million` prints one line of JSON. A process of its own, so that its memory is its own.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, text

from bench.load import rss_mb
from bot.app.records import Change, StoredChat
from bot.broadcast.model import AdminAction, Content, Everyone, HistoryEntry, Media, Plan, RecipientStatus, Version
from bot.broadcast.ports import Admin, ProgressMessage
from bot.broadcast.runner import BREATH
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store
from bot.storage.tables import chats

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
SESSION = '1:{"locale":"fr","touched":"2026-03-02T09:00:00","screen":195000000,"flow":{"kind":"idle"}}'
AT_ONCE = 20_000
FIRST = 100_000_000
SECONDS, GROWTH = 60, 64
"""The bounds (issue 5), the latter in MB."""


async def fill(store: Store, count: int) -> None:
    """So many chats, in both languages."""
    async with store.engine.begin() as connection:
        for start in range(0, count, AT_ONCE):
            rows = [
                {
                    "chat_id": FIRST + each,
                    "session": SESSION,
                    "locale": "fr" if each % 3 else "en",
                    "is_left": False,
                    "seen_at": 0.0,
                    "announcements": True,
                }
                for each in range(start, min(start + AT_ONCE, count))
            ]
            await connection.execute(insert(chats), rows)
    async with store.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()


def plan(number: int) -> Plan:
    """What is sent."""
    return Plan(number, (Version("", Content(Media.TEXT, "Demain, les bureaux sont fermés.")),), Everyone())


async def probe(store: Store, latencies: list[float]) -> None:
    """A citizen's turn, over and over: how long its commit takes."""
    while True:
        began = time.perf_counter()
        await store.commit(Change(chat=StoredChat(1, SESSION, "fr")))
        latencies.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)


def p99(latencies: list[float]) -> float:
    """Milliseconds."""
    return sorted(latencies)[int(0.99 * len(latencies))] * 1000


async def measure(count: int) -> dict[str, float]:
    """Everything, on a file."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store(f"sqlite+aiosqlite:///{Path(folder) / 'bot.db'}").open()
        await fill(store, count)
        repository, recipients_repository = SqlBroadcastRepository(store), SqlRecipientRepository(store)
        resting: list[float] = []
        task = asyncio.create_task(probe(store, resting))
        await asyncio.sleep(2)
        before = rss_mb(os.getpid())
        busy: list[float] = []
        task.cancel()
        task = asyncio.create_task(probe(store, busy))
        began = time.perf_counter()
        counted = await recipients_repository.count(Everyone(), NOW)
        counting = time.perf_counter() - began
        admin = Admin(1, "Admin")
        await repository.confirm(
            plan(1), admin, HistoryEntry("Admin", AdminAction.CONFIRMED, NOW), ProgressMessage(1, 1, 1, "fr")
        )
        began = time.perf_counter()
        while await recipients_repository.prepare(1, NOW):  # noqa: ASYNC110 — as the bot does it
            await asyncio.sleep(BREATH)
        figures = await recipients_repository.count_fates(1)
        preparing = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        task.cancel()
        assert figures.of(RecipientStatus.PENDING) == counted
        await store.close()
        return {
            "recipients": counted,
            "count s": round(counting, 2),
            "prepare s": round(preparing, 1),
            "RSS before MB": round(before),
            "RSS highest MB": round(after),
            "commit p99 ms without": round(p99(resting), 1),
            "commit p99 ms meanwhile": round(p99(busy), 1),
        }


def main() -> int:
    """Run it; 1 when it took a minute, or memory that grows with the recipients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    row = asyncio.run(measure(parser.parse_args().count))
    print(json.dumps(row))
    quick = row["count s"] + row["prepare s"] < SECONDS
    return 0 if quick and row["RSS highest MB"] - row["RSS before MB"] < GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
