"""The long crash test: citizens book while the bot is killed and connections are dropped. `make soak`

    python -m bench.soak [--bookings N] [--kills N] [--citizens N] [--seed N]
    python -m bench.soak --office …          with a busy office: see `bench.office_soak`
    python -m bench.soak --deployments N …   rolling deployments: see `bench.deployment_soak`
    python -m bench.soak --replicas …        two processes on PostgreSQL: see `bench.replica_soak`

The last line is the summary. Ends with 1 when anything was lost, doubled, wrong, left without an answer, or private in
the log, or when the bookings and kills were not reached in time.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bench import deployment_soak, office_soak, replica_soak
from tests.e2e.crash_run import CrashReport, Scale, run_with_crashes, seed_of_this_run

SECONDS_A_KILL, SECONDS_AT_LEAST = 30, 300
"""The time limit: so much a kill, and so much besides."""
END_OF_LOG = 10_000
OFFICE, DEPLOYMENTS, REPLICAS = "--office", "--deployments", "--replicas"


def summary(report: CrashReport) -> str:
    """The outcome in one line; *untold* citizens were left without an answer."""
    found = report.ledger_check
    return (
        f"soak: {found.bookings} bookings, {found.moves} moves, {report.kills.total} kills, "
        f"{report.faults_applied} faults injected; "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}, wrong {len(found.wrong)}, "
        f"untold {len(report.unanswered)}, private in the log {len(report.private)}; "
        f"{found.duplicates} messages sent twice"
    )


def is_complete(report: CrashReport, scale: Scale) -> bool:
    """Whether it came to as many bookings and kills as were asked for."""
    return report.ledger_check.bookings >= scale.bookings and report.kills.total >= scale.kills


def exit_code(report: CrashReport, scale: Scale) -> int:
    """0 when all of it was done and nothing was lost, doubled, wrong or left without an answer; else 1."""
    return 0 if is_complete(report, scale) and not report.faults else 1


def main(arguments: list[str] | None = None) -> int:
    """Run it once; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if OFFICE in arguments:
        return office_soak.main([each for each in arguments if each != OFFICE])
    if REPLICAS in arguments:
        return replica_soak.main([each for each in arguments if each != REPLICAS])
    if DEPLOYMENTS in arguments:
        return deployment_soak.main(arguments)
    parser = argparse.ArgumentParser(prog="bench.soak", description="Kill the bot for a long time and count.")
    parser.add_argument("--bookings", type=int, default=500, help="at least (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=100, help="at least (default: %(default)s)")
    parser.add_argument("--citizens", type=int, default=30, help="side by side (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    chosen = parser.parse_args(arguments)
    scale = Scale(
        citizens=chosen.citizens,
        bookings=chosen.bookings,
        kills=chosen.kills,
        seconds=SECONDS_AT_LEAST + SECONDS_A_KILL * chosen.kills,
    )
    print(f"seed {chosen.seed}: {scale.bookings} bookings, {scale.kills} kills, {scale.citizens} citizens", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        report = asyncio.run(run_with_crashes(Path(folder), chosen.seed, scale))
    print(report.table())
    if report.faults:
        print(*report.faults, sep="\n")
        print("the end of the bot's log:", report.log[-END_OF_LOG:], sep="\n")
    if not is_complete(report, scale):
        print(f"not reached within {scale.seconds} s: {scale.bookings} bookings and {scale.kills} kills")
    print(summary(report))
    return exit_code(report, scale)


if __name__ == "__main__":
    sys.exit(main())
