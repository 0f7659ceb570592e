"""The verdict of the soak of deployments: whatever went wrong makes it fail."""

import pytest

from bench.deployment_soak import exit_code, summary
from tests.e2e.deployments import DeploymentReport, DeploymentScale
from tests.e2e.ledger_check import LedgerCheck

SCALE = DeploymentScale(deployments=2, citizens=3, seed=1)


def report(*faults: str, deployments: int = 2, oldest: float = 1.25) -> DeploymentReport:
    found = LedgerCheck(bookings=12, moves=7, lost=list(faults), duplicates=1)
    return DeploymentReport(found, deployments, [0.4, 0.6][:deployments], oldest, "", list(faults))


def test_the_summary_counts_everything_in_one_line() -> None:
    assert summary(report("a")) == (
        "deployment soak: 2 deployments, 12 bookings, 7 moves; lost 1, doubled 0, wrong 0; "
        "oldest update 1.2 s, longest stop 0.6 s; 1 messages sent twice"
    )


def test_a_soak_without_a_fault_passes() -> None:
    assert exit_code(report(), SCALE) == 0


@pytest.mark.parametrize("found", [report("lost"), report(deployments=1), report(oldest=5.1)])
def test_a_fault_a_missing_deployment_and_an_old_update_fail_it(found: DeploymentReport) -> None:
    assert exit_code(found, SCALE) == 1
