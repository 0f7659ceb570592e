"""The name, the summary, the wait, and a refusal with its next step."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.model import (
    Draft,
    Problem,
    Trouble,
    Worker,
)
from bot.core.states import Confirming, Refused, Submitting, TypingName
from bot.i18n import Translator
from bot.views.render import render
from tests.core.examples import ATTEMPT, BUSY, COURT, DOWN, FULL, HALF_PAST_TWO, STATES, TIMED
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import labels, plain


def test_names_that_are_known_are_one_tap_and_stand_first() -> None:
    message = render(TypingName(TIMED, ("Aïssatou Bah", "N'Diaye")), FR)
    assert labels(message)[:2] == ["👤 Aïssatou Bah", "👤 N'Diaye"]
    assert telegram.actions(message) == ["n:0", "n:1", callback_data.BACK, callback_data.LEAVE]
    assert "Touchez un nom" in message.text


def test_without_a_known_name_it_is_typed() -> None:
    message = render(TypingName(TIMED), EN)
    assert "Type the first name" in message.text
    assert "Tap a name" not in message.text


def test_the_summary_says_everything_and_that_nothing_is_booked_yet() -> None:
    draft = Draft(COURT, Worker(42, ""), HALF_PAST_TWO, "Aïssatou Bah")
    text = plain(render(Confirming(draft), FR).text).replace("\u00a0", " ")
    for fact in (
        "🏢 Service : Greffe",
        "🏛 Organisme : Tribunal",
        "👥 Agent : Agent n° 42",
        "📅 Date : dimanche 25 janvier 2026",
        "🕒 Heure : 14:30 (heure de Conakry)",
        "👤 Nom : Aïssatou Bah",
        "Rien n’est encore réservé.",
    ):
        assert fact in text


def test_confirming_is_the_first_button() -> None:
    message = render(Confirming(FULL), FR)
    assert labels(message) == [
        "✅ Confirmer",
        "🕒 Choisir un autre horaire",
        "⬅️ Retour",
        "✖️ Abandonner la réservation",
    ]
    assert telegram.actions(message) == [
        callback_data.CONFIRM,
        callback_data.OTHER_TIME,
        callback_data.BACK,
        callback_data.LEAVE,
    ]
    assert labels(render(Confirming(FULL), EN))[0] == "✅ Confirm"


def test_what_comes_from_outside_is_escaped() -> None:
    assert "&lt;b&gt;" in render(Confirming(replace(FULL, name="<b>")), FR).text


def test_while_it_is_booked_it_says_so() -> None:
    message = render(Submitting(ATTEMPT), FR)
    assert "Réservation en cours" in message.text
    assert telegram.actions(message) == [callback_data.GIVE_UP, callback_data.HELP]


def test_a_delay_is_honest_and_nobody_need_wait() -> None:
    text = render(Submitting(ATTEMPT, delayed=True), FR).text
    assert "en cours de confirmation" in text
    assert "Elle n’est pas encore confirmée." in text
    assert "vous recevrez un message" in text


def test_a_delay_says_what_it_waits_for_and_until_when() -> None:
    assert "à partir de 11:00 (heure de Conakry)" in render(Submitting(ATTEMPT, BUSY, delayed=True), FR).text
    down = render(Submitting(ATTEMPT, DOWN, delayed=True), EN).text
    assert "does not answer" in down
    assert "We keep trying." in down


def test_a_booking_that_is_given_up_cannot_be_given_up_again() -> None:
    message = render(STATES["submitting, withdrawn"], EN)
    assert "giving this booking up" in message.text
    assert telegram.actions(message) == [callback_data.HELP]


@pytest.mark.parametrize("problem", list(Problem))
@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_every_refusal_says_that_nothing_was_booked_as_far_as_that_is_known_and_why(
    problem: Problem, t: Translator
) -> None:
    message = render(Refused(FULL, Trouble(problem)), t)
    assert t.text("refused.unsure" if problem is Problem.NO_TICKET else "refused.title") in message.text
    assert t.text(f"problem.{problem}") in message.text
    assert t.text(f"refused.{problem}") in message.text


def test_no_two_problems_have_the_same_words() -> None:
    for t in (FR, EN):
        words = [t.text(f"problem.{problem}") for problem in Problem]
        assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("problem", "first"),
    [
        (Problem.SLOT_TAKEN, callback_data.OTHER_TIME),
        (Problem.ALREADY_BOOKED, callback_data.APPOINTMENTS),
        (Problem.OUT_OF_CREDITS, callback_data.RETRY),
        (Problem.BAD_DATE, callback_data.OTHER_TIME),
        (Problem.TOO_LATE, callback_data.OTHER_TIME),
        (Problem.NO_TICKET, callback_data.APPOINTMENTS),
        (Problem.BAD_REQUEST, callback_data.OTHER_TIME),
        (Problem.NO_ACCESS, callback_data.RETRY),
        (Problem.DEPARTMENT_GONE, callback_data.CHANGE_DEPARTMENT),
        (Problem.APPOINTMENT_GONE, callback_data.OTHER_TIME),
        (Problem.BUSY, callback_data.RETRY),
        (Problem.DOWN, callback_data.RETRY),
    ],
)
def test_the_next_step_that_fits_stands_first(problem: Problem, first: str) -> None:
    found = telegram.actions(render(Refused(FULL, Trouble(problem)), FR))
    assert found[0] == first
    assert found[-2:] == [callback_data.BACK, callback_data.LEAVE]


def test_when_it_is_known_from_when_trying_again_makes_sense_it_is_said() -> None:
    assert "à partir de 11:00 (heure de Conakry)" in render(Refused(FULL, BUSY), FR).text


def test_a_typed_staff_number_may_be_the_reason() -> None:
    typed = Draft(COURT, Worker(42, ""), HALF_PAST_TWO, "Aïssatou Bah")
    bad = Trouble(Problem.BAD_REQUEST)
    assert "numéro de l’agent" in render(Refused(typed, bad), FR).text
    assert "numéro de l’agent" not in render(Refused(FULL, bad), FR).text
    assert "numéro de l’agent" not in render(Refused(typed, DOWN), FR).text
