"""The ticket is complete without any picture."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.model import (
    AppointmentStatus,
    Department,
    Ticket,
)
from bot.core.screens import QrPicture, TicketShown
from bot.views.message import Office, Style
from bot.views.render import render
from tests.core.examples import APPOINTMENT, BAH, HOSPITAL, PASSPORTS, TICKET, cancelled
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, plain


def ticket(**changes: object) -> Ticket:
    return Ticket(replace(APPOINTMENT, **changes), PASSPORTS)  # type: ignore[arg-type]


def text(shown: TicketShown, *, english: bool = False) -> str:
    return plain(render(shown, EN if english else FR).text).replace("\u00a0", " ")


def test_a_time_that_the_office_set_is_told_as_another_than_was_asked_for() -> None:
    shown = TicketShown(TICKET, fresh=True, asked=TICKET.appointment.at - timedelta(minutes=30))
    assert "⚠️ Le service a fixé une autre heure que celle demandée (dim. 25 janv. à 14:00)." in text(shown)
    assert "⚠️ The office set a different time from the one you asked for (" in text(shown, english=True)
    assert "autre heure" not in text(TicketShown(TICKET, fresh=True))


def test_a_ticket_has_all_details() -> None:
    assert text(TicketShown(TICKET, fresh=True)) == (
        "✅ Votre rendez-vous est confirmé.\n\n"
        "🏢 Service : Passeports\n"
        "🏛 Administration : Ministère de la Sécurité\n"
        "📅 dimanche 25 janvier 2026 à 14:30 (heure de Conakry)\n"
        "👤 Nom : Aïssatou Bah\n"
        "🎫 Numéro : 12345\n\n"
        "🔗 QR code à présenter :\nhttps://moncreneau.example/qr/12345"
    )


def test_in_english_too() -> None:
    assert text(TicketShown(TICKET, fresh=True), english=True) == (
        "✅ Your appointment is confirmed.\n\n"
        "🏢 Department: Passeports\n"
        "🏛 Organisation: Ministère de la Sécurité\n"
        "📅 Sunday 25 January 2026 at 14:30 (Conakry time)\n"
        "👤 Name: Aïssatou Bah\n"
        "🎫 Number: 12345\n\n"
        "🔗 QR code to show:\nhttps://moncreneau.example/qr/12345"
    )


def test_an_unpaid_appointment_is_not_called_confirmed() -> None:
    for fresh in (True, False):
        shown = TicketShown(ticket(status=AppointmentStatus.PENDING_PAYMENT), fresh=fresh)
        unpaid = plain(render(shown, FR, office=Office(contact="620 00 00 00")).text)
        assert "Il reste à payer" in unpaid
        assert "620 00 00 00" in unpaid
        assert "confirmé" not in unpaid


def test_an_unknown_status_is_not_called_confirmed() -> None:
    unknown = text(TicketShown(ticket(status=AppointmentStatus.UNKNOWN), fresh=True))
    assert "confirmé" not in unknown
    assert "à vérifier auprès du service" in unknown


@pytest.mark.parametrize("link", [None, "", "https://x.example/" + "q" * 5000, "https://x.example/" + "😀" * 1995])
def test_without_a_link_that_can_be_used_there_is_a_ticket_all_the_same(link: str | None) -> None:
    shown = TicketShown(ticket(qr_link=link), fresh=True)
    check_limits(render(shown, FR))
    assert "Pas de QR code" in text(shown)


def test_the_link_is_escaped() -> None:
    assert "a=1&amp;b=2" in render(TicketShown(ticket(qr_link="https://x.example/?a=1&b=2")), FR).text


@pytest.mark.parametrize("status", [AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW])
def test_a_past_appointment_cannot_be_cancelled(status: AppointmentStatus) -> None:
    message = render(TicketShown(ticket(status=status)), FR)
    assert "/cancel" not in message.text
    assert "https:" not in message.text
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.APPOINTMENTS]


def test_a_cancelled_ticket_says_so_and_has_no_buttons() -> None:
    message = render(TicketShown(ticket(status=AppointmentStatus.CANCELLED)), FR)
    assert plain(message.text).startswith("❌ Rendez-vous annulé\n\n🏢 Service")
    assert "https:" not in message.text
    assert message.rows == ()


def test_a_coming_appointment_can_be_moved_and_cancelled() -> None:
    message = render(TicketShown(TICKET), FR)
    assert telegram.actions(message)[2:] == ["ics:12345", "mv:12345", "x:12345"]
    assert [each.style for each in message.rows[-1]] == [None, Style.DANGER]


def test_an_office_without_a_name_has_its_number() -> None:
    assert "Service : Service n° 99" in text(TicketShown(Ticket(APPOINTMENT, Department(99, ""))))


def test_a_name_that_is_empty_is_left_out() -> None:
    assert "Nom" not in text(TicketShown(ticket(name=" ")))


def test_the_picture_says_what_it_is_for() -> None:
    message = render(QrPicture(TICKET), FR)
    assert message.qr_link == APPOINTMENT.qr_link
    assert message.rows == ()
    for fact in ("12345", "Aïssatou Bah", "dimanche 25 janvier 2026 à 14:30"):
        assert fact in message.text
    assert "Passeports" not in message.text
    assert "Nom" not in render(QrPicture(ticket(name=" ")), FR).text


def test_the_caption_fits_with_the_longest_names_in_any_script() -> None:
    long = "𞤀" * 300
    big = Ticket(replace(APPOINTMENT, name=long), Department(1, long, long))
    check_limits(render(QrPicture(big), FR))
    check_limits(render(TicketShown(big), FR))


def test_the_caption_of_a_cancelled_appointments_picture_says_so() -> None:
    gone = replace(TICKET, appointment=cancelled(TICKET.appointment))
    for link in (TICKET.appointment.qr_link, None):
        picture = render(QrPicture(replace(gone, appointment=replace(gone.appointment, qr_link=link))), FR)
        assert plain(picture.text).startswith("❌ Rendez-vous annulé")
        assert "à présenter" not in picture.text
        assert picture.qr_link is not None, "it is the caption of a picture, whatever became of the link"
        check_limits(picture)


def test_the_ticket_names_the_member_of_staff_or_their_number() -> None:
    for worker, words in ((BAH.id, "👥 Agent : Dr Bah"), (99, "👥 Agent : Agent n° 99"), (None, None)):
        seen = Ticket(replace(APPOINTMENT, worker_id=worker), HOSPITAL)
        text = plain(render(TicketShown(seen), FR).text).replace("\u00a0", " ")
        assert (words in text) if words else ("👥" not in text)
