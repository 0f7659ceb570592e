"""The figures of one day: over restarts, and from zero at midnight in the office."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from bot.operations.status import DailyCounters

MORNING = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


class CountersSetup:
    """A clock and the totals of a process."""

    def __init__(self) -> None:
        self.now = MORNING
        self.totals = Counter[str]()

    def today(self) -> DailyCounters:
        return DailyCounters(lambda: self.now, lambda: self.totals["requests"], lambda: self.totals["booked"])


def test_daily_counters_survive_a_restart() -> None:
    setup = CountersSetup()
    today = setup.today()
    setup.totals.update(requests=5, booked=4)
    assert today.figures() == (5, 4)
    kept = today.kept()
    setup.totals.clear()
    later = setup.today()
    later.restore(kept)
    setup.totals.update(requests=1, booked=1)
    assert later.figures() == (6, 5)


def test_daily_counters_reset_at_midnight() -> None:
    setup = CountersSetup()
    today = setup.today()
    setup.totals.update(requests=5)
    kept = today.kept()
    setup.now += timedelta(days=1)
    setup.totals.update(requests=2)
    assert today.figures() == (2, 0)
    tomorrow = setup.today()
    tomorrow.restore(kept)
    assert tomorrow.figures() == (0, 0)


@pytest.mark.parametrize("kept", [None, "", "nonsense", "[]", "{}", "5", '["2026-03-02", "5", 4]', '["2026-03-02", 1]'])
def test_unreadable_counters_start_at_zero(kept: str | None) -> None:
    today = CountersSetup().today()
    today.restore(kept)
    assert today.figures() == (0, 0)
