"""What to bring and where: before booking, on the ticket, in reminders and the calendar file, and on its own page."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from icalendar import Calendar

from bot.core.appointment_book import BookEntry
from bot.core.calendar_event import CalendarEvent
from bot.core.department_details import NO_DETAILS, DepartmentDetails, DetailPart
from bot.core.model import Department, OpeningHours, Ticket
from bot.core.screens import (
    CancelledByOthers,
    DepartmentInfo,
    MadeByOffice,
    MovedByOffice,
    Reminder,
    Screen,
    TicketShown,
    Where,
)
from bot.core.states import ChoosingDay, ChoosingTime, ConfirmingBooking
from bot.i18n import Translator
from bot.views.calendar import calendar_file
from bot.views.details import TICKET
from bot.views.message import Message, Office, Place
from bot.views.render import render
from tests.core import examples
from tests.core.examples import APPOINTMENT, DAYS, DRAFT, FULL, HALF_PAST_TWO, NINE, PASSPORTS, STATES, SUNDAY
from tests.views.pages import EN, FR, SCREENS
from tests.views.telegram import actions, check_labels, check_limits, labels, plain

A_TICKET = examples.TICKET
DETAILS = DepartmentDetails(
    before="Le timbre fiscal se paie avant le rendez-vous.",
    bring=("Ancien passeport", "Extrait de naissance"),
    address="Almamya, Kaloum",
    landmark="En face de la poste",
    phone="+224 620 00 00 00",
    notice="Entrée par la cour.",
    pin=(9.5092, -13.7122),
)
WORDS = (DETAILS.before, *DETAILS.bring, DETAILS.address, DETAILS.landmark, DETAILS.phone, DETAILS.notice)
FULLEST = DepartmentDetails(
    before="&" * 300,
    bring=("&" * 100,) * 15,
    address="<" * 120,
    landmark=">" * 120,
    phone="6" * 40,
    notice="é" * 300,
    pin=(9.5, -13.7),
    closed=frozenset({SUNDAY}),
)
LONGEST_NAMES = replace(
    PASSPORTS,
    name="é" * 100,
    organization="é" * 100,
    description="é" * 300,
    opening_hours=tuple(OpeningHours(day, time(8, day), time(16)) for day in range(7)),
)
both = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])


def office(details: DepartmentDetails, **more: object) -> Office:
    return replace(Office(departments=(PASSPORTS,), details={1: details}), **more)  # type: ignore[arg-type]


def shown(screen: Screen, details: DepartmentDetails = DETAILS, t: Translator = FR) -> Message:
    return render(screen, t, office=office(details))


def words(message: Message) -> str:
    return plain(message.text).replace("\u00a0", " ")


def test_what_to_know_before_stands_above_confirm_and_costs_no_button() -> None:
    for state in (ConfirmingBooking(FULL), STATES["confirming a move"]):
        message = shown(state)
        found = words(message).split("\n\n")
        assert found[-3] == "💡 À lire avant de réserver : Le timbre fiscal se paie avant le rendez-vous."
        assert "Vérifiez, puis confirmez" in found[-1]
        assert actions(message) == actions(shown(state, NO_DETAILS))


def test_the_ticket_says_where_and_what_to_bring_in_words() -> None:
    message = shown(TicketShown(A_TICKET, fresh=True))
    assert "📍 Almamya, Kaloum\n👀 Repère : En face de la poste\n📞 +224 620 00 00 00\n" in words(message)
    assert "🎒 À apporter :\n• Ancien passeport\n• Extrait de naissance\n\n❗ Entrée par la cour." in words(message)
    assert actions(message) == ["book", "more:12345", "list", "where:1", "ics:12345", "mv:12345", "x:12345"]


def test_the_ticket_has_what_the_api_tells_too() -> None:
    described = replace(A_TICKET, department=replace(PASSPORTS, description="Demande du passeport"))
    assert "ℹ️ Demande du passeport" in shown(TicketShown(described), NO_DETAILS).text


def test_a_ticket_that_is_over_says_nothing_of_what_to_bring() -> None:
    cancelled = replace(A_TICKET, appointment=examples.cancelled(APPOINTMENT))
    for screen in (TicketShown(cancelled), TicketShown(A_TICKET, moved_to=NINE), CancelledByOthers(A_TICKET)):
        assert "Ancien passeport" not in shown(screen).text


@both
@pytest.mark.parametrize("item", ["Extrait de naissance", "<&" * 50])
def test_a_ticket_is_complete_in_a_thousand_signs_or_leads_to_the_rest(t: Translator, item: str) -> None:
    cut = []
    for count in range(1, 40):
        details = replace(DETAILS, bring=tuple(f"{number}. {item}"[:100] for number in range(count)))
        message = shown(TicketShown(A_TICKET, fresh=True), details, t)
        text = plain(message.text)
        assert len(text) <= TICKET
        assert len(plain(shown(MadeByOffice(A_TICKET), details, t).text)) <= TICKET
        listed = [line for line in text.splitlines() if line.startswith("• ")]
        assert listed == [f"• {each}" for each in details.bring[: len(listed)]], "cut at a line"
        is_cut = "info:1" in actions(message)
        assert is_cut == (len(listed) < count or plain(t.text("details.notice", words=DETAILS.notice)) not in text)
        assert (t.text("details.more") in message.text) == is_cut
        assert {DETAILS.address, DETAILS.landmark, DETAILS.phone} <= {
            line.partition(": ")[2] or line.partition(" ")[2] for line in text.replace("\u00a0", " ").splitlines()
        }
        cut.append(is_cut)
    assert cut == sorted(cut)
    assert {True, False} == set(cut)


def test_a_heading_is_not_left_without_its_list() -> None:
    department = replace(PASSPORTS, name="é" * 100, organization="é" * 100)
    found = set()
    for length in range(0, 480, 5):
        appointment = replace(APPOINTMENT, name="é" * 100, qr_link="https://x.gn/" + "é" * length)
        message = shown(TicketShown(Ticket(appointment, department)), replace(FULLEST, address="", landmark=""))
        assert ("À apporter" in message.text) == ("• " in message.text)
        assert "La suite" in message.text
        assert actions(message)[2:4] == ["where:1", "info:1"]
        found.add("• " in message.text)
    assert found == {True, False}


@both
def test_the_day_screen_leads_to_all_of_it(t: Translator) -> None:
    state = ChoosingDay(DRAFT, DAYS, NINE)
    message = shown(state, t=t)
    assert actions(message)[-3] == "info:1"
    assert t.label("button.bring") in labels(message)
    assert not any(each in message.text for each in WORDS), "all of it behind one button"
    check_labels(message)
    page = shown(DepartmentInfo(1, back=True), t=t)
    assert all(each in page.text for each in WORDS)
    assert actions(page) == ["where:1", "back"]
    check_labels(page)


def test_the_first_screen_of_a_department_leads_there_too_if_it_is_another() -> None:
    assert "info:1" in actions(shown(ChoosingDay(DRAFT, (), None)))
    times = ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO))
    assert "info:1" in actions(shown(replace(times, is_first=True)))
    assert "info:1" not in actions(shown(times))


def test_where_nothing_is_to_be_brought_the_button_says_so() -> None:
    state = ChoosingDay(DRAFT, DAYS, NINE)
    assert "📍 Adresse et contact" in labels(shown(state, DepartmentDetails(phone="620")))
    assert "info:1" not in actions(shown(state, DepartmentDetails(closed=frozenset({date(2030, 1, 1)}))))


@both
@pytest.mark.parametrize("name", SCREENS)
def test_without_details_no_screen_has_a_heading_or_a_button_of_them(name: str, t: Translator) -> None:
    message = shown(SCREENS[name], NO_DETAILS, t)
    for sign in "💡🎒📍👀📞❗⛔":
        assert sign not in message.text
    assert message == render(SCREENS[name], t, office=replace(office(NO_DETAILS), details={}))
    asked = {each.partition(":")[0] for each in actions(message)}
    assert not asked & {"info", "where"}


@pytest.mark.parametrize("part", ["before", "bring", "address", "landmark", "phone", "notice"])
def test_each_part_stands_alone_without_the_headings_of_others(part: str) -> None:
    alone = replace(NO_DETAILS, **{part: getattr(DETAILS, part)})
    for screen in (DepartmentInfo(1), TicketShown(A_TICKET), Reminder((A_TICKET,), 0)):
        text = words(shown(screen, alone))
        assert "\n\n\n" not in text
        assert sum(text.count(sign) for sign in "💡🎒📍👀📞❗") <= 1
    assert getattr(DETAILS, part)[0] in words(shown(DepartmentInfo(1), alone))


def test_a_page_of_which_nothing_is_left_says_so() -> None:
    for screen in (DepartmentInfo(1), DepartmentInfo(99), Where(99)):
        message = shown(screen, NO_DETAILS)
        assert "Rien de plus n’est indiqué" in message.text
        assert message.place is None
        assert actions(message) == ["list"]


def test_where_is_a_pin_with_words() -> None:
    message = shown(Where(1))
    assert message.place == Place(9.5092, -13.7122, "Passeports", "Almamya, Kaloum, En face de la poste")
    assert "Repère" in message.text, "for a phone to which the pin cannot be sent"
    assert shown(Where(1), replace(DETAILS, pin=None)).place is None
    unaddressed = shown(Where(1), DepartmentDetails(pin=(0.0, 0.0)))
    assert unaddressed.place == Place(0.0, 0.0, "Passeports", "Passeports")


def test_a_reminder_has_todays_words_and_begins_with_what_changed() -> None:
    plain_one = words(shown(Reminder((A_TICKET,), 3)))
    assert plain_one.startswith("🔔")
    for each in WORDS[1:]:
        assert each in plain_one
    message = shown(Reminder((A_TICKET,), 3, changed=(DetailPart.ADDRESS, DetailPart.BRING)))
    assert words(message).startswith("⚠️ Changé depuis votre ticket : l’adresse, ce qu’il faut apporter\n\n🔔")
    assert words(message).endswith("Viendrez-vous ?")
    assert actions(message) == ["come:12345.3", "where:1", "ics:12345", "mv:12345", "x:12345", "rem:off"]


def test_a_reminder_of_several_has_the_words_of_their_one_department() -> None:
    same = shown(Reminder((A_TICKET, A_TICKET), 0, changed=(DetailPart.BRING,)))
    assert "Ancien passeport" in same.text
    assert words(same).startswith("⚠️ Changé depuis votre ticket : ce qu’il faut apporter\n")
    assert "Ancien passeport" not in shown(Reminder((A_TICKET, examples.OTHER), 0)).text


def test_an_announced_closure_is_said_everywhere_and_hides_nothing() -> None:
    closed = replace(NO_DETAILS, closed=frozenset({SUNDAY}))
    open_day, state = NO_DETAILS, ChoosingDay(DRAFT, DAYS, NINE)
    assert actions(shown(state, closed)) == actions(shown(state, open_day))
    assert "dim. 25 janv. · fermé" in labels(shown(state, closed))
    assert "⛔ Fermeture annoncée : dim. 25 janv." in words(shown(state, closed))
    check_labels(shown(state, closed))
    screens: tuple[Screen, ...] = (
        ChoosingTime(DRAFT, SUNDAY, (NINE, HALF_PAST_TWO)),
        ConfirmingBooking(FULL),
        TicketShown(A_TICKET),
        Reminder((A_TICKET,), 0),
        Reminder((A_TICKET, A_TICKET), 0),
        MovedByOffice(A_TICKET, A_TICKET),
    )
    for screen in screens:
        assert "Fermeture annoncée ce jour-là" in shown(screen, closed).text
        assert actions(shown(screen, closed)) == actions(shown(screen, open_day))
    move = replace(examples.MOVED, at=NINE)
    assert "Fermeture annoncée" in shown(ConfirmingBooking(move), closed).text


def test_the_page_names_the_closed_days_to_come() -> None:
    past, first, second = date(2026, 1, 1), date(2026, 1, 21), date(2026, 2, 1)
    details = replace(DETAILS, closed=frozenset({second, past, first}))
    message = render(DepartmentInfo(1), FR, office=office(details, today=date(2026, 1, 20)))
    assert "⛔ Fermeture annoncée : mer. 21 janv., dim. 1er févr." in words(message)
    assert "jeu. 1er janv." in words(render(DepartmentInfo(1), FR, office=office(details)))


def test_news_of_a_move_to_another_department_says_where_it_is() -> None:
    elsewhere = replace(A_TICKET, department=examples.BIRTHS)
    assert "Almamya" in shown(MovedByOffice(A_TICKET, elsewhere)).text
    assert "Almamya" not in shown(MovedByOffice(A_TICKET, A_TICKET)).text


def test_the_calendar_file_says_it_without_a_network() -> None:
    entry = BookEntry(50, 7, 1, datetime.fromisoformat("2026-03-05T10:00"), name="Aïssatou Bah")
    at = datetime(2026, 3, 5, 10, tzinfo=UTC)
    event = CalendarEvent(entry, PASSPORTS, at, at)
    (found,) = Calendar.from_ical(calendar_file(event, FR, office(DETAILS))).walk("VEVENT")
    assert str(found["LOCATION"]) == "Passeports, Ministère de la Sécurité, Almamya, Kaloum"
    text = str(found["DESCRIPTION"]).replace("\u00a0", " ")
    assert "Repère : En face de la poste\nTéléphone : +224 620 00 00 00\n" in text
    assert "À apporter :\n- Ancien passeport\n- Extrait de naissance\nEntrée par la cour." in text
    (bare,) = Calendar.from_ical(calendar_file(event, FR, office(NO_DETAILS))).walk("VEVENT")
    assert "Repère" not in str(bare["DESCRIPTION"])


@both
@pytest.mark.parametrize(
    "screen",
    [
        DepartmentInfo(1, back=True),
        Where(1),
        Reminder((A_TICKET,), 0, changed=tuple(DetailPart)),
        Reminder((A_TICKET,) * 9, 0, changed=tuple(DetailPart)),
        TicketShown(A_TICKET),
        ConfirmingBooking(FULL),
        ChoosingDay(DRAFT, DAYS, NINE),
    ],
)
def test_the_longest_words_fit_and_are_escaped(screen: Screen, t: Translator) -> None:
    big = Office(departments=(LONGEST_NAMES,), details={1: FULLEST}, contact="é" * 300)
    if isinstance(screen, Reminder):
        screen = replace(screen, tickets=tuple(replace(each, department=LONGEST_NAMES) for each in screen.tickets))
    if isinstance(screen, ConfirmingBooking | ChoosingDay):
        screen = replace(screen, draft=replace(screen.draft, department=LONGEST_NAMES))
    message = render(screen, t, office=big)
    check_limits(message)
    check_labels(message)


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("Voir https://evil.example/x avant", "Voir <code>https://evil.example/x</code> avant"),
        ("passeport.gov.gn", "<code>passeport.gov.gn</code>"),
        ("écrire à a@b.gn & co", "écrire à <code>a@b.gn</code> &amp; co"),
        ("tapez /start ou @bot", "tapez <code>/start</code> ou <code>@bot</code>"),
        ("Lundi, 8 h. et 14.30 <b>", "Lundi, 8 h. et 14.30 &lt;b&gt;"),
        ("Naissances/mariages", "Naissances/mariages"),
    ],
)
def test_what_the_api_tells_is_no_link(description: str, found: str) -> None:
    department = Department(1, "Passeports", description=description)
    assert found in render(ChoosingDay(replace(DRAFT, department=department), DAYS, NINE), FR).text
    assert found in render(TicketShown(replace(A_TICKET, department=department)), FR).text
    assert found in render(CancelledByOthers(A_TICKET, by_office=True, reason=description), FR).text
