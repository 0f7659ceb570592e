"""The long test of rolling deployments: the release before and the present one take turns while citizens book.

    python -m bench.deployment_soak [--deployments N] [--citizens N] [--seed N]

`make soak ARGS="--deployments 20"` runs it. The last line is the summary; ends with 1 when anything was lost, doubled,
wrong or left without an answer, or an update waited for more than five seconds.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.crash_run import seed_of_this_run
from tests.e2e.deployments import DeploymentReport, DeploymentScale, run_deployments
from tests.storage.cluster import serving_cluster
from tests.storage.databases import postgresql_database
from tests.upgrade.release_before import ReleaseBefore, commit

OLDEST = 5.0
"""Seconds: no update may wait longer."""
END_OF_LOG = 10_000


def summary(report: DeploymentReport) -> str:
    """The outcome in one line."""
    found = report.ledger_check
    return (
        f"deployment soak: {report.deployments} deployments, {found.bookings} bookings, {found.moves} moves; "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}, wrong {len(found.wrong)}; "
        f"oldest update {report.oldest:.1f} s, longest stop {max(report.stops, default=0.0):.1f} s; "
        f"{found.duplicates} messages sent twice"
    )


def exit_code(report: DeploymentReport, scale: DeploymentScale) -> int:
    """0 when all of it was done, nothing went wrong, and no update waited for too long; else 1."""
    is_good = report.deployments == scale.deployments and not report.faults and report.oldest <= OLDEST
    return 0 if is_good else 1


def main(arguments: list[str] | None = None) -> int:
    """Run it once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.deployment_soak", description="Deploy again and again, and count.")
    parser.add_argument("--deployments", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--citizens", type=int, default=10, help="side by side (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    chosen = parser.parse_args(arguments)
    scale = DeploymentScale(chosen.deployments, chosen.citizens, chosen.seed)
    print(f"seed {scale.seed}: {scale.deployments} deployments by turns with {commit()[:12]}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        tempfile.TemporaryDirectory(prefix="before-") as code,
        serving_cluster() as cluster,
        postgresql_database(cluster) as database,
    ):
        before = ReleaseBefore.unpacked(Path(code))
        report = asyncio.run(run_deployments(Path(folder), database, before.folder, scale))
    if report.faults:
        print(*report.faults, "the end of the bots' logs:", report.log[-END_OF_LOG:], sep="\n")
    print(summary(report))
    return exit_code(report, scale)


if __name__ == "__main__":
    sys.exit(main())
