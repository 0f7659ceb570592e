"""A million recipients: how long counting and preparing take, memory, and how long citizens' commits wait meanwhile.

`python -m bench.broadcast_million` prints one line of JSON; a process of its own, so that its memory is its own. Ends
with 1 when counting and preparing take a minute together, or memory grows with the number of recipients.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.broadcast_setup import NOW, SESSION, add_chats, confirm_broadcast, p99_ms
from bench.processes import rss_mb
from bot.app.records import Change, StoredChat
from bot.broadcast.model import Everyone, RecipientStatus
from bot.broadcast.runner import PAGE_PAUSE
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store

MOST_SECONDS, MOST_GROWTH_MB = 60, 64
AT_REST = 2.0
"""Seconds for which commits are measured before the broadcast begins."""


async def commit_repeatedly(store: Store, latencies: list[float]) -> None:
    """Commit a citizen's turn over and over, and note how long each commit takes."""
    while True:
        began = time.perf_counter()
        await store.commit(Change(chat=StoredChat(1, SESSION, "fr")))
        latencies.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)


async def measure(count: int) -> dict[str, float]:
    """Measure everything, on a file."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store(f"sqlite+aiosqlite:///{Path(folder) / 'bot.db'}").open()
        await add_chats(store, count)
        recipients = SqlRecipientRepository(store)
        at_rest: list[float] = []
        commits = asyncio.create_task(commit_repeatedly(store, at_rest))
        await asyncio.sleep(AT_REST)
        before = rss_mb(os.getpid())
        meanwhile: list[float] = []
        commits.cancel()
        commits = asyncio.create_task(commit_repeatedly(store, meanwhile))
        began = time.perf_counter()
        counted = await recipients.count(Everyone(), NOW)
        counting = time.perf_counter() - began
        await confirm_broadcast(store)
        began = time.perf_counter()
        while await recipients.prepare(1, NOW):  # noqa: ASYNC110 — as the bot does it
            await asyncio.sleep(PAGE_PAUSE)
        counts = await recipients.count_by_status(1)
        preparing = time.perf_counter() - began
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        commits.cancel()
        assert counts.of(RecipientStatus.PENDING) == counted
        await store.close()
        return {
            "recipients": counted,
            "count s": round(counting, 2),
            "prepare s": round(preparing, 1),
            "RSS before MB": round(before),
            "RSS highest MB": round(highest),
            "commit p99 ms without": round(p99_ms(at_rest), 1),
            "commit p99 ms meanwhile": round(p99_ms(meanwhile), 1),
        }


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.broadcast_million", description="Prepare a very large broadcast.")
    parser.add_argument("--count", type=int, default=1_000_000, help="recipients")
    row = asyncio.run(measure(parser.parse_args().count))
    print(json.dumps(row))
    is_quick = row["count s"] + row["prepare s"] < MOST_SECONDS
    return 0 if is_quick and row["RSS highest MB"] - row["RSS before MB"] < MOST_GROWTH_MB else 1


if __name__ == "__main__":
    sys.exit(main())
