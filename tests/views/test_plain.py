"""The plain messages that need no catalogue: short, in both languages, and never untrue."""

from dataclasses import replace

import pytest

from bot.core.model import AppointmentStatus, Failure, FailureCode
from bot.core.screens import Cancelled, QrPicture, Screen, TicketShown
from bot.core.states import BookingRefusedState
from bot.views.message import Button, Message
from bot.views.plain import APPOINTMENT, BOOKED, CANCELLED, NEXT, PENDING, REFUSED, UNSURE, plain, without_markup
from tests.core.examples import FULL, STATES, TICKET

ALL: list[Screen] = [*STATES.values(), TicketShown(TICKET, fresh=True), QrPicture(TICKET), Cancelled(TICKET)]


@pytest.mark.parametrize("screen", ALL, ids=lambda screen: type(screen).__name__)
def test_every_screen_can_be_told(screen: Screen) -> None:
    assert plain(screen).text
    assert not plain(screen).rows


def test_a_ticket_has_all_that_the_citizen_needs() -> None:
    lines = plain(TicketShown(TICKET, fresh=True)).text.splitlines()
    appointment = TICKET.appointment
    when = f"{appointment.at:%d/%m/%Y} · {appointment.at:%H:%M}"
    facts = [f"N° {appointment.id}", when, TICKET.department.name, appointment.name, appointment.qr_link]
    assert lines == [BOOKED, *[each for each in facts if each], NEXT]


def test_a_ticket_that_is_not_confirmed_is_not_called_so() -> None:
    unpaid = replace(TICKET, appointment=replace(TICKET.appointment, status=AppointmentStatus.PENDING_PAYMENT))
    assert plain(TicketShown(unpaid, fresh=True)).text.startswith(f"{APPOINTMENT}\nPENDING_PAYMENT\n")


def test_names_from_outside_are_escaped() -> None:
    ticket = replace(TICKET, department=replace(TICKET.department, name="<b>&"))
    assert "&lt;b&gt;&amp;" in plain(TicketShown(ticket)).text


def test_the_picture_keeps_its_link_and_what_is_cancelled_its_number() -> None:
    assert plain(QrPicture(TICKET)).qr_link == TICKET.appointment.qr_link
    assert plain(Cancelled(TICKET)).text.startswith(CANCELLED)
    assert f"N° {TICKET.appointment.id}" in plain(Cancelled(TICKET)).text


def test_a_message_without_markup_keeps_its_words_and_what_they_look_like() -> None:
    message = Message("<b>N’Diaye &amp; <a href='x'>Sow</a></b> &lt;3", ((Button("OK", "ok"),),))
    assert without_markup(message) == Message("N’Diaye &amp; Sow &lt;3")


def test_a_message_without_markup_fits() -> None:
    assert without_markup(Message("😀" * 4000)).text == "😀" * 2048
    assert without_markup(Message("a" + "😀" * 4000)).text == "a" + "😀" * 2047


def test_pending_and_unknown_outcomes_are_not_shown_as_done() -> None:
    assert plain(STATES["submitting"]).text == PENDING
    assert plain(BookingRefusedState(FULL, Failure(FailureCode.OUT_OF_CREDITS))).text.startswith(REFUSED)
    assert plain(BookingRefusedState(FULL, Failure(FailureCode.NO_TICKET))).text.startswith(UNSURE)
