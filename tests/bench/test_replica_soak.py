"""The verdict of the soak of two processes: whatever went wrong, and whatever left without a right, makes it fail."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bench.replica_soak import Figures, exit_code, summary
from tests.e2e.crash_run import CrashReport, Scale
from tests.e2e.fault_injection import Kills
from tests.e2e.ledger_check import LedgerCheck

SCALE = Scale(citizens=2, bookings=10, moves=2, kills=3, seconds=60)
FIGURES = Figures(messages_a_second=30, requests_a_window=1000, untrusted=0)


def report(*lost: str, faults: int = 3, **counts: Any) -> CrashReport:
    found = LedgerCheck(**{"bookings": 12, "moves": 7, "duplicates": 5, "lost": list(lost), **counts})
    kills = Kills(named=Counter({"frozen for 20 s": faults}))
    return CrashReport(1, kills, 40, 0, found, [], seconds=30.0, killed=20.0, log="")


def test_the_summary_counts_everything_in_one_line() -> None:
    assert summary(report("a"), FIGURES) == (
        "replica soak: 12 bookings, 7 moves, 3 faults and 40 smaller ones; lost 1, doubled 0, wrong 0, untold 0, "
        "private in the log 0; 0 requests without a right, at most 30 messages a second and 1000 requests in a window "
        "of the API; 5 messages sent twice"
    )


def test_a_soak_without_a_fault_passes() -> None:
    assert exit_code(report(), FIGURES, SCALE) == 0


@pytest.mark.parametrize(
    "found",
    [
        report("lost"),
        report(doubled=["twice"]),
        report(wrong=["a process ended with 1"]),
        report(bookings=9),
        report(moves=1),
        report(faults=2),
        replace(report(), unanswered=["telegram:1000 books"]),
        replace(report(), private=["private in the log: 'Fanta'"]),
    ],
)
def test_one_fault_of_any_kind_and_too_little_done_fail_it(found: CrashReport) -> None:
    assert exit_code(found, FIGURES, SCALE) == 1


@pytest.mark.parametrize(
    "figures",
    [
        replace(FIGURES, messages_a_second=31),
        replace(FIGURES, requests_a_window=1001),
        replace(FIGURES, untrusted=1),
    ],
)
def test_more_than_the_services_allow_and_requests_without_a_right_fail_it(figures: Figures) -> None:
    assert exit_code(report(), figures, SCALE) == 1
