"""The details of a department, what of them changed since a ticket, and the buttons that lead to them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.conversation import step
from bot.core.department_details import NO_DETAILS, DepartmentDetails, DetailPart, changed_since, updated
from bot.core.effects import Show, Tell
from bot.core.screens import DepartmentInfo, Where
from bot.core.states import ChoosingTime, State
from tests.core.examples import DRAFT, MESSAGE, NINE, STATES, SUNDAY, given, press, pressed

NOON = datetime.fromisoformat("2026-03-02T12:00:20")
LATER = NOON + timedelta(hours=1)
KALOUM = DepartmentDetails(address="Almamya, Kaloum", bring=("Ancien passeport",))


def test_only_words_count_as_something_to_read() -> None:
    assert not replace(NO_DETAILS, closed=frozenset({SUNDAY}), pin=(9.5, -13.7)).has_words
    for words in ({"before": "x"}, {"bring": ("x",)}, {"landmark": "x"}, {"phone": "x"}, {"notice": "x"}):
        assert replace(NO_DETAILS, **words).has_words


def test_what_is_new_is_as_old_as_its_minute_and_so_never_newer_than_a_ticket_of_that_minute() -> None:
    history = updated({}, {"fr": {5: KALOUM}}, NOON)
    assert {at for _, at in history.values()} == {NOON.replace(second=0)}
    assert changed_since(history, 5, "fr", NOON.replace(second=0)) == ()
    assert changed_since(history, 5, "fr", NOON - timedelta(minutes=1)) == (DetailPart.ADDRESS, DetailPart.BRING)


def test_only_the_part_that_changed_is_newer_in_the_language_in_which_it_did() -> None:
    first = updated({}, {"fr": {5: KALOUM}, "en": {5: KALOUM}}, NOON)
    moved = replace(KALOUM, address="Kipé, Ratoma")
    history = updated(first, {"fr": {5: moved}, "en": {5: KALOUM}}, LATER)
    assert changed_since(history, 5, "fr", NOON) == (DetailPart.ADDRESS,)
    assert changed_since(history, 5, "en", NOON) == ()
    assert changed_since(history, 8, "fr", NOON) == ()


def test_a_change_in_the_minute_of_the_ticket_is_told_rather_than_kept_back() -> None:
    first = updated({}, {"fr": {5: KALOUM}}, NOON - timedelta(days=1))
    history = updated(first, {"fr": {5: replace(KALOUM, bring=("Deux photos",))}}, NOON)
    assert changed_since(history, 5, "fr", NOON.replace(second=0)) == (DetailPart.BRING,)


def test_reading_the_same_again_changes_nothing() -> None:
    history = updated({}, {"fr": {5: KALOUM}}, NOON)
    assert updated(history, {"fr": {5: replace(KALOUM, phone="620")}}, LATER) == history


def test_what_was_removed_is_forgotten_since_there_is_nothing_to_read_instead() -> None:
    history = updated({}, {"fr": {5: KALOUM}}, NOON)
    assert updated(history, {"fr": {5: NO_DETAILS}}, LATER) == {}


def test_nothing_is_called_changed_if_nobody_knows_since_when_the_ticket_is() -> None:
    assert changed_since(updated({}, {"fr": {5: KALOUM}}, NOON), 5, "fr", None) == ()


@pytest.mark.parametrize(
    "state",
    [
        STATES["choosing a day"],
        STATES["no days"],
        STATES["choosing the new day"],
        ChoosingTime(DRAFT, SUNDAY, (NINE,), is_first=True),
    ],
)
def test_what_to_bring_takes_the_place_of_the_screen_and_leads_back_to_it(state: State) -> None:
    session = given(state, offered=("info:1",))
    after, effects = pressed(session, "info:1")
    assert after.state == state
    assert effects == (Show(DepartmentInfo(1, back=True), after.screen, MESSAGE),)
    _, effects = step(after, press(after, "back", screen=None))
    assert effects == (Show(state, after.screen, MESSAGE),)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_the_buttons_under_a_ticket_tell_and_change_nothing_whatever_is_going_on(state: State) -> None:
    session = given(state)
    for action, screen in (("info:5", DepartmentInfo(5)), ("where:5", Where(5))):
        after, effects = step(session, press(session, action, screen=None))
        assert effects == (Tell(screen),)
        assert (after.state, after.screen, after.message) == (state, session.screen, session.message)


@pytest.mark.parametrize("action", ["info:", "where:x", "info", "where:-1"])
def test_a_forged_number_is_an_unknown_button(action: str) -> None:
    session = given(STATES["choosing a day"])
    _, effects = step(session, press(session, action, screen=None))
    assert not any(isinstance(each, Tell) for each in effects)
