"""The outcome of a write whose success response cannot be read."""

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau.errors import NoTicket, UnreadableAnswer, UnreadableEntries


def test_an_accepted_booking_without_a_ticket_must_not_be_sent_again() -> None:
    error: ApiError = NoTicket(status=201)
    assert (error.outcome, error.failure.code) == (WriteOutcome.ACCEPTED, FailureCode.NO_TICKET)


def test_a_list_with_unreadable_entries_does_not_prove_absence() -> None:
    error: ApiError = UnreadableEntries()
    assert isinstance(error, UnreadableAnswer)
    assert (error.outcome, error.failure.code) == (WriteOutcome.UNKNOWN, FailureCode.NO_TICKET)
