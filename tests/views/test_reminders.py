"""A reminder says first when it is, then where, what, for whom; and its buttons are the answers to its question."""

from dataclasses import replace
from datetime import timedelta

from bot.core.model import AppointmentStatus, Ticket
from bot.core.screens import Missed, Reminder, Reminders
from bot.views.message import Office, Style
from bot.views.render import render
from tests.core.examples import APPOINTMENT, TICKET
from tests.views.pages import EN, FR
from tests.views.telegram import actions, check_limits, plain

THE_EVE = Office(today=APPOINTMENT.at.date() - timedelta(days=1))
THAT_DAY = Office(today=APPOINTMENT.at.date())


def other(minutes: int, **changed: object) -> Ticket:
    moved = replace(APPOINTMENT, at=APPOINTMENT.at + timedelta(minutes=minutes), **changed)  # type: ignore[arg-type]
    return replace(TICKET, appointment=moved)


def test_a_reminder_says_when_where_for_whom_and_asks() -> None:
    described = replace(TICKET, department=replace(TICKET.department, description="Apportez l’extrait de naissance."))
    message = render(Reminder((described,), 3), FR, office=THE_EVE)
    text = plain(message.text).replace("\u00a0", " ")
    assert text.startswith("🔔 Demain à 14:30 : votre rendez-vous\n")
    assert "heure de Conakry" in text
    for words in ("Passeports", "12345", APPOINTMENT.name, "Apportez l’extrait de naissance."):
        assert words in text
    assert text.endswith("Viendrez-vous ?")
    assert actions(message) == ["come:12345.3", "ics:12345", "mv:12345", "x:12345", "rem:off"]
    assert [button.style for row in message.rows for button in row] == [
        Style.SUCCESS,
        None,
        None,
        Style.DANGER,
        None,
    ]


def test_the_day_is_named_as_it_is_when_the_reminder_is_sent() -> None:
    assert "Aujourd’hui" in render(Reminder((TICKET,), 0), FR, office=THAT_DAY).text
    assert "Today" in render(Reminder((TICKET,), 0), EN, office=THAT_DAY).text


def test_an_answered_reminder_has_the_same_words_and_no_question() -> None:
    message = render(Reminder((TICKET,), 3, is_coming=True), FR, office=THE_EVE)
    assert "C’est noté" in message.text
    assert "Viendrez-vous" not in message.text
    assert actions(message) == ["ics:12345", "mv:12345", "x:12345", "rem:off"]


def test_an_unpaid_appointment_is_reminded_of_with_what_is_left_to_do() -> None:
    unpaid = other(0, status=AppointmentStatus.PENDING_PAYMENT)
    assert "Il reste à payer" in render(Reminder((unpaid,), 0), FR).text
    assert "Il reste à payer" not in render(Reminder((TICKET,), 0), FR).text


def test_several_appointments_of_a_day_are_listed_and_lead_to_the_list() -> None:
    message = render(Reminder((TICKET, other(30, name="")), 0), FR, office=THE_EVE)
    assert plain(message.text).splitlines()[:4] == [
        "🔔 Demain\u00a0: 2 rendez-vous",
        "",
        f"• 14:30 · Passeports · {APPOINTMENT.name}",
        f"• 15:00 · Passeports · {FR.label('name.none')}",
    ]
    assert actions(message) == ["list", "rem:off"]


def test_more_than_five_are_counted() -> None:
    message = render(Reminder(tuple(other(minutes) for minutes in range(7)), 0), EN)
    assert message.text.count("•") == 5
    assert "… and 2 more" in message.text


def test_who_did_not_come_is_not_blamed_and_can_book_again() -> None:
    message = render(Missed(TICKET), FR)
    assert "n’a pas noté votre venue" in message.text
    assert actions(message) == ["again:12345", "list"]


def test_reminders_are_switched_by_the_one_button_that_changes_something() -> None:
    assert actions(render(Reminders(wanted=True), FR)) == ["rem:off"]
    assert actions(render(Reminders(wanted=False), FR)) == ["rem:on"]


def test_the_longest_words_from_outside_fit() -> None:
    department = replace(TICKET.department, name="&" * 5000, description="<" * 5000, organization=">" * 5000)
    big = Ticket(replace(APPOINTMENT, name="<" * 5000), department)
    check_limits(render(Reminder((big,), 0), FR))
    check_limits(render(Reminder((big,) * 9, 0), FR))
