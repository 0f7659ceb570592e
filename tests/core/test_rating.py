"""The question after a visit: its answers, how often it may come, and what admins may see of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Amend, Rate
from bot.core.events import Pressed, Rated
from bot.core.rating import DepartmentRatings, RatingCount, Score, by_department, may_ask
from bot.core.screens import NoticeMessage, SettingsMenu
from bot.core.session import Session
from bot.core.states import Notice, State
from tests.core.examples import NOW, STATES, every_state

MONDAY = date(2026, 3, 9)


def standing(state: State) -> Session:
    return Session("fr", NOW, screen=7, state=state, message=5)


def press(action: str) -> Pressed:
    return Pressed(at=NOW, screen=None, action=action, message=900)


@every_state
@pytest.mark.parametrize("score", Score)
def test_an_answer_counts_at_any_time_and_leaves_the_screen_as_it_is(state: State, score: Score) -> None:
    before = standing(state)
    after, effects = step(before, press(f"rate:50.{score}"))
    assert (after, effects) == (before, (Rate(50, score, 900),))


@pytest.mark.parametrize(("is_counted", "notice"), [(True, Notice.RATED), (False, Notice.RATING_CLOSED)])
def test_the_question_becomes_the_thanks_or_says_that_it_is_closed(*, is_counted: bool, notice: Notice) -> None:
    before = standing(STATES["idle"])
    rated = Rated(at=NOW, is_counted=is_counted, message=900)
    assert step(before, rated) == (before, (Amend(900, NoticeMessage(notice)),))


@every_state
def test_who_does_not_want_to_be_asked_again_is_not_and_the_question_is_closed(state: State) -> None:
    before = standing(state)
    after, effects = step(before, press("rate:50.0"))
    assert after == replace(before, ratings=False)
    assert effects == (Rate(50, None, 900), Amend(900, NoticeMessage(Notice.RATINGS_OFF)))


@every_state
def test_in_the_settings_it_is_turned_off_and_on_in_place(state: State) -> None:
    before = standing(state)
    off, effects = step(before, press(callback_data.SET_RATINGS_OFF))
    assert effects == (Amend(900, SettingsMenu(announcements=True, reminders=True, ratings=False)),)
    on, _ = step(off, press(callback_data.SET_RATINGS_ON))
    assert (off.ratings, on.ratings) == (False, True)


@pytest.mark.parametrize("action", ["rate:50.6", "rate:50", "rate:x.3", "rate:"])
def test_a_forged_answer_is_a_stale_button(action: str) -> None:
    _, (shown,) = step(standing(STATES["idle"]), press(action))
    assert shown.notice is Notice.STALE_BUTTON  # type: ignore[union-attr]


def test_a_chat_is_asked_once_in_thirty_days() -> None:
    assert may_ask(MONDAY, None)
    assert not may_ask(MONDAY, MONDAY - timedelta(days=29))
    assert may_ask(MONDAY, MONDAY - timedelta(days=30))


def test_a_department_is_shown_from_five_ratings_on() -> None:
    week = MONDAY + timedelta(days=7)
    counts = [
        RatingCount(8, MONDAY, Score.GOOD, 3),
        RatingCount(5, MONDAY, Score.VERY_GOOD, 4),
        RatingCount(8, week, Score.GOOD, 1),
        RatingCount(8, week, Score.VERY_POOR, 1),
    ]
    assert by_department(counts) == (DepartmentRatings(8, (0, 4, 0, 0, 1)),)
    assert by_department(counts)[0].total == 5
    fuller = [*counts, RatingCount(5, week, Score.POOR, 1), RatingCount(5, MONDAY, Score.FAIR, 1)]
    assert by_department(fuller) == (DepartmentRatings(5, (4, 0, 1, 1, 0)), DepartmentRatings(8, (0, 4, 0, 0, 1)))
