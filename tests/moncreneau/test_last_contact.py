"""The times of the last request and the last response."""

from bot.moncreneau.client import LastContact
from tests.moncreneau.support import StillClock


def test_last_contact_has_the_times_of_the_last_try_and_the_last_response(clock: StillClock) -> None:
    last_contact = LastContact(lambda: clock.unix)
    assert (last_contact.silence, last_contact.heard, last_contact.missed) == (float("inf"), None, False)
    last_contact.answered()
    heard = clock.unix
    clock.pass_(60)
    assert last_contact.silence == 60
    last_contact.failed()
    assert (last_contact.silence, last_contact.heard, last_contact.missed) == (0, heard, True)
    last_contact.answered()
    assert (last_contact.heard, last_contact.missed) == (heard + 60, False)


def test_a_clock_set_back_does_not_change_the_last_contact(clock: StillClock) -> None:
    last_contact = LastContact(lambda: clock.unix)
    last_contact.answered()
    clock.pass_(-60)
    assert last_contact.silence == float("inf")
