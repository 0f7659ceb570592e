"""The name, the summary, the wait, and a refusal with its next step."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.booking import SPENT
from bot.core.model import (
    Draft,
    Failure,
    FailureCode,
    Worker,
)
from bot.core.states import (
    BookingRefusedState,
    ChoosingDay,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Submitting,
    TypingName,
    TypingWorker,
)
from bot.i18n import Translator
from bot.views.message import Office, Style
from bot.views.render import render
from tests.core.examples import ATTEMPT, BUSY, COURT, DOWN, FULL, HALF_PAST_TWO, HOSPITAL, STATES, TIMED
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import labels, plain


def test_names_that_are_known_are_one_tap_and_stand_first() -> None:
    message = render(TypingName(TIMED, ("Aïssatou Bah", "N'Diaye")), FR)
    assert labels(message)[:2] == ["👤 Aïssatou Bah", "👤 N'Diaye"]
    assert telegram.actions(message) == ["n:0", "n:1", callback_data.FOR_OTHER, callback_data.BACK, callback_data.LEAVE]
    assert "Touchez un nom" in message.text


def test_a_citizen_without_a_known_name_types_one() -> None:
    message = render(TypingName(TIMED), EN)
    assert "Type the first name" in message.text
    assert "Tap a name" not in message.text


def test_the_summary_says_everything_and_that_nothing_is_booked_yet() -> None:
    draft = Draft(COURT, Worker(42, ""), HALF_PAST_TWO, "Aïssatou Bah")
    text = plain(render(ConfirmingBooking(draft), FR).text).replace("\u00a0", " ")
    for fact in (
        "🏢 Service : Greffe",
        "🏛 Administration : Tribunal",
        "👥 Agent : Agent n° 42",
        "📅 dimanche 25 janvier 2026 à 14:30 (heure de Conakry)",
        "👤 Nom : Aïssatou Bah",
        "Rien n’est encore réservé.",
    ):
        assert fact in text


def test_confirming_is_the_first_button() -> None:
    message = render(ConfirmingBooking(FULL), FR)
    assert labels(message) == [
        "✅ Confirmer",
        "✏️ Changer le nom",
        "🕒 Changer l’horaire",
        "⬅️ Retour",
        "✖️ Quitter",
    ]
    assert message.rows[0][0].style is Style.SUCCESS
    assert telegram.actions(message) == [
        callback_data.CONFIRM,
        callback_data.CHANGE_NAME,
        callback_data.OTHER_TIME,
        callback_data.BACK,
        callback_data.LEAVE,
    ]
    assert labels(render(ConfirmingBooking(FULL), EN))[0] == "✅ Confirm"


def test_what_comes_from_outside_is_escaped() -> None:
    assert "&lt;b&gt;" in render(ConfirmingBooking(replace(FULL, name="<b>")), FR).text


def test_a_pending_booking_says_that_it_is_being_confirmed() -> None:
    message = render(Submitting(ATTEMPT), FR)
    assert "Réservation en cours" in message.text
    assert telegram.actions(message) == [callback_data.GIVE_UP, callback_data.HELP]


def test_a_delay_says_that_nothing_is_confirmed_and_nobody_needs_to_wait() -> None:
    text = render(Submitting(ATTEMPT, delayed=True), FR).text
    assert "en cours de confirmation" in text
    assert "Elle n’est pas encore confirmée." in text
    assert "vous recevrez un message" in text


def test_a_delay_says_what_it_waits_for_and_until_when() -> None:
    assert "à partir de 11:00 (heure de Conakry)" in render(Submitting(ATTEMPT, BUSY, delayed=True), FR).text
    down = render(Submitting(ATTEMPT, DOWN, delayed=True), EN).text
    assert "is not answering" in down
    assert "We keep trying." in down


def test_a_booking_that_is_given_up_cannot_be_given_up_again() -> None:
    message = render(STATES["submitting, withdrawn"], EN)
    assert "You are stopping this request" in message.text
    assert telegram.actions(message) == [callback_data.HELP]


@pytest.mark.parametrize("code", list(FailureCode))
@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_every_refusal_says_why_and_whether_nothing_was_booked(code: FailureCode, t: Translator) -> None:
    message = render(BookingRefusedState(FULL, Failure(code)), t)
    assert t.text("refused.unsure" if code is FailureCode.NO_TICKET else "refused.title") in message.text
    assert t.text(f"problem.{code}") in message.text
    assert t.text(f"refused.{code}") in message.text


def test_no_two_problems_have_the_same_words() -> None:
    for t in (FR, EN):
        words = [t.text(f"problem.{code}") for code in FailureCode]
        assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("code", "first"),
    [
        (FailureCode.SLOT_TAKEN, callback_data.OTHER_TIME),
        (FailureCode.ALREADY_BOOKED, callback_data.APPOINTMENTS),
        (FailureCode.OUT_OF_CREDITS, callback_data.RETRY),
        (FailureCode.BAD_DATE, callback_data.OTHER_TIME),
        (FailureCode.TOO_LATE, callback_data.OTHER_TIME),
        (FailureCode.NO_TICKET, callback_data.APPOINTMENTS),
        (FailureCode.BAD_NAME, callback_data.CHANGE_NAME),
        (FailureCode.BAD_REQUEST, callback_data.CHANGE_NAME),
        (FailureCode.NO_ACCESS, callback_data.RETRY),
        (FailureCode.DEPARTMENT_GONE, callback_data.CHANGE_DEPARTMENT),
        (FailureCode.APPOINTMENT_GONE, callback_data.OTHER_TIME),
        (FailureCode.BUSY, callback_data.RETRY),
        (FailureCode.DOWN, callback_data.RETRY),
    ],
)
def test_the_next_step_that_fits_stands_first(code: FailureCode, first: str) -> None:
    found = telegram.actions(render(BookingRefusedState(FULL, Failure(code)), FR))
    assert found[0] == first
    assert found[-1] == callback_data.LEAVE
    assert (callback_data.BACK in found) == (code not in SPENT), "where the time is lost, back would be another time"


def test_a_refusal_says_when_to_try_again() -> None:
    assert "à partir de 11:00 (heure de Conakry)" in render(BookingRefusedState(FULL, BUSY), FR).text


def test_a_refusal_mentions_a_typed_staff_number() -> None:
    typed = Draft(COURT, Worker(42, ""), HALF_PAST_TWO, "Aïssatou Bah")
    bad = Failure(FailureCode.BAD_REQUEST)
    assert "numéro de l’agent" in render(BookingRefusedState(typed, bad), FR).text
    assert "numéro de l’agent" not in render(BookingRefusedState(FULL, bad), FR).text
    assert "numéro de l’agent" not in render(BookingRefusedState(typed, DOWN), FR).text
    assert telegram.actions(render(BookingRefusedState(typed, bad), FR))[0] == callback_data.CHANGE_WORKER


def test_a_screen_without_a_next_step_names_the_contact() -> None:
    office = Office(contact="Appelez le 620 00 00 00 <8h–16h>")
    text = render(BookingRefusedState(FULL, Failure(FailureCode.OUT_OF_CREDITS)), FR, office=office).text
    assert "620 00 00 00 &lt;8h–16h&gt;" in text
    assert "crédit" not in text


def test_the_first_screen_of_a_department_says_what_it_is_for() -> None:
    about = "Apportez l’extrait de naissance."
    hospital, court = replace(HOSPITAL, description=about), replace(COURT, description=about)
    day = HALF_PAST_TWO.date()
    for state, told in (
        (ChoosingWorker(Draft(hospital)), True),
        (TypingWorker(Draft(court)), True),
        (ChoosingDay(Draft(hospital), (), None), True),
        (ChoosingTime(Draft(hospital), day, (HALF_PAST_TWO,), is_first=True), True),
        (ChoosingTime(Draft(hospital), day, (HALF_PAST_TWO,)), False),
    ):
        assert (about in render(state, FR).text) == told
