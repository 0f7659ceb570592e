"""The soak's verdict: whatever went wrong is counted in its last line and makes it fail."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.soak import exit_code, summary
from tests.e2e.crash_run import CrashReport, Scale
from tests.e2e.fault_injection import Kills
from tests.e2e.ledger_check import LedgerCheck

SCALE = Scale(citizens=2, bookings=10, kills=3, seconds=60)


def report(ledger_check: LedgerCheck, unanswered: tuple[str, ...] = ()) -> CrashReport:
    kills = Kills(named=Counter({"outcome committed": 1}), at_random=2)
    return CrashReport(
        seed=1,
        kills=kills,
        faults_applied=40,
        resent=0,
        ledger_check=ledger_check,
        unanswered=list(unanswered),
        seconds=30.0,
        killed=20.0,
        log="",
    )


def test_the_summary_counts_everything_in_one_line() -> None:
    found = LedgerCheck(bookings=12, moves=7, lost=["a"], doubled=["b", "c"], wrong=["d", "e", "f"], duplicates=5)
    assert summary(report(found, ("g",) * 4)) == (
        "soak: 12 bookings, 7 moves, 3 kills, 40 faults injected; "
        "lost 1, doubled 2, wrong 3, untold 4, private in the log 0; 5 messages sent twice"
    )


def test_a_soak_without_a_fault_passes_even_if_messages_came_twice() -> None:
    assert exit_code(report(LedgerCheck(bookings=10, duplicates=7)), SCALE) == 0


@pytest.mark.parametrize(
    "found",
    [
        LedgerCheck(bookings=10, lost=["a"]),
        LedgerCheck(bookings=10, doubled=["a"]),
        LedgerCheck(bookings=10, wrong=["a"]),
    ],
)
def test_one_fault_of_any_kind_fails_the_soak(found: LedgerCheck) -> None:
    assert exit_code(report(found), SCALE) == 1


def test_a_citizen_without_an_answer_fails_the_soak() -> None:
    assert exit_code(report(LedgerCheck(bookings=10), ("telegram:1000 books",)), SCALE) == 1


def test_a_name_in_the_log_fails_the_soak() -> None:
    private = replace(report(LedgerCheck(bookings=10)), private=["private in the log: 'Fanta'"])
    assert exit_code(private, SCALE) == 1
    assert "private in the log 1" in summary(private)


def test_too_few_bookings_fail_the_soak() -> None:
    assert exit_code(report(LedgerCheck(bookings=9)), SCALE) == 1
