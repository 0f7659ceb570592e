"""The values of the domain, and their correspondence to the contract."""

from dataclasses import FrozenInstanceError

import pytest

from bot.core.model import AppointmentStatus, Department, Failure, FailureCode
from tests.core.examples import APPOINTMENT


def test_an_appointment_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        APPOINTMENT.name = "Sow"  # type: ignore[misc]


def test_every_status_of_the_contract_is_known_and_others_are_unknown() -> None:
    assert set(AppointmentStatus) == {"PENDING_PAYMENT", "SCHEDULED", "COMPLETED", "CANCELLED", "NO_SHOW", "UNKNOWN"}


def test_a_department_asks_for_nobody_unless_it_says_so() -> None:
    assert not Department(1, "Passeports").asks_worker


def test_a_problem_may_have_no_known_end() -> None:
    assert Failure(FailureCode.DOWN).until is None
