"""With appointments under two names every text says for whom; before that none is longer for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.calendar_event import CalendarEvent
from bot.core.for_whom import names_in
from bot.core.model import Draft
from bot.core.screens import People, Reminder, Screen, TicketShown
from bot.core.states import AskingCancel, ChoosingNearest, ConfirmingBooking, Listing, Purpose, TypingName
from bot.i18n import Translator
from bot.views.calendar import calendar_file
from bot.views.message import Message, Office, Style
from bot.views.render import render
from tests.core.examples import FULL, NEW_TICKET, NINE, NOW, OTHER, PASSPORTS, TICKET, TIMED, known
from tests.core.test_for_whom import HERS
from tests.views.pages import EN, FR, SCREENS
from tests.views.telegram import check_labels, check_limits, labels, plain

FAMILY = Office(several_names=True)
FOR = {"fr": "pour", "en": "for"}
both = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
NAMES_NOBODY = ("loading", "typing a name for somebody else", "listing what is past")
"""Screens without a coming appointment in their words: they wait for a reading, ask for another name, or are past."""
ABOUT_SOMEBODY = {
    name: screen for name, screen in SCREENS.items() if names_in(screen) and not name.startswith(NAMES_NOBODY)
}


@pytest.mark.parametrize("screen", ABOUT_SOMEBODY.values(), ids=ABOUT_SOMEBODY.keys())
@both
def test_every_text_about_an_appointment_says_for_whom_it_is(screen: Screen, t: Translator) -> None:
    message = render(screen, t, office=FAMILY)
    text = plain(message.text).casefold()
    shown = [name for name in names_in(screen) if f"{FOR[t.locale]} {name.casefold()}" in text]
    assert shown, text
    check_limits(message)
    check_labels(message)


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
@both
def test_no_text_says_it_to_a_citizen_with_one_name(screen: Screen, t: Translator) -> None:
    named = [f"{FOR[t.locale]} {name.casefold()}" for name in names_in(screen)]
    text = plain(render(screen, t).text).casefold()
    is_asked = isinstance(screen, ConfirmingBooking) and screen.twice
    assert is_asked or not any(each in text for each in named)


@both
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_list_says_it_of_every_appointment(purpose: Purpose, t: Translator) -> None:
    text = plain(render(Listing((TICKET, OTHER), purpose), t, office=FAMILY).text)
    for each in (TICKET, OTHER):
        assert f"{FOR[t.locale]} {each.appointment.name}" in text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Aïssatou Bah", "Fatou Bah"), ["🎫 14:30 · Aïssatou Bah", "🎫 14:30 · Fatou Bah"]),
        (("Aïssatou Bah", "Aïssatou Bah"), ["🎫 14:30 · 1", "🎫 14:30 · 2"]),
        (("", "Fatou Bah"), ["🎫 14:30 · 1", "🎫 14:30 · Fatou Bah"]),
        (
            ("Mamadou Alpha Oumar Diallo", "Mamadou Alpha Issa Diallo"),
            ["🎫 14:30 · 1", "🎫 14:30 · 2"],
        ),
    ],
)
def test_appointments_of_one_time_are_told_apart_by_name(names: tuple[str, str], expected: list[str]) -> None:
    tickets = tuple(
        replace(TICKET, appointment=replace(TICKET.appointment, id=number, name=name))
        for number, name in enumerate(names, 1)
    )
    message = render(Listing(tickets, Purpose.VIEW), FR, office=FAMILY)
    assert labels(message)[:2] == expected
    check_labels(message)
    assert labels(render(Listing(tickets, Purpose.VIEW), FR))[:2] == ["🎫 14:30 · 1", "🎫 14:30 · 2"]


@both
def test_the_question_before_cancelling_says_it_beside_the_buttons(t: Translator) -> None:
    lines = plain(render(SCREENS["asking before cancelling"], t, office=FAMILY).text).split("\n")
    assert f"{FOR[t.locale]} Aïssatou Bah" in lines[-1]


@both
def test_a_nameless_appointment_is_for_nobody(t: Translator) -> None:
    nameless = replace(TICKET, appointment=replace(TICKET.appointment, name=""))
    text = plain(render(Listing((nameless, OTHER), Purpose.VIEW), t, office=FAMILY).text)
    assert t.label("name.none") in text
    for screen in (TicketShown(nameless), Reminder((nameless,), 3)):
        assert f"{FOR[t.locale]} <b>" not in render(screen, t, office=FAMILY).text
    assert t.text("cancel.question") in render(AskingCancel(nameless), t, office=FAMILY).text


def test_the_nearest_times_say_whose_name_is_kept() -> None:
    nearest = ChoosingNearest(FULL, (NINE,))
    assert "Le nom est gardé\u00a0: Aïssatou Bah" in render(nearest, FR).text
    assert "Pour <b>Aïssatou Bah</b>" in render(nearest, FR, office=FAMILY).text
    unnamed = replace(nearest, draft=Draft(PASSPORTS, at=NINE))
    for office in (Office(), FAMILY):
        assert "nom" not in render(unnamed, FR, office=office).text


@both
def test_the_calendar_file_says_it_in_its_title(t: Translator) -> None:
    event = CalendarEvent(HERS, PASSPORTS, HERS.at, NOW)
    written = calendar_file(event, t, FAMILY).decode().replace("\r\n ", "")
    assert f"Passeports {FOR[t.locale]} Fatou Camara" in written
    assert f"Passeports {FOR[t.locale]} " not in calendar_file(event, t, Office()).decode()


# --- choosing the name -----------------------------------------------------------------------------------------------


@both
def test_the_names_stand_first_and_somebody_else_after_them(t: Translator) -> None:
    message = render(TypingName(FULL, ("Aïssatou Bah", "Fatou Camara")), t)
    assert message.actions[:3] == ("n:0", "n:1", callback_data.FOR_OTHER)
    assert labels(message)[2] == t.label("button.for_other")


@both
def test_the_question_for_somebody_else_shows_no_name_and_does_not_ask_again(t: Translator) -> None:
    message = render(TypingName(FULL, for_other=True), t)
    assert "Aïssatou" not in message.text
    assert message.actions == (callback_data.BACK, callback_data.LEAVE)
    one_more = render(TypingName(TIMED, ("Fatou Camara",), for_other=True), t)
    assert one_more.actions == ("n:0", callback_data.BACK, callback_data.LEAVE)


@both
def test_the_question_about_a_second_one_names_the_first(t: Translator) -> None:
    message = render(ConfirmingBooking(FULL, twice=TICKET), t)
    words = plain(message.text)
    assert f"{FOR[t.locale]} Aïssatou Bah" in words
    assert "14:30" in words
    assert words.split("\n")[-1] == plain(t.text("twice.question"))
    assert message.actions[0] == callback_data.CONFIRM
    assert labels(message)[0] == t.label("button.go_on")


@both
def test_a_new_ticket_offers_to_book_one_more_person(t: Translator) -> None:
    def offers(message: Message) -> bool:
        return callback_data.numbered(callback_data.ONE_MORE, 12345) in message.actions

    assert offers(render(TicketShown(TICKET, fresh=True), t))
    assert not offers(render(TicketShown(TICKET), t))
    assert not any("more:" in each for each in render(SCREENS["ticket of a move"], t).actions)
    assert NEW_TICKET.appointment.id != TICKET.appointment.id


@both
def test_each_remembered_name_is_removed_by_its_own_button(t: Translator) -> None:
    names = known("Aïssatou Bah", "Elhadj Mamadou Saliou Diallo-Camara")
    message = render(People(names), t)
    removing = [button for row in message.rows for button in row][: len(names)]
    assert [each.action for each in removing] == [f"unname:{each.mark}" for each in names]
    assert all(each.style is Style.DANGER for each in removing)
    assert t.text("people.stay") in message.text
    check_labels(message)
    none = render(People(()), t)
    assert (t.text("people.none") in none.text, none.actions) == (True, (callback_data.DATA,))


def test_a_long_name_does_not_break_the_limits() -> None:
    long = replace(TICKET, appointment=replace(TICKET.appointment, name="A" * 100, at=NOW + timedelta(days=1)))
    for screen in (TicketShown(long, fresh=True), Listing((long,) * 5, Purpose.CANCEL)):
        check_limits(render(screen, FR, office=FAMILY))
