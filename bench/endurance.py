"""Memory after 100,000 bookings in one process. `python -m bench.endurance` (about six minutes)

The bot runs as a process, as in production, with 200 citizens who book over and over, each booking stored and made at
the moncreneau stand-in. Prints a line every 10,000 bookings; the last line is the bot at rest.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from bench.bot_api_server import serving_bot_api
from bench.closed_loop import ClosedLoop, Measure
from bench.load import PATIENCE, create_database
from bench.processes import bot_environment, moncreneau, process, rss_mb

REST = 5.0
"""Seconds without a citizen, at the end."""
START_WITHIN = 30


async def book(citizens: int, bookings: int, every: int) -> None:
    """Book until there are so many bookings, and print a line every so many."""
    loop = ClosedLoop(citizens)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await create_database(database)
        async with (
            moncreneau() as api,
            serving_bot_api(loop.server) as telegram,
            process("-m", "bot", "run", **bot_environment(telegram, api, database)) as child,
        ):
            await asyncio.wait_for(loop.server.polled.wait(), START_WITHIN)
            print(f"{'bookings':>9}{'RSS MB':>9}{'steps/s':>9}{'database MB':>13}")
            print(f"{0:>9}{rss_mb(child.pid):>9.1f}")
            loop.start()
            made = 0
            while made < bookings:
                measure = loop.measure = Measure(began=time.perf_counter())
                while measure.bookings < min(every, bookings - made):
                    await asyncio.sleep(0.2)
                    loop.restart_stalled(PATIENCE)
                measure.ended = time.perf_counter()
                made += measure.bookings
                figures = f"{made:>9}{rss_mb(child.pid):>9.1f}{measure.steps_per_second:>9.0f}"
                print(f"{figures}{_megabytes(Path(folder)):>13.0f}", flush=True)
            loop.stop()
            await asyncio.sleep(REST)
            print(f"{'at rest':>9}{rss_mb(child.pid):>9.1f}")


def _megabytes(folder: Path) -> float:
    return sum(each.stat().st_size for each in folder.iterdir()) / 2**20


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="bench.endurance", description="Measure memory over a long life.")
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--bookings", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=10_000, help="bookings to a printed line")
    chosen = parser.parse_args()
    asyncio.run(book(chosen.citizens, chosen.bookings, chosen.every))


if __name__ == "__main__":
    main()
