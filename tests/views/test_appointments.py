"""The citizen's appointments: the list, the question, what was cancelled."""

from dataclasses import replace

from bot.core import callback_data
from bot.core.model import (
    Department,
    Ticket,
)
from bot.core.screens import Cancelled
from bot.core.states import AskingCancel, Cancelling, Listing, Purpose
from bot.views.render import render
from tests.core.examples import APPOINTMENT, BUSY, CANCEL_ATTEMPT, OTHER, PASSPORTS, TICKET
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain


def test_every_appointment_has_its_ticket_and_its_cancelling() -> None:
    message = render(Listing((TICKET, OTHER), Purpose.VIEW), FR)
    assert [[button.action for button in row] for row in message.rows] == [
        ["ticket:12345", "x:12345"],
        ["ticket:777", "x:777"],
        [callback_data.BACK],
    ]
    text = plain(message.text)
    assert "Vos rendez-vous à venir" in text
    assert "N°\u00a012345\n📅 dim. 25 janv. à 14:30\n🏢 Passeports\n👤 Aïssatou Bah\n📌 confirmé" in text


def test_to_cancel_the_question_is_which_one_and_cancelling_stands_first() -> None:
    message = render(Listing((TICKET, OTHER), Purpose.CANCEL), EN)
    assert "Which appointment do you want to cancel?" in message.text
    assert labels(message)[:2] == ["❌ Cancel 12345", "🎫 Ticket 12345"]


def test_no_appointments_offer_to_book() -> None:
    message = render(Listing((), Purpose.VIEW), FR)
    assert "aucun rendez-vous à venir" in message.text
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.BACK]


def test_five_appointments_a_page() -> None:
    many = tuple(Ticket(replace(APPOINTMENT, id=n), PASSPORTS) for n in range(1, 8))
    first, second = render(Listing(many, Purpose.VIEW), FR), render(Listing(many, Purpose.VIEW, page=1), FR)
    assert len(first.rows) == 7
    assert telegram.actions(second)[:3] == ["ticket:6", "x:6", "ticket:7"]
    assert "Page 2 sur 2" in second.text


def test_the_longest_list_fits() -> None:
    long = "𞤀" * 300
    many = tuple(Ticket(replace(APPOINTMENT, id=10**14 + n, name=long), Department(1, long, long)) for n in range(9))
    check_limits(render(Listing(many, Purpose.VIEW), FR))


def test_the_question_names_the_appointment() -> None:
    message = render(AskingCancel(TICKET), FR)
    text = plain(message.text)
    assert "Annuler ce rendez-vous" in text
    for fact in ("12345", "Passeports", "dimanche 25 janvier 2026", "14:30", "Aïssatou Bah"):
        assert fact in text
    assert labels(message) == ["✅ Oui, annuler", "↩️ Non, garder", "⬅️ Retour"]
    assert telegram.actions(message) == [callback_data.YES, callback_data.NO, callback_data.BACK]
    assert labels(render(AskingCancel(TICKET), EN))[:2] == ["✅ Yes, cancel", "↩️ No, keep it"]


def test_while_it_is_cancelled_it_is_not_called_cancelled() -> None:
    assert "Annulation en cours" in render(Cancelling(CANCEL_ATTEMPT), FR).text
    late = render(Cancelling(CANCEL_ATTEMPT, BUSY, delayed=True), FR).text
    assert "Elle n’est pas encore confirmée." in late
    assert "à partir de 11:00" in late
    assert "vous recevrez un message" in late


def test_what_was_cancelled_is_said_and_one_can_book_again() -> None:
    message = render(Cancelled(TICKET), FR)
    assert "Ce rendez-vous est annulé." in message.text
    assert "12345" in message.text
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.APPOINTMENTS]


def test_a_booking_that_waits_can_go_on() -> None:
    message = render(Cancelled(TICKET, resumable=True), EN)
    assert labels(message)[0] == "▶️ Continue my booking"
    assert telegram.actions(message) == [callback_data.MENU, callback_data.APPOINTMENTS]
