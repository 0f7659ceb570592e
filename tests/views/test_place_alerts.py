"""The messages of alerts name the place and the present appointment, and promise nothing."""

from dataclasses import replace
from datetime import timedelta

from bot.core.model import AppointmentStatus, Draft, ListedAlert
from bot.core.screens import AlertOn, EarlierPlace, TicketShown
from bot.core.states import ChoosingDay, Listing, Purpose
from bot.views.message import Office
from bot.views.render import render
from bot.views.text import moment
from tests.core.examples import APPOINTMENT, HOSPITAL, MOVED, NINE, PASSPORTS, TICKET
from tests.views.pages import EN, FR, SCREENS
from tests.views.telegram import actions, check_labels, labels, plain

EARLIER = APPOINTMENT.at - timedelta(days=2)
AHEAD = Office(today=APPOINTMENT.at.date() - timedelta(days=3))


def test_the_message_names_both_times_and_says_that_nothing_is_held() -> None:
    message = render(EarlierPlace(PASSPORTS, EARLIER, TICKET), FR)
    text = plain(message.text)
    assert text.startswith(f"🔔 Une place plus tôt est libre\u00a0: {moment(FR, EARLIER)}\n")
    for words in (moment(FR, APPOINTMENT.at), "Passeports", "Aïssatou Bah", "heure de Conakry"):
        assert words.casefold() in text.casefold()
    assert "elle peut être prise entre-temps" in text
    assert "reste valable tant que vous ne confirmez pas" in text
    assert text.endswith("La voulez-vous\u00a0?")
    assert actions(message) == ["take:20260123T1430.12345", "alertx:1"]


def test_the_last_message_says_so_and_has_nothing_to_stop() -> None:
    message = render(EarlierPlace(PASSPORTS, EARLIER, TICKET, is_last=True), FR)
    assert "C’est le dernier message de cette alerte." in message.text
    assert actions(message) == ["take:20260123T1430.12345"]


def test_without_an_appointment_no_present_one_is_named() -> None:
    message = render(EarlierPlace(HOSPITAL, NINE, worker_id=11), EN)
    assert "A time is free" in message.text
    assert "appointment" not in message.text
    assert actions(message) == ["taken:20260125T0900.4.11", "alertx:4"]
    assert actions(render(EarlierPlace(PASSPORTS, NINE), EN))[0] == "taken:20260125T0900.1.0"


def test_an_alert_says_what_will_come_how_often_and_how_to_stop_it() -> None:
    message = render(AlertOn(PASSPORTS, TICKET), FR)
    for words in ("plus tôt", "3\u00a0messages au plus", "un par jour", "reste valable"):
        assert words.replace("\u00a0", " ") in plain(message.text).replace("\u00a0", " ")
    assert actions(message) == ["alertx:1", "list"]
    full = render(AlertOn(PASSPORTS), FR)
    assert "pendant 30 jours" in plain(full.text).replace("\u00a0", " ")
    assert "reste valable" not in full.text


def test_an_alert_names_the_appointment_whose_alert_it_replaces() -> None:
    other = replace(TICKET, appointment=replace(APPOINTMENT, id=7, name="Binta Bah"))
    for screen in (AlertOn(PASSPORTS, TICKET, other), AlertOn(PASSPORTS, before=other)):
        text = plain(render(screen, FR, office=replace(AHEAD, several_names=True)).text)
        assert f"L’alerte pour votre rendez-vous du {moment(FR, APPOINTMENT.at)} pour Binta Bah s’arrête" in text
    assert "s’arrête" not in render(AlertOn(PASSPORTS, TICKET), FR).text


def test_a_ticket_three_days_ahead_has_the_button_and_others_do_not() -> None:
    assert "alert:12345" in actions(render(TicketShown(TICKET), FR, office=AHEAD))
    assert "🔔 Plus tôt\u00a0?" in labels(render(TicketShown(TICKET), FR, office=AHEAD))
    near = Office(today=APPOINTMENT.at.date() - timedelta(days=2))
    assert "alert:12345" not in actions(render(TicketShown(TICKET), FR, office=near))
    assert "alert:12345" not in actions(render(TicketShown(TICKET), FR)), "the date is not known"
    unpaid = replace(TICKET, appointment=replace(APPOINTMENT, status=AppointmentStatus.PENDING_PAYMENT))
    assert "alert:12345" not in actions(render(TicketShown(unpaid), FR, office=AHEAD))


def test_a_full_department_has_the_button_and_so_has_a_move_of_an_appointment_some_days_ahead() -> None:
    assert actions(render(ChoosingDay(Draft(PASSPORTS), (), None), FR))[0] == "alertd:1"
    moving = ChoosingDay(MOVED, (), None)
    assert actions(render(moving, FR, office=AHEAD))[0] == "alertd:1"
    assert "alertd:1" not in actions(render(moving, FR, office=Office(today=APPOINTMENT.at.date())))


def test_the_list_names_each_alert_and_has_a_button_to_stop_it() -> None:
    listing = SCREENS["listing with alerts"]
    assert isinstance(listing, Listing)
    message = render(listing, FR)
    text = plain(message.text)
    assert f"🔔 Alerte\u00a01 · Passeports · une place avant le {moment(FR, APPOINTMENT.at)}" in text
    assert "🔔 Alerte\u00a02 · Consultations · une place libre" in text
    assert "alertx:1" in actions(message)
    assert [each for each in labels(message) if "Arrêter" in each] == ["Arrêter 1", "Arrêter 2"]
    for t in (FR, EN):  # three are the most, and share a row
        check_labels(render(replace(listing, alerts=(ListedAlert(HOSPITAL),) * 3), t))
    alone = render(Listing((), Purpose.VIEW, alerts=listing.alerts[1:]), FR)
    assert "🔔 Alerte · Consultations · une place libre" in alone.text
    assert ("🔕 Arrêter l’alerte", "alertx:4") in zip(labels(alone), actions(alone), strict=True)
    cancelling = render(Listing(listing.tickets, Purpose.CANCEL, alerts=listing.alerts), FR)
    assert "alertx:1" not in actions(cancelling)


def test_with_two_names_in_a_chat_every_text_says_for_whom() -> None:
    office = Office(several_names=True)
    for screen in (
        AlertOn(PASSPORTS, TICKET),
        SCREENS["listing with alerts"],
        EarlierPlace(PASSPORTS, EARLIER, TICKET),
    ):
        assert "Aïssatou Bah" in render(screen, FR, office=office).text
    assert "Aïssatou Bah" not in render(AlertOn(PASSPORTS, TICKET), FR).text
