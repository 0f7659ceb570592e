"""The screens of reads that are running or failed."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.core import callback_data
from bot.core.model import Failure, FailureCode
from bot.core.states import (
    BookingAttempt,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Purpose,
    Submitting,
)
from bot.i18n import Translator
from bot.views.errors import BOOKING_ONLY, PASSING, Loading
from bot.views.message import Office
from bot.views.render import render
from tests.core.examples import BUSY, DOWN, FULL, NOW, SUNDAY
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import plain

LOADING: list[Loading] = [
    LoadingDepartments(),
    LoadingDays(FULL),
    LoadingTimes(FULL, SUNDAY),
    LoadingNearest(FULL),
    LoadingAppointments(Purpose.VIEW),
    LoadingAppointments(Purpose.CANCEL),
]
every_read = pytest.mark.parametrize("state", LOADING)


@every_read
def test_a_read_under_way_asks_for_a_moment(state: Loading) -> None:
    message = render(state, FR)
    assert message.text == "⏳ Un instant…"
    assert telegram.actions(message)[0] == callback_data.RETRY


@every_read
@pytest.mark.parametrize("code", list(FailureCode))
def test_a_failed_read_says_why_and_can_be_tried_again(state: Loading, code: FailureCode) -> None:
    message = render(replace(state, failure=Failure(code)), EN)
    assert callback_data.LEAVE in telegram.actions(message)
    assert callback_data.RETRY in telegram.actions(message)
    if isinstance(state, LoadingAppointments) and state.purpose is Purpose.CANCEL and code not in PASSING:
        assert "does not accept this cancellation" in message.text
        assert telegram.actions(message)[0] == callback_data.APPOINTMENTS
        return
    said = FailureCode.BAD_REQUEST if isinstance(state, LoadingAppointments) and code in BOOKING_ONLY else code
    assert EN.text(f"problem.{said}") in message.text
    assert "Try again" in message.text
    assert telegram.actions(message)[0] == callback_data.RETRY


def test_a_cancellation_that_is_refused_points_to_the_office() -> None:
    refused = LoadingAppointments(Purpose.CANCEL, 12345, failure=Failure(FailureCode.BAD_REQUEST))
    text = render(refused, FR, office=Office(contact="620 00 00 00")).text
    for words in ("Rien n’a été annulé", "reste valable", "Prévenez le service", "620 00 00 00"):
        assert words in text


def test_every_failed_read_says_what_could_not_be_read() -> None:
    titles = {plain(render(replace(state, failure=DOWN), FR).text).split("\n")[0] for state in LOADING}
    assert titles == {
        "⚠️ Impossible d’afficher les services.",
        "⚠️ Impossible d’afficher les jours libres.",
        "⚠️ Impossible d’afficher les heures libres.",
        "⚠️ Impossible d’afficher vos rendez-vous. Si vous avez un ticket, il est plus haut dans la discussion.",
        "⚠️ Rien n’a été annulé.",
    }


@pytest.mark.parametrize("state", LOADING[1:4])
def test_a_failed_read_shows_the_choices_made_so_far(state: Loading) -> None:
    text = plain(render(replace(state, failure=DOWN), FR).text)
    assert "Vos choix sont gardés" in text
    assert "Aïssatou Bah" in text


def test_a_failed_read_says_when_to_try_again() -> None:
    assert "from 11:00 (Conakry time)" in render(LoadingDepartments(failure=BUSY), EN).text


@pytest.mark.parametrize(
    ("translator", "words"),
    [(EN, "from Tue 3 Mar at 07:00 (Conakry time)"), (FR, "à partir du mar. 3 mars à 07:00 (heure de Conakry)")],
)
def test_another_day_is_said_with_its_hour(translator: Translator, words: str) -> None:
    until = Failure(FailureCode.BUSY, datetime(2026, 3, 3, 7, 0), another_day=True)  # noqa: DTZ001 — office time
    assert words in plain(render(LoadingDepartments(failure=until), translator).text)
    waiting = Submitting(BookingAttempt(1, FULL, NOW), delayed=True, failure=until)
    assert words in plain(render(waiting, translator).text)
