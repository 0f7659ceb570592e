"""The long test of two processes on one PostgreSQL database: killed, frozen, cut off, the server restarted.

    python -m bench.replica_soak [--bookings N] [--moves N] [--faults N] [--citizens N] [--weight W] [--seed N]
                                 [--webhook] [--every-point] [--keep FOLDER]

`make soak ARGS="--replicas …"` runs it. `--webhook` lets Telegram and moncreneau deliver to both processes, late,
twice, in another order or never. `--every-point` freezes the leader at each failpoint for 5, 20 and 60 seconds, and
does nothing else. The last line is the summary; ends with 1 when anything was lost, doubled, wrong or left without an
answer, when a process sent a request after its trust had ended, when both together sent more than the services allow,
or when the bookings, moves and faults were not reached in time.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bot.app.failpoints import LEASE_POINTS, POINTS
from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import CrashReport, Disturber, Scale, run_with_crashes, seed_of_this_run
from tests.e2e.replicas import FREEZES, Replicas, two_replicas
from tests.e2e.services import Services
from tests.storage.cluster import serving_cluster
from tests.storage.databases import postgresql_database

MESSAGES_A_SECOND, REQUESTS_A_WINDOW = 30, 1000
"""What Telegram and the API allow to both processes together."""
WINDOW = 180
"""Seconds of the stand-in's window: an hour would be longer than the test."""
SECONDS_A_FAULT, SECONDS_AT_LEAST = 60, 300
"""The time limit: so much a fault, and so much besides."""
END_OF_LOG = 10_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What the wires of both processes counted."""

    messages_a_second: int
    requests_a_window: int
    untrusted: int


def summary(report: CrashReport, figures: Figures) -> str:
    """The outcome in one line; *untold* citizens were left without an answer."""
    found = report.ledger_check
    return (
        f"replica soak: {found.bookings} bookings, {found.moves} moves, {report.kills.total} faults and "
        f"{report.faults_applied} smaller ones; lost {len(found.lost)}, doubled {len(found.doubled)}, "
        f"wrong {len(found.wrong)}, untold {len(report.unanswered)}, private in the log {len(report.private)}; "
        f"{figures.untrusted} requests without a right, at most {figures.messages_a_second} messages a second and "
        f"{figures.requests_a_window} requests in a window of the API; {found.duplicates} messages sent twice"
    )


def exit_code(report: CrashReport, figures: Figures, scale: Scale) -> int:
    """0 when all of it was done, nothing went wrong, and both kept to the limits; else 1."""
    found = report.ledger_check
    is_complete = found.bookings >= scale.bookings and found.moves >= scale.moves and report.kills.total >= scale.kills
    is_within = (
        figures.messages_a_second <= MESSAGES_A_SECOND
        and figures.requests_a_window <= REQUESTS_A_WINDOW
        and not figures.untrusted
    )
    return 0 if is_complete and is_within and not report.faults else 1


def run(folder: Path, seed: int, scale: Scale, *, webhook: bool) -> tuple[CrashReport, Figures, Replicas]:
    """Run once, on a PostgreSQL server of its own."""
    made: list[Replicas] = []
    with serving_cluster() as cluster, postgresql_database(cluster) as database:

        @asynccontextmanager
        async def disturbing(services: Services, first: BotProcess, dice: random.Random) -> AsyncIterator[Disturber]:
            async with two_replicas(
                services,
                first,
                dice,
                folder=folder,
                cluster=cluster,
                database=database,
                webhook=webhook,
                every_point=scale.every_point,
            ) as replicas:
                made.append(replicas)
                yield replicas

        quota = {"rate_limit": REQUESTS_A_WINDOW, "rate_window": WINDOW}
        report = asyncio.run(run_with_crashes(folder, seed, scale, database, disturbing, **quota))
    (replicas,) = made
    figures = Figures(replicas.messages_a_second, replicas.requests_a_window(WINDOW), len(replicas.untrusted()))
    return report, figures, replicas


def main(arguments: list[str] | None = None) -> int:
    """Run it once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.soak --replicas", description="Disturb two processes, and count.")
    parser.add_argument("--bookings", type=int, default=300, help="at least (default: %(default)s)")
    parser.add_argument("--moves", type=int, default=100, help="at least (default: %(default)s)")
    parser.add_argument("--faults", type=int, help="at least (default: 60, or all of --every-point)")
    parser.add_argument("--citizens", type=int, default=12, help="side by side (default: %(default)s)")
    parser.add_argument("--weight", type=float, default=0.01, help="how likely smaller faults are (%(default)s)")
    parser.add_argument("--webhook", action="store_true", help="updates and news come by webhook, to both")
    parser.add_argument("--every-point", action="store_true", help="freeze the leader at each failpoint")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    parser.add_argument("--keep", type=Path, help="keep the logs in this folder")
    chosen = parser.parse_args(arguments)
    every = len((*POINTS, *LEASE_POINTS)) * len(FREEZES)
    faults = chosen.faults if chosen.faults is not None else (every if chosen.every_point else 60)
    scale = Scale(
        citizens=chosen.citizens,
        bookings=chosen.bookings,
        moves=chosen.moves,
        kills=faults,
        seconds=SECONDS_AT_LEAST + SECONDS_A_FAULT * faults,
        weight=chosen.weight,
        every_point=chosen.every_point,
    )
    print(f"seed {chosen.seed}{' by webhook' if chosen.webhook else ''}: {scale}", flush=True)
    place = nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory(prefix="soak-")
    with place as folder:
        report, figures, replicas = run(Path(folder), chosen.seed, scale, webhook=chosen.webhook)
    print(report.table())
    print("ends of processes, by exit code:", dict(sorted(replicas.ends.items())))
    if report.faults:
        print(*report.faults, "the end of the logs:", report.log[-END_OF_LOG:], sep="\n")
    print(summary(report, figures))
    return exit_code(report, figures, scale)


if __name__ == "__main__":
    sys.exit(main())
