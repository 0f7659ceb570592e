"""The screens of appointments: the list, the question, the cancellation."""

from dataclasses import replace
from datetime import date

from bot.core import callback_data
from bot.core.model import (
    AppointmentStatus,
    Department,
    Ticket,
)
from bot.core.screens import Cancelled
from bot.core.states import AskingCancel, Cancelling, Listing, Purpose
from bot.views.message import Office, Style
from bot.views.render import render
from tests.core.examples import APPOINTMENT, BUSY, CANCEL_ATTEMPT, OTHER, PASSPORTS, TICKET
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain


def test_appointments_are_told_apart_by_day_and_hour() -> None:
    message = render(Listing((TICKET, OTHER), Purpose.VIEW), FR)
    assert [[button.action for button in row] for row in message.rows] == [
        ["ticket:12345"],
        ["ticket:777"],
        [callback_data.MOVE],
        [callback_data.BOOK, callback_data.BACK],
    ]
    assert labels(message)[:2] == ["🎫 dim. 25, 14:30", "🎫 lun. 26, 10:00"]
    text = plain(message.text)
    assert text.startswith(
        "📋 Vos rendez-vous à venir\n\ndim. 25 janv., 14:30 · Passeports · Aïssatou Bah\nlun. 26 janv."
    )
    assert text.endswith("Touchez un rendez-vous pour voir le ticket")


def test_today_and_tomorrow_have_names() -> None:
    message = render(Listing((TICKET, OTHER), Purpose.VIEW), FR, office=Office(today=date(2026, 1, 25)))
    assert labels(message)[:2] == ["🎫 Aujourd’hui, 14:30", "🎫 Demain, 10:00"]


def test_two_appointments_at_the_same_time_are_told_apart_by_their_numbers() -> None:
    twins = (TICKET, Ticket(replace(APPOINTMENT, id=777), PASSPORTS))
    assert labels(render(Listing(twins, Purpose.VIEW), FR))[:2] == [
        "🎫 14:30 · 12345",
        "🎫 14:30 · 777",
    ]


def test_a_status_that_is_not_plain_stands_in_the_list() -> None:
    unpaid = Ticket(replace(APPOINTMENT, status=AppointmentStatus.PENDING_PAYMENT, name=" "), PASSPORTS)
    assert "sans nom (à payer)" in render(Listing((unpaid,), Purpose.VIEW), FR).text


def test_to_cancel_the_question_is_which_one() -> None:
    message = render(Listing((TICKET, OTHER), Purpose.CANCEL), EN)
    assert plain(message.text).endswith("Which appointment do you want to cancel?")
    assert labels(message)[:2] == ["❌ Sun 25, 14:30", "❌ Mon 26, 10:00"]
    assert telegram.actions(message)[:2] == ["x:12345", "x:777"]
    assert message.rows[0][0].style is Style.DANGER


def test_past_appointments_stand_behind_a_button() -> None:
    state = Listing((TICKET,), Purpose.CANCEL, past=(OTHER,))
    message = render(state, FR)
    assert labels(message)[1] == "🗂 Passé\u00a0: 1"
    assert "Mamadou" not in message.text
    past = render(replace(state, shows_past=True), FR)
    assert "Vos rendez-vous passés" in past.text
    assert telegram.actions(past) == ["ticket:777", callback_data.BOOK, callback_data.BACK]


def test_no_appointments_offer_to_book() -> None:
    message = render(Listing((), Purpose.VIEW), FR)
    assert "aucun rendez-vous à venir" in message.text
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.BACK]


def test_five_appointments_a_page() -> None:
    many = tuple(Ticket(replace(APPOINTMENT, id=n), PASSPORTS) for n in range(1, 8))
    first, second = render(Listing(many, Purpose.VIEW), FR), render(Listing(many, Purpose.VIEW, page=1), FR)
    assert telegram.actions(first)[4:6] == ["ticket:5", "p:1"]
    assert telegram.actions(second)[:3] == ["ticket:6", "ticket:7", "p:0"]
    assert "Page 2 sur 2" in second.text


def test_the_longest_list_fits() -> None:
    long = "𞤀" * 300
    many = tuple(Ticket(replace(APPOINTMENT, id=10**14 + n, name=long), Department(1, long, long)) for n in range(9))
    check_limits(render(Listing(many, Purpose.VIEW), FR))


def test_the_question_names_the_appointment() -> None:
    message = render(AskingCancel(TICKET), FR)
    text = plain(message.text)
    assert "Annuler ce rendez-vous" in text
    for fact in ("12345", "Passeports", "dimanche 25 janvier 2026 à 14:30", "Aïssatou Bah"):
        assert fact in text
    assert labels(message) == ["🗑 Oui, annuler", "↩️ Non, le garder"]
    assert telegram.actions(message) == [callback_data.YES, callback_data.NO]
    assert message.rows[0][0].style is Style.DANGER
    assert labels(render(AskingCancel(TICKET), EN)) == ["🗑 Yes, cancel", "↩️ No, keep it"]


def test_a_pending_cancellation_is_not_shown_as_cancelled() -> None:
    assert "Annulation en cours" in render(Cancelling(CANCEL_ATTEMPT), FR).text
    late = render(Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True), FR).text
    assert "Elle n’est pas encore confirmée." in late
    assert "à partir de 11:00" in late
    assert "vous recevrez un message" in late


def test_a_cancellation_is_named_and_offers_to_book_again() -> None:
    message = render(Cancelled(TICKET), FR)
    assert "Ce rendez-vous est annulé." in message.text
    assert "12345" in message.text
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.APPOINTMENTS]


def test_a_booking_that_waits_can_go_on() -> None:
    message = render(Cancelled(TICKET, resumable=True), EN)
    assert labels(message)[0] == "▶️ Resume my request"
    assert telegram.actions(message) == [callback_data.MENU, callback_data.APPOINTMENTS]
