"""Steps/s and p99 as citizens grow, memory and start-up time as known chats grow. `python -m bench.scale`

Prints two tables and draws docs/scale.svg. Known chats are written straight into the database, each with a session like
real ones; neither memory nor start-up should grow with them.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.bot_api_server import serving_bot_api
from bench.closed_loop import ClosedLoop
from bench.load import create_database, drive, measure_bot
from bench.processes import ROOT, bot_environment, moncreneau, process, rss_mb
from bot.core.session import Session, write_session

CITIZENS = (10, 50, 200, 500, 1000, 2000)
CHATS = (0, 10_000, 100_000, 1_000_000)
IDLE_PROBES = 20
CITIZENS_AFTERWARDS, START_WITHIN = 200, 60


@dataclass(frozen=True, slots=True)
class Idle:
    """An idle bot with so many known chats."""

    chats: int
    start: float
    """Seconds from the process's start to its first poll."""
    rss: float
    answer: float
    """Milliseconds from `/start` to its answer, median."""
    rss_after: float
    """After 200 citizens booked for a few seconds."""


async def seed(database: Path, chats: int) -> None:
    """Make a database with known chats, as the bot would have left it."""
    await create_database(database)
    session = write_session(Session("fr", datetime.now()))  # noqa: DTZ005 — office time

    def fill() -> None:
        with sqlite3.connect(database) as connection:
            connection.executemany(
                "INSERT INTO chats (chat_id, session, locale, is_left, seen_at) VALUES (?, ?, 'fr', 0, 0)",
                ((5_000_000 + each, session) for each in range(chats)),
            )

    await asyncio.to_thread(fill)


async def idle(chats: int, seconds: float) -> Idle:
    """Start with so many known chats, ask a few times, then let 200 citizens book."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await seed(database, chats)
        loop = ClosedLoop(CITIZENS_AFTERWARDS)
        async with moncreneau() as api, serving_bot_api(loop.server) as telegram:
            began = time.perf_counter()
            async with process("-m", "bot", "run", **bot_environment(telegram, api, database)) as child:
                await asyncio.wait_for(loop.server.polled.wait(), START_WITHIN)
                start = time.perf_counter() - began
                answers = [await loop.ask_as_newcomer() for _ in range(IDLE_PROBES)]
                rss = rss_mb(child.pid)
                after = await drive(loop, child.pid, seconds)
                return Idle(chats, start, rss, 1000 * statistics.median(answers), after.rss)


def polyline(points: list[tuple[float, float]], colour: str) -> str:
    """A line through points that are given in the picture's units."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def panel(left: int, title: str, labels: list[str], curves: list[tuple[str, str, list[float]]]) -> str:
    """A small diagram: each curve is scaled to its own greatest value, which is written beside it."""
    width, height, top = 300, 160, 50
    parts = [
        f'<text x="{left}" y="20" font-weight="bold">{title}</text>',
        f'<path d="M{left} {top} V{top + height} H{left + width}" stroke="#888" fill="none"/>',
    ]
    step = width / max(len(labels) - 1, 1)
    for at, label in enumerate(labels):
        parts.append(f'<text x="{left + at * step:.0f}" y="{top + height + 16}" text-anchor="middle">{label}</text>')
    for row, (name, colour, values) in enumerate(curves):
        most = max(values) * 1.1
        points = [(left + at * step, top + height * (1 - value / most)) for at, value in enumerate(values)]
        parts.append(polyline(points, colour))
        ends = f"{values[0]:.0f} → {values[-1]:.0f}, at most {max(values):.0f}"
        parts.append(f'<text x="{left}" y="{top + height + 36 + row * 16}" fill="{colour}">{name}: {ends}</text>')
    return "".join(parts)


def draw(path: Path, load: list[tuple[int, float, float]], known: list[Idle]) -> None:
    """Both diagrams as one SVG."""
    crowd = panel(
        40,
        "Citizens booking at once",
        [f"{each:,}" for each, _, _ in load],
        [("steps/s", "#1f6f4a", [each for _, each, _ in load]), ("p99 ms", "#b5482a", [each for _, _, each in load])],
    )
    chats = panel(
        420,
        "Known chats",
        [f"{each.chats:,}" for each in known],
        [
            ("RSS MB, idle", "#1f6f4a", [each.rss for each in known]),
            ("start ms", "#b5482a", [1000 * each.start for each in known]),
        ],
    )
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="290" {style}>'
        f'<rect width="100%" height="100%" fill="#fff"/>{crowd}{chats}</svg>\n',
        encoding="utf-8",
    )


async def measure(seconds: float, rounds: int, *, small: bool) -> None:
    """Both tables and the picture."""
    load = []
    print(f"{'citizens':>10}{'steps/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'RSS MB':>10}")
    for citizens in CITIZENS[:4] if small else CITIZENS:
        runs = [await measure_bot(citizens, 0.0, seconds) for _ in range(rounds)]
        names = ("steps_per_second", "p50", "p99", "rss")
        steps, p50, p99, rss = (statistics.median(getattr(each, name) for each in runs) for name in names)
        load.append((citizens, steps, p99))
        print(f"{citizens:>10}{steps:>10.0f}{p50:>10.1f}{p99:>10.1f}{rss:>10.1f}")
    print(f"\n{'chats':>10}{'start s':>10}{'RSS MB':>10}{'/start ms':>10}{'RSS then':>10}")
    known = []
    for chats in CHATS[:3] if small else CHATS:
        known.append(each := await idle(chats, seconds))
        print(f"{chats:>10}{each.start:>10.2f}{each.rss:>10.1f}{each.answer:>10.1f}{each.rss_after:>10.1f}")
    draw(ROOT / "docs" / "scale.svg", load, known)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="bench.scale", description="Measure growth with citizens and known chats.")
    parser.add_argument("--seconds", type=float, default=5.0, help="measured in each round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="without the largest sizes")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.seconds, chosen.rounds, small=chosen.small))


if __name__ == "__main__":
    main()
