"""Killed anywhere, with any wire cut: everybody ends with exactly the appointments that they confirmed."""

from pathlib import Path

import pytest

from bot.app.failpoints import POINTS
from tests.e2e.crash_run import SEED, Report, Scale, play, seed_of_this_run

LIMIT = 280
"""Seconds; a busy machine may need several times the minute that this takes."""
AT_RANDOM = Scale(applicants=16, bookings=40, kills=10, seconds=LIMIT, long_lives=100)
AT_EVERY_PLACE = Scale(applicants=5, bookings=5, kills=len(POINTS), seconds=LIMIT, weight=0, every_point=True)
pytestmark = pytest.mark.timeout(LIMIT + 40)


async def test_whatever_is_killed_or_cut_everybody_has_exactly_what_they_confirmed(tmp_path: Path) -> None:
    report = await told(tmp_path, AT_RANDOM)
    assert report.reckoning.bookings >= AT_RANDOM.bookings
    assert report.kills.total >= AT_RANDOM.kills


async def test_killed_once_at_every_named_place_everybody_has_exactly_what_they_confirmed(tmp_path: Path) -> None:
    report = await told(tmp_path, AT_EVERY_PLACE)
    assert report.kills.named == dict.fromkeys(POINTS, 1)


async def told(folder: Path, scale: Scale) -> Report:
    """Play it, show the ledger, and let nothing pass that is not equal."""
    seed = seed_of_this_run()
    report = await play(folder, seed, scale)
    print(f"{SEED}={seed}\n{report.table()}")  # noqa: T201 — shown when it fails, or with -s
    assert not report.faults, "\n".join([f"{SEED}={seed}", *report.faults, report.log[-5000:]])
    return report
