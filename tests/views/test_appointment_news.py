"""A change by others is told with who made it, the present appointment, and the next step."""

from dataclasses import replace
from datetime import timedelta

from bot.core.model import AppointmentStatus, Department, Ticket, Worker
from bot.core.screens import CancelledByOthers, MadeByOffice, Missed, MovedByOffice, TicketShown, Validated
from bot.views.message import Office
from bot.views.render import render
from tests.core.examples import APPOINTMENT, TICKET
from tests.views.pages import EN, FR
from tests.views.telegram import actions, check_limits, plain


def test_a_cancelling_by_the_office_is_told_with_its_reason_and_another_time_is_offered() -> None:
    message = render(CancelledByOthers(TICKET, by_office=True, reason="Grève <générale>"), FR)
    assert plain(message.text).startswith("❌ Le service a annulé votre rendez-vous.\n\n")
    assert "« Grève &lt;générale&gt; »" in message.text.replace("\u00a0", " ")
    assert "Passeports" in message.text
    assert actions(message) == ["again:12345", "list"]


def test_an_unknown_canceller_is_not_named() -> None:
    text = render(CancelledByOthers(TICKET), EN).text
    assert "Your appointment has been cancelled" in text
    assert "Reason" not in text
    assert "office has" not in text


def test_a_move_tells_the_time_before_and_all_that_holds_now() -> None:
    before = replace(TICKET, appointment=replace(APPOINTMENT, at=APPOINTMENT.at - timedelta(days=1, hours=2)))
    message = render(MovedByOffice(TICKET, before), FR)
    text = plain(message.text)
    assert text.index("12:30") < text.index("Maintenant") < text.index("14:30")
    assert text.count("Passeports") == 1, "what is the same is told once"
    assert actions(message) == ["noted:12345", "mv:12345", "x:12345", "list"]


def test_a_change_of_department_or_staff_is_told_with_both() -> None:
    staff = Department(9, "Casier judiciaire", workers=(Worker(42, "Mme Diallo"),))
    now = Ticket(replace(APPOINTMENT, department_id=9, worker_id=42), staff)
    before = replace(TICKET, appointment=replace(APPOINTMENT, worker_id=7))
    text = plain(render(MovedByOffice(now, before), FR).text)
    assert text.index("Passeports") < text.index("Maintenant") < text.index("Casier judiciaire")
    assert text.index("7") < text.index("Maintenant") < text.index("Mme Diallo")


def test_an_appointment_made_by_the_office_is_shown_as_a_whole_ticket() -> None:
    message = render(MadeByOffice(TICKET), FR)
    assert plain(message.text).startswith("📅 Le service a pris un rendez-vous pour vous.\n\n")
    assert "https://moncreneau.example/qr/12345" in message.text
    assert {"list", "x:12345"} <= set(actions(message))


def test_that_the_citizen_came_is_one_line() -> None:
    message = render(Validated(TICKET), FR)
    assert "présence" in message.text
    assert "\n" not in message.text
    assert message.rows == ()


def test_the_longest_words_from_outside_fit() -> None:
    big = replace(TICKET, appointment=replace(APPOINTMENT, name="<" * 5000, qr_link="x" * 2000))
    check_limits(render(CancelledByOthers(big, by_office=True, reason="&" * 300), FR))
    check_limits(render(MovedByOffice(big, big), FR))
    check_limits(render(MadeByOffice(big), FR))


def test_where_only_the_office_knows_why_its_contact_stands() -> None:
    office = Office(contact="620 <00> 00")
    asked = APPOINTMENT.at - timedelta(hours=1)
    before = replace(TICKET, appointment=replace(APPOINTMENT, at=asked))
    unknown = replace(TICKET, appointment=replace(APPOINTMENT, status=AppointmentStatus.UNKNOWN))
    screens = (
        CancelledByOthers(TICKET, by_office=True),
        MovedByOffice(TICKET, before),
        Missed(TICKET),
        TicketShown(TICKET, fresh=True, asked=asked),
        TicketShown(unknown),
    )
    for screen in screens:
        assert "620 &lt;00&gt; 00" in render(screen, FR, office=office).text
        assert "☎️" not in render(screen, FR).text
    assert "☎️" not in render(TicketShown(TICKET), FR, office=office).text
