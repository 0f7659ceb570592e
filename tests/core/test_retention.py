"""What of a session is forgotten when its citizen does not come back."""

from dataclasses import replace
from datetime import timedelta

from bot.core.conversation import step
from bot.core.events import Booked, Commanded
from bot.core.model import Draft
from bot.core.retention import SAVED_NAMES, without_unfinished
from bot.core.session import Session
from bot.core.states import BookingAttempt, ConfirmingBooking, Idle, Submitting
from tests.core.examples import FULL, NOW, TICKET, known

NAMES = known("Aïssatou")
BEGAN = Session("fr", NOW, screen=7, state=ConfirmingBooking(FULL), message=5, last_press=(5, 7, "ok"), names=NAMES)


def test_an_unfinished_booking_goes_with_its_name_and_what_was_pressed_and_the_saved_name_stays() -> None:
    after = without_unfinished(BEGAN)
    assert after == Session("fr", NOW, screen=8, names=NAMES)


def test_a_booking_that_waits_behind_the_list_or_was_given_up_is_unfinished_too() -> None:
    waiting = replace(BEGAN.at(Idle()), parked=ConfirmingBooking(FULL))
    assert without_unfinished(waiting) == Session("fr", NOW, screen=8, names=NAMES)
    given_up = BEGAN.at(Idle(given_up=FULL))
    after = without_unfinished(given_up)
    assert after
    assert after.state == Idle()


def test_a_confirmed_booking_without_an_outcome_stays_and_so_does_a_session_without_any() -> None:
    assert without_unfinished(BEGAN.at(Submitting(BookingAttempt(8, Draft(FULL.department), NOW)))) is None
    assert without_unfinished(Session("fr", NOW)) is None


def test_a_name_that_no_booking_used_for_a_year_is_not_offered_any_more() -> None:
    named = Session("fr", NOW, names=(*known("Aïssatou", used=NOW), *known("Fanta", used=NOW + timedelta(days=9))))
    after = step(named, Commanded(at=NOW + SAVED_NAMES + timedelta(days=1), name="start"))[0]
    assert [each.name for each in after.names] == ["Fanta"]
    assert step(named, Commanded(at=NOW + SAVED_NAMES, name="start"))[0].names == named.names


def test_every_booking_is_a_use_of_the_name() -> None:
    waiting = Session("fr", NOW, state=Submitting(BookingAttempt(8, FULL, NOW)), names=known(FULL.name or ""))
    after, _ = step(waiting, Booked(at=NOW, number=8, appointment=TICKET.appointment))
    assert after.names == known(FULL.name or "", used=NOW)
