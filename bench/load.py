"""Steps per second with everything stored, beside a plain echo bot in the same run. `python -m bench.load`

The bot runs as a process, as in production: inbox, session and outbox stored with `synchronous=FULL`, real bookings at
the moncreneau stand-in (another process). Rounds of both bots are interleaved; what counts is the ratio in a round.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.bot_api_server import serving_bot_api
from bench.closed_loop import ClosedLoop, Measure
from bench.moncreneau_server import COUNT_PATH, SLOW_CHAT
from bench.processes import TOKEN, bot_environment, cpu_seconds, moncreneau, process, rss_mb
from bot.storage.store import Store

START_UP, WARM_UP = 1.5, 2.0
"""Seconds before anything is measured."""
PATIENCE = 10.0
"""Seconds after which a citizen who waits starts again."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One round of one bot."""

    steps_per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    cpu: float
    """CPU seconds per 1000 steps."""
    rss: float
    """Resident memory at the end, in MB."""
    bookings: int
    stalls: int
    requests: float = 0.0
    """Requests to the moncreneau API for each booking."""


async def create_database(path: Path) -> None:
    """Make an empty database, so that the first start of a bot need not run the migrations."""
    await (await Store(f"sqlite+aiosqlite:///{path}").open()).close()


async def measure_bot(citizens: int, latency: float, seconds: float, slow: float = 0.0, presses: int = 0) -> Figures:
    """One round of the bot.

    `slow`: seconds that the API takes for each booking of one chat, which is not measured. `presses`: how often another
    chat presses a button, all at once.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await create_database(database)
        loop = ClosedLoop(citizens, latency)
        loop.unmeasured_chat = SLOW_CHAT if slow else None
        async with (
            moncreneau(slow) as api,
            serving_bot_api(loop.server) as telegram,
            process("-m", "bot", "run", **bot_environment(telegram, api, database)) as child,
        ):
            return await drive(loop, child.pid, seconds, api, presses)


async def measure_echo(citizens: int, latency: float, seconds: float) -> Figures:
    """One round of the baseline."""
    loop = ClosedLoop(citizens, latency)
    async with (
        serving_bot_api(loop.server) as telegram,
        process("-m", "bench.echo_bot", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram) as child,
    ):
        return await drive(loop, child.pid, seconds)


async def drive(loop: ClosedLoop, pid: int, seconds: float, api: str = "", presses: int = 0) -> Figures:
    """Warm up, then measure the bot with this process id; `api` is the address of the stand-in that counts requests."""
    loop.start()
    await asyncio.sleep(START_UP + WARM_UP)
    requests = await _requests(api)
    cpu = cpu_seconds(pid)
    measure = loop.measure = Measure(began=time.perf_counter())
    loop.press_often(presses)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.sleep(0.5)
        loop.restart_stalled(PATIENCE)
    measure.ended = time.perf_counter()
    requests = await _requests(api) - requests
    figures = Figures(
        steps_per_second=measure.steps_per_second,
        p50=measure.percentile(0.5),
        p99=measure.percentile(0.99),
        cpu=(cpu_seconds(pid) - cpu) / max(len(measure.latencies), 1) * 1000,
        rss=rss_mb(pid),
        bookings=measure.bookings,
        stalls=measure.stalls,
        requests=requests / max(measure.bookings, 1),
    )
    loop.stop()
    return figures


async def _requests(api: str) -> int:
    async with httpx.AsyncClient() as client:
        return int((await client.get(api + COUNT_PATH)).text) if api else 0


def _row(name: str, rounds: list[Figures]) -> str:
    def median(values: list[float]) -> str:
        spread = (max(values) - min(values)) / 2
        return f"{statistics.median(values):8.1f} ±{spread:<6.1f}"

    cells = (
        median([each.steps_per_second for each in rounds]),
        median([each.p50 for each in rounds]),
        median([each.p99 for each in rounds]),
        median([each.cpu for each in rounds]),
        median([each.rss for each in rounds]),
    )
    return f"{name:<28}" + "".join(cells)


async def compare(citizens: int, latency: float, rounds: int, seconds: float) -> None:
    """Interleave rounds of both bots, and print medians and the ratio."""
    ours: list[Figures] = []
    echo: list[Figures] = []
    for _ in range(rounds):
        echo.append(await measure_echo(citizens, latency, seconds))
        ours.append(await measure_bot(citizens, latency, seconds))
    ratios = [mine.steps_per_second / theirs.steps_per_second for mine, theirs in zip(ours, echo, strict=True)]
    print(f"\n{citizens} citizens, Bot API latency {latency * 1000:.0f} ms, {rounds} rounds of {seconds:.0f} s")
    print(f"{'':<28}{'steps/s':>16}{'p50 ms':>16}{'p99 ms':>16}{'CPU s/1000':>16}{'RSS MB':>16}")
    print(_row("PTB echo, no state", echo))
    print(_row("moncreneau-bot, all stored", ours))
    print(f"ratio: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}", end="; ")
    print(f"bookings {sum(each.bookings for each in ours)}, stalls {sum(each.stalls for each in ours)}", end="; ")
    print(f"API requests a booking {statistics.median(each.requests for each in ours):.2f}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="bench.load", description="Measure steps/s beside an echo bot.")
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="measured in each round")
    parser.add_argument("--latencies", default="0,20,100", help="of the Bot API, in ms")
    chosen = parser.parse_args()
    for latency in chosen.latencies.split(","):
        asyncio.run(compare(chosen.citizens, float(latency) / 1000, chosen.rounds, chosen.seconds))


if __name__ == "__main__":
    main()
