"""What a good answer that cannot be read leaves open."""

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau.errors import NoTicket, UnreadableAnswer, UnreadableEntries


def test_an_accepted_booking_without_a_ticket_is_never_to_be_asked_again() -> None:
    error: ApiError = NoTicket(status=201)
    assert (error.outcome, error.failure.code) == (WriteOutcome.ACCEPTED, FailureCode.NO_TICKET)


def test_a_list_with_entries_that_cannot_be_read_says_nothing_of_what_is_not_in_it() -> None:
    error: ApiError = UnreadableEntries()
    assert isinstance(error, UnreadableAnswer)
    assert (error.outcome, error.failure.code) == (WriteOutcome.UNKNOWN, FailureCode.NO_TICKET)
