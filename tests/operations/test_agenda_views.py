"""What staff read of a day: no name unless it is switched on, and however many appointments there are."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.core.model import Appointment, AppointmentStatus, Department, Failure, FailureCode
from bot.i18n import Translators
from bot.operations.agenda_views import Agenda, AgendaFailed, AgendaScreen, NoSuchDay, render
from bot.views.message import CONAKRY
from tests.views.telegram import check_limits

T = Translators.load()
DAY = date(2026, 3, 2)
SEVEN = datetime.fromisoformat("2026-03-02T07:00")
TWO = (
    Appointment(12346, 5, SEVEN + timedelta(hours=2), "Mamadou <Diallo>", AppointmentStatus.CANCELLED),
    Appointment(12345, 5, SEVEN + timedelta(hours=1, minutes=30), "Aïssatou Bah"),
)
AGENDA = Agenda(Department(5, "Passeports & Co"), DAY, SEVEN, TWO)


def shown(screen: AgendaScreen, locale: str = "fr") -> list[str]:
    messages = render(screen, T.get(locale), CONAKRY)
    for message in messages:
        check_limits(message)
    return "\n\n".join(message.text for message in messages).replace("\u00a0", " ").splitlines()


def test_a_day_has_hours_numbers_and_statuses_and_no_names() -> None:
    assert shown(AGENDA) == [
        "🗂 <b>Passeports &amp; Co</b>",
        "lundi 2 mars 2026",
        "1 rendez-vous",
        "1 annulé",
        "Vu à 07:00",
        "",
        "<b>08:30</b> · n° 12345 · confirmé",
        "<b>09:00</b> · n° 12346 · annulé",
    ]


def test_names_are_shown_if_that_is_switched_on() -> None:
    lines = shown(replace(AGENDA, with_names=True), "en")
    assert "<b>08:30</b> · no. 12345 · Aïssatou Bah · confirmed" in lines
    assert "<b>09:00</b> · no. 12346 · Mamadou &lt;Diallo&gt; · cancelled" in lines
    unnamed = replace(AGENDA, with_names=True, appointments=(replace(TWO[1], name=""),))
    assert shown(unnamed, "en")[-1] == "<b>08:30</b> · no. 12345 · confirmed"


def test_a_day_without_appointments_says_so() -> None:
    assert shown(replace(AGENDA, appointments=()))[-2:] == ["Aucun rendez-vous ce jour-là.", "Vu à 07:00"]


def test_a_full_day_comes_in_several_messages_with_everything_once() -> None:
    many = tuple(
        Appointment(number, 5, SEVEN + timedelta(minutes=number), "&" * 200) for number in range(10_000, 10_500)
    )
    messages = render(Agenda(Department(5, "P" * 200), DAY, SEVEN, many, with_names=True), T.get("fr"), CONAKRY)
    assert len(messages) > 3
    for message in messages:
        check_limits(message)
    text = "\n".join(message.text for message in messages)
    assert all(
        text.count(f"n° {each.id} ".replace(" ", "\u00a0", 1)) + text.count(f"n° {each.id} ") == 1 for each in many
    )


def test_a_list_that_cannot_be_read_says_why_and_what_to_do() -> None:
    lines = shown(AgendaFailed(Department(5, "Passeports"), DAY, Failure(FailureCode.DOWN)))
    assert lines[2] == "La liste ne peut pas être lue maintenant."
    assert lines[-1] == "Réessayez plus tard avec /agenda."


def test_a_day_that_is_not_understood_is_answered_with_examples() -> None:
    for locale in T.supported:
        assert "/agenda" in shown(NoSuchDay(), locale)[1]


def test_a_department_that_is_not_listed_has_its_number() -> None:
    assert shown(replace(AGENDA, department=Department(777, "")))[0] == "🗂 <b>Service n° 777</b>"
