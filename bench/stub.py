"""The same bots against a load generator that is not ours. `python -m bench.stub ../shared/perf/stub.js` (needs node)

`stub.js` is a Bot API server in Node with citizens in closed loop: a server of another hand, and one that is sure not
to be the bottleneck. Its citizens take the next message for the answer, whatever it is. The picture of the QR code,
which follows the ticket, must therefore not meet a citizen who has begun again already: they rest for `THINK` before
each step, in both bots' rounds. Without it they fall out of step with their own screens and book next to nothing, while
the figures look better. `mismatch` counts those who did all the same.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.load import TOKEN, bot_environment, cpu_seconds, moncreneau, process, rss_mb
from bot.storage.store import Store

BOOKING: list[dict[str, Any]] = [
    {"send": "/start"}, {"press": "[.]book$"}, {"press": 0}, {"press": 0}, {"send": "Aissatou Bah"}, {"press": 0}
]  # fmt: skip
ECHO: list[dict[str, Any]] = [
    {"send": "/start"},
    {"press": 0},
    {"press": 0},
    {"press": 0},
    {"send": "Aissatou Bah"},
    {"press": 0},
]
WARMUP = 2.0
THINK = 30
"""Milliseconds; with 200 citizens a bot may still make 6600 steps/s."""


class Stub:
    """A running `stub.js`: its address, and what it says."""

    def __init__(self, child: asyncio.subprocess.Process, url: str) -> None:
        self._child = child
        self.url = url

    async def said(self, event: str) -> dict[str, Any]:
        """Its next line about `event`."""
        return await _line(self._child, event)


async def _line(child: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    assert child.stdout
    while line := await asyncio.wait_for(child.stdout.readline(), 120):
        said: dict[str, Any] = json.loads(line)
        if said.get("event") == event:
            return said
    raise RuntimeError(f"stub.js ended without saying {event}")


@asynccontextmanager
async def stub(path: str, citizens: int, seconds: float, script: list[dict[str, Any]]) -> AsyncIterator[Stub]:
    """Run it; it begins when a bot polls."""
    words = ("--users", str(citizens), "--warmup", str(WARMUP), "--duration", str(seconds), "--stepTimeout", "10000")
    child = await asyncio.create_subprocess_exec(
        "node",
        path,
        *words,
        "--think",
        str(THINK),
        "--script",
        json.dumps(script),
        stdout=-1,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Stub(child, f"http://127.0.0.1:{(await _line(child, 'listening'))['port']}")
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def watch(server: Stub, pid: int) -> dict[str, Any]:
    """What the stub measured, and what it cost the bot."""
    await server.said("measure_start")
    cpu = cpu_seconds(pid)
    result = await server.said("result")
    return {
        **result,
        "cpu": (cpu_seconds(pid) - cpu) / max(result["steps"], 1) * 1000,
        "rss": rss_mb(pid),
    }


async def ours(path: str, citizens: int, seconds: float) -> dict[str, Any]:
    """One round of the bot."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await (await Store(f"sqlite+aiosqlite:///{database}").open()).close()
        async with moncreneau() as api, stub(path, citizens, seconds, BOOKING) as server:
            environment = bot_environment(server.url, api, database)
            async with process("-m", "bot", "run", **environment) as child:
                return await watch(server, child.pid)


async def echo(path: str, citizens: int, seconds: float) -> dict[str, Any]:
    """One round of the baseline."""
    async with stub(path, citizens, seconds, ECHO) as server:
        settings = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": server.url}
        async with process("-m", "bench.echo", **settings) as child:
            return await watch(server, child.pid)


async def compare(path: str, citizens: int, rounds: int, seconds: float) -> float:
    """Interleaved rounds; prints each, and returns the median ratio."""
    ratios = []
    for _ in range(rounds):
        theirs, mine = await echo(path, citizens, seconds), await ours(path, citizens, seconds)
        ratios.append(mine["steps_per_s"] / theirs["steps_per_s"])
        for name, each in (("PTB echo, no state", theirs), ("moncreneau-bot, all stored", mine)):
            print(
                f"{name:<27}{each['steps_per_s']:7.0f} steps/s, p50 {each['p50_ms']:.1f}, p99 {each['p99_ms']:.1f} ms,"
                f" {each['cpu']:.2f} cpu s/1000, {each['rss']:.0f} MB; mismatches {each['mismatch']},"
                f" stalls {each['stalls']}; the stub's own processor {each['stub_cpu']:.0%}"
            )
    print(f"ratio: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}")
    return float(statistics.median(ratios))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stub", help="path of stub.js")
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args()
    asyncio.run(compare(chosen.stub, chosen.citizens, chosen.rounds, chosen.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
