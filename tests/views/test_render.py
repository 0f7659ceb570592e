"""Rules for every screen in every language."""

import re
from datetime import date

import pytest

from bot.core import callback_data
from bot.core.effects import Show
from bot.core.model import Draft, Failure, FailureCode, Worker
from bot.core.screens import LASTING, LanguageMenu, NoticeMessage, Screen, SettingsMenu, Validated, present
from bot.core.states import (
    AskingCancel,
    BookingRefusedState,
    BookingState,
    Idle,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Notice,
    Pending,
)
from bot.i18n import Translator
from bot.views.message import Message, Office
from bot.views.render import render
from tests.core.examples import COURT, DEPARTMENTS, FULL, given, pressed
from tests.views import telegram
from tests.views.pages import EN, FR, SCREENS
from tests.views.telegram import check_labels, check_limits, labels, plain

LOADING = (LoadingDepartments, LoadingDays, LoadingTimes, LoadingNearest)
every_screen = pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
every_language = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])


@every_screen
@every_language
def test_every_screen_stays_within_telegrams_limits(screen: Screen, t: Translator) -> None:
    check_limits(render(screen, t))
    check_limits(render(screen, t, Notice.NAME_SIGNS))


@every_screen
@every_language
@pytest.mark.parametrize("today", [None, date(2026, 1, 25), date(2026, 1, 24), date(2026, 1, 1)])
def test_every_label_fits_one_line_of_a_small_phone(screen: Screen, t: Translator, today: date | None) -> None:
    for departments in ((), DEPARTMENTS):
        check_labels(render(screen, t, office=Office(today=today, departments=departments)))


@pytest.mark.parametrize("code", list(FailureCode))
@every_language
def test_every_label_after_a_refusal_fits(code: FailureCode, t: Translator) -> None:
    typed = Draft(COURT, Worker(42, ""), FULL.at, FULL.name)
    for draft in (FULL, typed):
        check_labels(render(BookingRefusedState(draft, Failure(code)), t))


@every_screen
@every_language
def test_the_question_is_the_last_line_and_bold(screen: Screen, t: Translator) -> None:
    if isinstance(screen, BookingState | AskingCancel | SettingsMenu | LanguageMenu):
        if isinstance(screen, LOADING) and screen.failure is None:
            return
        assert render(screen, t).text.endswith("</b>")


@every_screen
@every_language
def test_no_button_is_a_sign_without_words(screen: Screen, t: Translator) -> None:
    for label in labels(render(screen, t)):
        assert re.search(r"\w{2}", label), label


@every_screen
@every_language
def test_no_line_is_a_sign_without_words(screen: Screen, t: Translator) -> None:
    for line in plain(render(screen, t).text).split("\n"):
        assert not line or re.search(r"\w", line), line


@every_screen
def test_no_screen_has_the_same_label_twice(screen: Screen) -> None:
    for t in (FR, EN):
        found = labels(render(screen, t))
        assert len(found) == len(set(found))


@every_screen
def test_both_languages_have_the_same_buttons(screen: Screen) -> None:
    french, english = (telegram.actions(render(screen, t)) for t in (FR, EN))
    assert french == ["l:en" if action == "l:fr" and "l:en" in french else action for action in english] or (
        sorted(french) == sorted(english)
    )


@every_screen
def test_the_languages_differ(screen: Screen) -> None:
    assert render(screen, FR).text != render(screen, EN).text


@every_screen
def test_every_button_of_a_flow_is_understood_by_its_own_screen(screen: Screen) -> None:
    if isinstance(screen, LASTING) or screen == SCREENS["greeting"]:
        return
    session = given(Idle() if screen == SCREENS["menu"] else screen)  # type: ignore[arg-type]
    for action in telegram.actions(render(screen, FR)):
        after, effects = pressed(session, action)
        redrawn = effects == (Show(present(session), session.screen, session.message),)
        assert after.state != session.state or not redrawn, action


@every_screen
def test_every_screen_of_a_booking_has_a_way_back_and_a_way_out(screen: Screen) -> None:
    if isinstance(screen, BookingState):
        found = telegram.actions(render(screen, FR))
        assert callback_data.LEAVE in found
        other_days = screen == SCREENS["choosing nearest"] and callback_data.OTHER_TIME in found
        # Before the first step of a move there is only the appointment that is kept.
        keeps = screen in {SCREENS["choosing the new day"], SCREENS["move refused"]}
        assert keeps or other_days or any(label.startswith("⬅️ Retour") for label in labels(render(screen, FR)))


@every_screen
def test_every_screen_leads_on(screen: Screen) -> None:
    alone = isinstance(screen, NoticeMessage | Validated) or screen == SCREENS["picture"]
    assert bool(render(screen, FR).rows) != alone


@every_screen
def test_a_remark_stands_above_the_screen_and_changes_nothing_else(screen: Screen) -> None:
    bare, remarked = render(screen, FR), render(screen, FR, Notice.SORRY)
    assert remarked.text.endswith("\n\n" + bare.text)
    assert remarked.text.startswith("⚠️ Désolé")
    assert Message("", remarked.rows, remarked.qr_link) == Message("", bare.rows, bare.qr_link)


def test_an_idle_session_shows_the_menu() -> None:
    assert render(Idle(), FR) == render(SCREENS["menu"], FR)


@every_screen
@every_language
def test_a_leaving_button_never_speaks_of_cancelling_an_appointment(screen: Screen, t: Translator) -> None:
    for row in render(screen, t).rows:
        for button in row:
            if button.action in {callback_data.LEAVE, callback_data.GIVE_UP, callback_data.BACK}:
                assert not re.search("annul|cancel", button.label, re.IGNORECASE)


@pytest.mark.parametrize(
    "name",
    ["choosing a day", "choosing a time", "choosing nearest", "typing a name", "confirming", "new ticket", "listing"],
)
def test_every_screen_with_an_hour_names_its_time_zone(name: str) -> None:
    screen = SCREENS[name]
    assert plain(render(screen, FR).text).lower().count("heure de conakry") == 1
    assert plain(render(screen, EN).text).count("Conakry time") == 1
    assert "eure de Dakar" in plain(render(screen, FR, office=Office.of_zone("Africa/Dakar")).text)


@every_screen
def test_while_something_is_pending_nothing_is_promised(screen: Screen) -> None:
    if isinstance(screen, Pending) and screen != SCREENS["moving, booked"]:
        text = plain(render(screen, EN).text)
        assert "is confirmed" not in text
        assert "is cancelled" not in text
