"""Every outcome of an attempt is told and recorded under the same number."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app.attempt import AttemptState, Ending, booked, cancelled, not_cancelled, refused, withdrawn
from bot.core.appointment_book import Fact, Source
from bot.core.model import AppointmentStatus, Failure, FailureCode
from tests.app.worker_setup import BOOKING, CANCELLING, CHAT, MINE, NOW

BOOK, CANCEL = AttemptState(BOOKING, uncertain=False), AttemptState(CANCELLING, uncertain=False)
CLOSED = Failure(FailureCode.OUT_OF_CREDITS)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ending", "number", "outcome"),
    [
        (booked(BOOK, LATER, MINE), 1, "booked"),
        (withdrawn(BOOK, LATER), 1, "withdrawn"),
        (refused(BOOK, LATER, CLOSED), 1, "out_of_credits"),
        (cancelled(CANCEL, LATER, MINE), 2, "cancelled"),
        (not_cancelled(CANCEL, LATER, CLOSED), 2, "out_of_credits"),
    ],
)
def test_the_event_and_the_record_are_of_the_same_attempt(ending: Ending, number: int, outcome: str) -> None:
    event, settled = ending
    assert (event.at, getattr(event, "number", None)) == (LATER, number)
    assert (settled.chat_id, settled.number, settled.outcome) == (CHAT, number, outcome)


def test_the_made_or_cancelled_appointment_is_recorded_with_the_outcome() -> None:
    _, made = booked(BOOK, LATER, MINE)
    assert (made.appointment_id, made.facts) == (50, (Fact(50, CHAT, LATER, Source.ATTEMPT, MINE),))
    _, gone = cancelled(CANCEL, LATER, MINE)
    over = replace(MINE, status=AppointmentStatus.CANCELLED)
    assert gone.facts == (Fact(50, CHAT, LATER, Source.ATTEMPT, over),)
