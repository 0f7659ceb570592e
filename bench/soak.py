"""`make soak`: the long run of the crash test. At least 500 bookings and 100 kills, and the ledger must be equal.

    python -m bench.soak [--bookings N] [--kills N] [--citizens N] [--seed N]

Prints the ledger; ends with 1 when anything was lost, doubled, wrong or left without an answer.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.crash_run import Scale, play, seed_of_this_run

SECONDS_A_KILL, SECONDS_AT_LEAST = 30, 300


def main(arguments: list[str] | None = None) -> int:
    """Run it once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.soak", description="Kill the bot for a long time and count.")
    parser.add_argument("--bookings", type=int, default=500, help="at least (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=100, help="at least (default: %(default)s)")
    parser.add_argument("--citizens", type=int, default=30, help="side by side (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    chosen = parser.parse_args(arguments)
    scale = Scale(
        applicants=chosen.citizens,
        bookings=chosen.bookings,
        kills=chosen.kills,
        seconds=SECONDS_AT_LEAST + SECONDS_A_KILL * chosen.kills,
    )
    print(
        f"seed {chosen.seed}: {scale.bookings} bookings, {scale.kills} kills, {scale.applicants} citizens", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        report = asyncio.run(play(Path(folder), chosen.seed, scale))
        print(report.table())
        if report.faults:
            print(*report.faults, sep="\n")
            print("the end of the bot's log:", report.log[-10_000:], sep="\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
