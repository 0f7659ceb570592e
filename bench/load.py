"""How fast the whole durable path is, beside a plain echo bot in the same run. `python -m bench.load`

The bot runs as a process, as in production: inbox, session and outbox stored with `synchronous=FULL`, real bookings at
the moncreneau stand-in (another process). Rounds of both are interleaved; what counts is the ratio within a round.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvloop

from bench.api import COUNT
from bench.botapi import BotApi, Connection, Measure
from bot.storage.store import Store

ROOT = Path(__file__).parent.parent
TOKEN = "42:" + "bench" * 7
WARMUP, PATIENCE = 2.0, 10.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """One run of one bot."""

    steps: float
    p50: float
    p99: float
    cpu: float
    """CPU seconds per 1000 steps."""
    rss: float
    """MB."""
    bookings: int
    stalls: int
    requests: float = 0.0
    """Of the moncreneau API, for each booking."""


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process of ours; it is ended at the end. `BOT_PYTHON` runs the bot as installed for production."""
    python = os.environ.get("BOT_PYTHON", sys.executable) if command[:2] == ("-m", "bot") else sys.executable
    child = await asyncio.create_subprocess_exec(
        python, *command, cwd=ROOT, env=os.environ | environment, stdout=-1, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), 15)
            except TimeoutError:
                child.kill()
                await child.wait()


@asynccontextmanager
async def bot_api(citizens: int, latency: float = 0.0) -> AsyncIterator[tuple[BotApi, str]]:
    """The load generator on a free port."""
    api = BotApi(citizens, latency)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(api), "127.0.0.1", 0, backlog=1024)
    try:
        yield api, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        api.stop()
        server.close()


@asynccontextmanager
async def moncreneau(slow: float = 0.0) -> AsyncIterator[str]:
    """The moncreneau stand-in; yields its address. `slow`: seconds that chat 1000 waits for each booking."""
    async with process("-m", "bench.api", str(slow)) as child:
        assert child.stdout
        yield (await child.stdout.readline()).decode().strip()


def bot_environment(telegram: str, api: str, database: Path) -> dict[str, str]:
    """The bot's settings: everything stored, nothing paced."""
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram, "TELEGRAM_RATE": "0", "TELEGRAM_CHAT_RATE": "0",
        "MONCRENEAU_API_KEY": "mk_sandbox_demo_key", "MONCRENEAU_API_URL": f"{api}/api/v1",
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}", "LOG_LEVEL": "ERROR",
    }  # fmt: skip


async def run_ours(citizens: int, latency: float, seconds: float, slow: float = 0.0) -> Figures:
    """One round of the bot. `slow`: seconds that the API takes for each booking of chat 1000, who is not measured."""
    with tempfile.TemporaryDirectory() as folder:
        async with moncreneau(slow) as url, bot_api(citizens, latency) as (api, telegram):
            api.unmeasured = 1000 if slow else None
            database = Path(folder) / "bot.db"
            # Not the very first start of a bot, which runs the migrations.
            await (await Store(f"sqlite+aiosqlite:///{database}").open()).close()
            environment = bot_environment(telegram, url, database)
            async with process("-m", "bot", "run", **environment) as child:
                return await drive(api, child.pid, seconds, url)


async def run_echo(citizens: int, latency: float, seconds: float) -> Figures:
    """One round of the baseline."""
    async with (
        bot_api(citizens, latency) as (api, telegram),
        process("-m", "bench.echo", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram) as child,
    ):
        return await drive(api, child.pid, seconds)


async def drive(api: BotApi, pid: int, seconds: float, moncreneau: str = "") -> Figures:
    """Warm up, measure, read what it cost; `moncreneau` is the address of the stand-in that counts requests."""
    api.start()
    await asyncio.sleep(1.5 + WARMUP)
    asked = await _requests(moncreneau)
    measure, cpu = Measure(began=time.perf_counter()), cpu_seconds(pid)
    api.measure = measure
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.sleep(0.5)
        api.unstick(PATIENCE)
    measure.ended = time.perf_counter()
    asked = await _requests(moncreneau) - asked
    steps = max(len(measure.latencies), 1)
    return Figures(
        steps=measure.steps_per_second,
        p50=measure.percentile(0.5),
        p99=measure.percentile(0.99),
        cpu=(cpu_seconds(pid) - cpu) / steps * 1000,
        rss=rss_mb(pid),
        bookings=measure.bookings,
        stalls=measure.stalls,
        requests=asked / max(measure.bookings, 1),
    )


async def _requests(moncreneau: str) -> int:
    async with httpx.AsyncClient() as client:
        return int((await client.get(moncreneau + COUNT)).text) if moncreneau else 0


def cpu_seconds(pid: int) -> float:
    """What the process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory (Linux)."""
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _row(name: str, runs: list[Figures]) -> str:
    def middle(values: list[float]) -> str:
        spread = (max(values) - min(values)) / 2
        return f"{statistics.median(values):8.1f} ±{spread:<6.1f}"

    cells = (
        middle([each.steps for each in runs]), middle([each.p50 for each in runs]), middle([each.p99 for each in runs]),
        middle([each.cpu for each in runs]), middle([each.rss for each in runs]),
    )  # fmt: skip
    return f"{name:<28}" + "".join(cells)


async def compare(citizens: int, latency: float, rounds: int, seconds: float) -> float:
    """Interleaved rounds of both bots; prints medians and returns the ratio."""
    ours: list[Figures] = []
    echo: list[Figures] = []
    for _ in range(rounds):
        echo.append(await run_echo(citizens, latency, seconds))
        ours.append(await run_ours(citizens, latency, seconds))
    ratios = [mine.steps / theirs.steps for mine, theirs in zip(ours, echo, strict=True)]
    print(f"\n{citizens} citizens, Bot API latency {latency * 1000:.0f} ms, {rounds} rounds of {seconds:.0f} s")
    print(f"{'':<28}{'steps/s':>16}{'p50 ms':>16}{'p99 ms':>16}{'cpu s/1000':>16}{'RSS MB':>16}")
    print(_row("PTB echo, no state", echo))
    print(_row("moncreneau-bot, all stored", ours))
    print(f"ratio: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}", end="; ")
    print(f"bookings {sum(each.bookings for each in ours)}, stalls {sum(each.stalls for each in ours)}", end="; ")
    print(f"API requests per booking {statistics.median(each.requests for each in ours):.2f}")
    return statistics.median(ratios)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--latencies", default="0,20,100", help="of the Bot API, in ms")
    chosen = parser.parse_args()
    for latency in chosen.latencies.split(","):
        uvloop.run(compare(chosen.citizens, float(latency) / 1000, chosen.rounds, chosen.seconds))


if __name__ == "__main__":
    main()
