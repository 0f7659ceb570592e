"""Killed anywhere, with any wire cut: everybody ends with exactly the appointments that they confirmed."""

from pathlib import Path

from tests.e2e.play import SEED, Scale, play, seed_of_this_run

SCALE = Scale(applicants=16, bookings=40, kills=10, seconds=100, long_lives=100)


async def test_whatever_is_killed_or_cut_everybody_has_exactly_what_they_confirmed(tmp_path: Path) -> None:
    seed = seed_of_this_run()
    report = await play(tmp_path, seed, SCALE)
    print(f"{SEED}={seed}\n{report.table()}")  # noqa: T201 — shown when it fails, or with -s
    assert not report.faults, "\n".join([f"{SEED}={seed}", *report.faults, report.log[-5000:]])
    assert report.reckoning.bookings >= SCALE.bookings
    assert report.kills.total >= SCALE.kills
