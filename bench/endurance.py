"""What a long life costs: memory after 100,000 bookings. `python -m bench.endurance` (some six minutes)

The bot runs as a process, as in production, with 200 citizens who book over and over, each booking stored and made at
the moncreneau stand-in. Prints a line every 10,000 bookings; at the end the bot rests for a moment, and what it holds
then is what its life has left behind.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import uvloop

from bench.botapi import Measure
from bench.load import PATIENCE, bot_api, bot_environment, moncreneau, process, rss_mb
from bot.storage.store import Store

REST = 5.0
"""Seconds without a citizen, at the end."""


async def live(citizens: int, bookings: int, every: int) -> None:
    """Book until there are so many bookings."""
    with tempfile.TemporaryDirectory() as folder:
        async with moncreneau() as url, bot_api(citizens) as (api, telegram):
            database = Path(folder) / "bot.db"
            await (await Store(f"sqlite+aiosqlite:///{database}").open()).close()
            async with process("-m", "bot", "run", **bot_environment(telegram, url, database)) as child:
                await asyncio.wait_for(api.polled.wait(), 30)
                print(f"{'bookings':>9}{'RSS MB':>9}{'steps/s':>9}{'database MB':>13}")
                print(f"{0:>9}{rss_mb(child.pid):>9.1f}")
                api.start()
                made = 0
                while made < bookings:
                    measure = api.measure = Measure(began=time.perf_counter())
                    while measure.bookings < min(every, bookings - made):
                        await asyncio.sleep(0.2)
                        api.unstick(PATIENCE)
                    measure.ended = time.perf_counter()
                    made += measure.bookings
                    figures = f"{made:>9}{rss_mb(child.pid):>9.1f}{measure.steps_per_second:>9.0f}"
                    print(f"{figures}{_megabytes(Path(folder)):>13.0f}", flush=True)
                api.stop()
                await asyncio.sleep(REST)
                print(f"{'at rest':>9}{rss_mb(child.pid):>9.1f}")


def _megabytes(folder: Path) -> float:
    return sum(each.stat().st_size for each in folder.iterdir()) / 2**20


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--bookings", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=10_000)
    chosen = parser.parse_args()
    uvloop.run(live(chosen.citizens, chosen.bookings, chosen.every))


if __name__ == "__main__":
    main()
