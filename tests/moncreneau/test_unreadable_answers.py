"""What a good answer that cannot be read leaves open."""

from bot.app.ports import ApiError, Fate
from bot.core.model import Problem
from bot.moncreneau.errors import NoTicket, UnreadableAnswer, UnreadableEntries


def test_an_accepted_booking_without_a_ticket_is_never_to_be_asked_again() -> None:
    error: ApiError = NoTicket(status=201)
    assert (error.fate, error.trouble.problem) == (Fate.ACCEPTED, Problem.NO_TICKET)


def test_a_list_with_entries_that_cannot_be_read_says_nothing_of_what_is_not_in_it() -> None:
    error: ApiError = UnreadableEntries()
    assert isinstance(error, UnreadableAnswer)
    assert (error.fate, error.trouble.problem) == (Fate.UNKNOWN, Problem.NO_TICKET)
