"""After kills and cut connections every citizen has exactly the appointments that they confirmed."""

from pathlib import Path

import pytest

from bot.app.failpoints import POINTS
from tests.e2e.crash_run import SEED, CrashReport, Scale, run_with_crashes, seed_of_this_run

LIMIT = 280
"""Seconds; a busy machine may need several times the minute that this takes."""
AT_RANDOM = Scale(citizens=16, bookings=40, kills=10, seconds=LIMIT, long_lifetimes=100)
AT_EVERY_FAILPOINT = Scale(citizens=5, bookings=5, kills=len(POINTS), seconds=LIMIT, weight=0, every_point=True)
pytestmark = pytest.mark.timeout(LIMIT + 40)


async def test_after_random_kills_and_cuts_everybody_has_exactly_what_they_confirmed(tmp_path: Path) -> None:
    report = await run_and_check(tmp_path, AT_RANDOM)
    assert report.ledger_check.bookings >= AT_RANDOM.bookings
    assert report.kills.total >= AT_RANDOM.kills


async def test_after_a_kill_at_every_failpoint_everybody_has_exactly_what_they_confirmed(tmp_path: Path) -> None:
    report = await run_and_check(tmp_path, AT_EVERY_FAILPOINT)
    assert report.kills.named == dict.fromkeys(POINTS, 1)


async def run_and_check(folder: Path, scale: Scale) -> CrashReport:
    """Run once, and fail on every difference to the ledger."""
    seed = seed_of_this_run()
    report = await run_with_crashes(folder, seed, scale)
    print(f"{SEED}={seed}\n{report.table()}")  # noqa: T201 — shown when it fails, or with -s
    assert not report.faults, "\n".join([f"{SEED}={seed}", *report.faults, report.log[-5000:]])
    return report
