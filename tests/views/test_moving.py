"""The screens of a move: what was and what will be, and after every refusal that the old appointment stands."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.model import AppointmentStatus, Draft, Failure, FailureCode, Ticket
from bot.core.screens import BothStand, MoveDone, TicketShown
from bot.core.states import (
    BookingRefusedState,
    ChoosingDay,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Listing,
    LoadingAppointments,
    LoadingDays,
    LoadingTimes,
    Moving,
    Purpose,
    TypingName,
    TypingWorker,
)
from bot.views.message import Office, Style
from bot.views.plain import BOOKED, NEXT, PENDING
from bot.views.plain import plain as drawn_plainly
from bot.views.render import render
from tests.core.examples import (
    BUSY,
    COURT,
    DAYS,
    DOWN,
    HOSPITAL,
    MONDAY,
    MOVE_ATTEMPT,
    MOVED,
    NEW_TICKET,
    NINE,
    OTHER,
    REPLACED,
    TEN_ON_MONDAY,
    TICKET,
)
from tests.views.pages import EN, FR
from tests.views.telegram import actions, check_labels, check_limits, labels, plain

STANDS = "Votre rendez-vous du dim. 25 janv. à 14:30 reste valable."
START = replace(MOVED, at=None)
LEAVE = callback_data.LEAVE


def text(screen: object, office: Office | None = None) -> str:
    return plain(render(screen, FR, office=office or Office()).text)  # type: ignore[arg-type]


def test_the_summary_tells_what_was_and_what_will_be() -> None:
    message = render(ConfirmingBooking(MOVED), FR)
    words = plain(message.text)
    assert "Avant\u00a0: dim. 25 janv. à 14:30" in words
    assert "Après\u00a0: lun. 26 janv. à 10:00" in words
    assert "Aïssatou Bah" in words
    assert "Rien n’est encore changé." in words
    assert actions(message) == [callback_data.CONFIRM, callback_data.OTHER_TIME, callback_data.BACK, LEAVE]
    assert message.rows[0][0].style is Style.SUCCESS
    assert labels(message)[-1] == "↩️ Garder mon rendez-vous"


def test_a_slot_that_became_another_is_said_on_the_summary() -> None:
    assert "09:00" in text(ConfirmingBooking(replace(MOVED, asked=NINE)))


@pytest.mark.parametrize(
    "screen",
    [
        ChoosingDay(START, DAYS, NINE),
        ChoosingDay(START, (), None),
        ChoosingTime(START, MONDAY, (TEN_ON_MONDAY,)),
        ChoosingWorker(Draft(HOSPITAL, replaces=TICKET)),
        TypingWorker(Draft(COURT, replaces=TICKET)),
        TypingName(replace(MOVED, name=None)),
    ],
)
def test_every_step_says_what_is_moved_and_how_to_keep_it(screen: ChoosingDay) -> None:
    message = render(screen, FR)
    assert "Vous déplacez votre rendez-vous du dim. 25 janv. à 14:30." in plain(message.text)
    assert labels(message)[-1] == "↩️ Garder mon rendez-vous"
    assert callback_data.CHANGE_DEPARTMENT not in actions(message)


def test_there_is_no_step_back_before_the_days_but_one_from_the_times() -> None:
    assert callback_data.BACK not in actions(render(ChoosingDay(START, DAYS, NINE), FR))
    assert callback_data.BACK not in actions(render(LoadingDays(START, failure=DOWN), FR))
    assert callback_data.BACK in actions(render(LoadingDays(MOVED, failure=DOWN), FR))
    assert callback_data.BACK in actions(render(LoadingTimes(START, MONDAY, failure=DOWN), FR))
    assert callback_data.BACK in actions(render(ChoosingDay(MOVED, DAYS, NINE), FR)), "to the summary"


@pytest.mark.parametrize("code", FailureCode)
def test_every_refusal_ends_with_the_old_appointment(code: FailureCode) -> None:
    message = render(BookingRefusedState(MOVED, Failure(code)), FR, office=Office(contact="620 00 00 00"))
    words = plain(message.text)
    assert words.startswith("⚠️ Le rendez-vous n’a pas été déplacé.")
    assert words.endswith(STANDS)
    assert "620 00 00 00" in words
    assert actions(message)[-1] == LEAVE
    assert len(actions(message)) >= 2
    check_labels(message)
    assert plain(render(BookingRefusedState(MOVED, Failure(code)), EN).text).endswith("14:30 is still valid.")


@pytest.mark.parametrize("code", FailureCode)
def test_if_the_old_one_was_cancelled_meanwhile_it_is_said_with_the_next_step(code: FailureCode) -> None:
    assert MOVED.replaces
    gone = replace(MOVED.replaces.appointment, status=AppointmentStatus.CANCELLED)
    draft = replace(MOVED, replaces=replace(MOVED.replaces, appointment=gone))
    message = render(BookingRefusedState(draft, Failure(code)), FR)
    assert plain(message.text).startswith("⚠️ Le rendez-vous n’a pas été déplacé.")
    assert plain(message.text).endswith("a été annulé entre-temps\u00a0: il n’est plus valable.")
    assert actions(message) == [f"again:{gone.id}", "list"]


@pytest.mark.parametrize(
    "screen",
    [
        ChoosingNearest(MOVED, (NINE,)),
        ChoosingDay(START, (), None),
        LoadingDays(START, failure=DOWN),
        LoadingTimes(START, MONDAY, failure=BUSY),
        Moving(MOVE_ATTEMPT, BUSY, delayed=True),
    ],
)
def test_so_does_what_stops_or_delays_a_move(screen: ChoosingNearest) -> None:
    assert text(screen).endswith(STANDS)


def test_an_office_that_allows_one_appointment_offers_both_steps() -> None:
    message = render(BookingRefusedState(MOVED, Failure(FailureCode.ALREADY_BOOKED)), FR)
    assert actions(message) == ["x:12345", "again:12345", LEAVE]
    assert "annulez d’abord celui-ci" in plain(message.text)


def test_an_unclear_answer_is_not_called_a_refusal_of_the_office() -> None:
    assert "peut-être été pris" in text(BookingRefusedState(MOVED, Failure(FailureCode.NO_TICKET)))


def test_after_too_many_moves_the_citizen_can_cancel_or_ask() -> None:
    message = render(BookingRefusedState(MOVED, Failure(FailureCode.TOO_MANY_MOVES)), FR)
    assert actions(message) == ["x:12345", callback_data.APPOINTMENTS, LEAVE]


def test_a_pending_move_can_be_given_up_until_the_new_appointment_is_booked() -> None:
    assert actions(render(Moving(MOVE_ATTEMPT), FR)) == [callback_data.GIVE_UP, callback_data.HELP]
    assert actions(render(Moving(MOVE_ATTEMPT, delayed=True), FR)) == [callback_data.GIVE_UP, callback_data.HELP]
    assert actions(render(Moving(MOVE_ATTEMPT, withdrawn=True), FR)) == [callback_data.HELP]
    assert actions(render(Moving(REPLACED), FR)) == [callback_data.HELP]


def test_the_new_ticket_is_complete_while_the_old_appointment_is_being_cancelled() -> None:
    words = text(Moving(REPLACED))
    assert words.startswith("✅ Votre nouveau rendez-vous est confirmé.")
    assert "Numéro\u00a0: 12400" in words
    assert "https://moncreneau.example/qr/12400" in words
    assert words.endswith("⏳ Nous annulons celui du dim. 25 janv. à 14:30.")


def test_the_tickets_of_a_move_refer_to_each_other() -> None:
    new = text(TicketShown(NEW_TICKET, fresh=True, moved_from=TICKET.appointment.at))
    assert "Il remplace votre rendez-vous du dim. 25 janv. à 14:30, qui est annulé." in new
    old = render(TicketShown(TICKET, moved_to=TEN_ON_MONDAY), FR)
    assert plain(old.text).startswith("🔁 Rendez-vous déplacé au lun. 26 janv. à 10:00")
    assert actions(old) == [callback_data.APPOINTMENTS]


def test_a_slow_move_ends_with_both_times() -> None:
    words = text(MoveDone(NEW_TICKET, TICKET.appointment.at))
    assert words.index("14:30") < words.index("10:00") < words.index("12400")


def test_if_both_appointments_stand_both_are_listed_in_order_of_time() -> None:
    later = Ticket(replace(TICKET.appointment, at=TEN_ON_MONDAY.replace(hour=15)), TICKET.department)
    message = render(BothStand(later, NEW_TICKET, AppointmentStatus.SCHEDULED), FR)
    words = plain(message.text)
    assert "deux rendez-vous" in words
    assert words.index("10:00") < words.index("15:00")
    assert "Nous n’avons pas pu annuler celui du lun. 26 janv. à 15:00." in words
    assert actions(message) == ["x:12345", "x:12400", callback_data.APPOINTMENTS]
    assert labels(message)[:2] == ["❌ lun. 26, 15:00", "❌ lun. 26, 10:00"]
    check_labels(message)


def test_two_that_look_alike_are_told_apart_by_their_numbers() -> None:
    twin = Ticket(replace(TICKET.appointment, at=TEN_ON_MONDAY), TICKET.department)
    assert labels(render(BothStand(twin, NEW_TICKET), FR))[:2] == ["❌ 10:00 · 12345", "❌ 10:00 · 12400"]


def test_an_old_appointment_that_is_over_is_left_alone_and_said() -> None:
    message = render(BothStand(TICKET, NEW_TICKET, AppointmentStatus.NO_SHOW), FR)
    assert "n’a pas été annulé" in plain(message.text)
    assert actions(message) == [callback_data.APPOINTMENTS]


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (AppointmentStatus.SCHEDULED, STANDS),
        (AppointmentStatus.NO_SHOW, "le service l’a déjà noté\u00a0: manqué."),
    ],
)
def test_an_old_appointment_that_was_kept_is_said_to_stand(status: AppointmentStatus, end: str) -> None:
    gone = replace(NEW_TICKET.appointment, status=AppointmentStatus.CANCELLED)
    message = render(BothStand(TICKET, replace(NEW_TICKET, appointment=gone), status), FR)
    words = plain(message.text)
    assert "lun. 26 janv. à 10:00 a été annulé entre-temps" in words
    assert words.endswith(end)
    assert actions(message) == [callback_data.APPOINTMENTS]


def test_the_list_offers_a_move_and_asks_which_one() -> None:
    assert callback_data.MOVE in actions(render(Listing((TICKET,), Purpose.VIEW), FR))
    message = render(Listing((TICKET, OTHER), Purpose.MOVE, past=(OTHER,)), FR)
    assert actions(message) == ["mv:12345", "mv:777", callback_data.BOOK, callback_data.BACK]
    assert "Quel rendez-vous voulez-vous déplacer" in plain(message.text)


def test_a_list_that_could_not_be_read_is_not_called_a_cancelling() -> None:
    assert "annulé" not in text(LoadingAppointments(Purpose.MOVE, 12345, failure=DOWN))


def test_without_the_catalogues_a_move_is_told_too() -> None:
    assert drawn_plainly(Moving(MOVE_ATTEMPT)).text == PENDING
    for screen in (Moving(REPLACED), MoveDone(NEW_TICKET, NINE)):
        assert drawn_plainly(screen).text.splitlines()[:2] == [BOOKED, "N° 12400"]
    both = drawn_plainly(BothStand(TICKET, NEW_TICKET)).text.splitlines()
    assert {"N° 12345", "N° 12400", NEXT} <= set(both)


def test_the_longest_words_from_outside_fit() -> None:
    big = replace(TICKET, appointment=replace(TICKET.appointment, name="<" * 5000, qr_link="x" * 2000))
    draft = replace(MOVED, name="&" * 100, replaces=big)
    for screen in (
        ConfirmingBooking(draft),
        Moving(replace(REPLACED, draft=draft, made=big.appointment)),
        BothStand(big, big),
    ):
        check_limits(render(screen, FR))
