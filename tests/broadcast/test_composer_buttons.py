from datetime import date, datetime, timedelta

import pytest

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingDepartment,
    ChoosingLanguage,
    ChoosingVersions,
    ComposeNotice,
    ComposeState,
    ConfirmingSend,
    Reviewing,
)
from bot.broadcast.model import Dated, Everyone, Speakers, Version, Visitors
from tests.broadcast.composer import BONJOUR, HELLO, MESSAGE, Composer
from tests.core.examples import BIRTHS

EVENING = datetime.fromisoformat("2026-01-20T20:59")


def choosing() -> Composer:
    return Composer().calls().sends(BONJOUR).presses_button(ComposeAction.ONE)


def test_a_version_can_be_skipped() -> None:
    composer = (
        Composer().calls().sends(BONJOUR).presses_button(ComposeAction.IS, "en").presses_button(ComposeAction.SKIP)
    )
    assert composer.stands() == ChoosingAudience()
    assert composer.draft
    assert composer.draft.versions == (Version("en", BONJOUR),)


@pytest.mark.parametrize(
    ("way", "back_to"),
    [
        ([], AskingMessage()),
        ([(ComposeAction.IS, "fr")], ChoosingVersions()),
        ([(ComposeAction.ONE, "")], AskingMessage()),
        ([(ComposeAction.ONE, ""), (ComposeAction.LANGUAGE, "")], ChoosingAudience()),
        ([(ComposeAction.ONE, ""), (ComposeAction.DEPARTMENT, "")], ChoosingAudience()),
        ([(ComposeAction.ONE, ""), (ComposeAction.DAYS, "")], ChoosingAudience()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.LATER, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.NOW, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.MESSAGE, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.AUDIENCE, "")], Reviewing()),
    ],
)
def test_every_state_has_a_way_back(way: list[tuple[ComposeAction, str]], back_to: ComposeState) -> None:
    composer = Composer().calls().sends(BONJOUR)
    for action, value in way:
        composer.presses_button(action, value)
    assert composer.presses_button(ComposeAction.BACK).stands() == back_to


def test_an_unknown_language_changes_nothing() -> None:
    assert Composer().calls().sends(BONJOUR).presses_button(ComposeAction.IS, "de").stands() == ChoosingVersions()
    assert (
        choosing().presses_button(ComposeAction.LANGUAGE).presses_button(ComposeAction.LANGUAGE, "de").stands()
        == ChoosingLanguage()
    )


@pytest.mark.parametrize(
    ("way", "audience"),
    [
        ([(ComposeAction.EVERYONE, "")], Everyone()),
        ([(ComposeAction.LANGUAGE, ""), (ComposeAction.LANGUAGE, "en")], Speakers("en")),
        ([(ComposeAction.DEPARTMENT, ""), (ComposeAction.DEPARTMENT, "3")], Visitors(3, BIRTHS.name)),
        ([(ComposeAction.DAYS, ""), (ComposeAction.TODAY, "")], Dated(date(2026, 1, 20), date(2026, 1, 20))),
        ([(ComposeAction.DAYS, ""), (ComposeAction.TOMORROW, "")], Dated(date(2026, 1, 21), date(2026, 1, 21))),
    ],
)
def test_buttons_choose_the_audience(way: list[tuple[ComposeAction, str]], audience: object) -> None:
    composer = choosing()
    for action, value in way:
        composer.presses_button(action, value)
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert composer.draft.audience == audience


def test_departments_are_paged_and_reloaded() -> None:
    composer = choosing().presses_button(ComposeAction.DEPARTMENT).presses_button(ComposeAction.PAGE, "1")
    assert composer.stands() == ChoosingDepartment(composer.offices, page=1)
    assert composer.presses_button(ComposeAction.PAGE, "x").stands() == ChoosingDepartment(composer.offices, page=1)
    assert composer.presses_button(ComposeAction.DEPARTMENT, "99").stands() == ChoosingDepartment(
        composer.offices, page=1
    )
    assert composer.presses_button(ComposeAction.RETRY).stands() == ChoosingDepartment(composer.offices)


def test_a_forged_button_changes_nothing() -> None:
    assert Composer().calls().presses_button(ComposeAction.BACK).stands() == AskingMessage()
    assert Composer().calls().presses_button(ComposeAction.GO).stands() == AskingMessage()
    assert choosing().presses_button(ComposeAction.GO).stands() == ChoosingAudience()
    assert choosing().presses_button(ComposeAction.DAYS).presses_button(ComposeAction.GO).stands() == AskingDays()


def test_changing_the_message_keeps_the_audience_and_shows_a_new_preview() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.MESSAGE).sends(HELLO).presses_button(ComposeAction.ONE)
    assert composer.stands() == Reviewing()
    assert composer.previews[-1].versions == (Version("", HELLO),)


def test_the_confirmation_counts_again_and_replaces_the_pressed_message() -> None:
    composer = Composer().reviews()
    composer.reaches = 251
    composer.presses_button(ComposeAction.NOW)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.count == 251
    assert composer.shown
    assert composer.shown.message == MESSAGE


def test_a_confirmed_broadcast_is_launched() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.NOW).presses_button(ComposeAction.GO)
    (launched,) = composer.launched
    assert launched.draft.versions == (Version("", BONJOUR),)
    assert launched.starts is None
    assert launched.message == MESSAGE


def test_a_changed_number_must_be_confirmed_again() -> None:
    composer = Composer(reaches=11).reviews().presses_button(ComposeAction.NOW)
    composer.reaches = 101
    composer.presses_button(ComposeAction.GO)
    assert (composer.stands(), composer.notice) == (ConfirmingSend(again=True), ComposeNotice.RECOUNTED)
    assert composer.draft
    assert composer.draft.count == 101
    assert composer.launched == []
    composer.presses_button(ComposeAction.GO)
    assert [each.draft.count for each in composer.launched] == [101]


@pytest.mark.parametrize(("before", "after", "goes"), [(1000, 1010, True), (1000, 1011, False), (99, 100, False)])
def test_the_second_confirmation_accepts_a_change_of_one_percent(before: int, after: int, *, goes: bool) -> None:
    composer = Composer(reaches=5).reviews().presses_button(ComposeAction.NOW)
    composer.reaches = before
    composer.presses_button(ComposeAction.GO)
    composer.reaches = after
    composer.presses_button(ComposeAction.GO)
    assert bool(composer.launched) is goes


def test_a_confirmation_without_recipients_leads_back_to_the_audience() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.NOW)
    composer.reaches = 0
    composer.presses_button(ComposeAction.GO)
    assert (composer.stands(), composer.notice) == (ChoosingAudience(), ComposeNotice.NOBODY)


def test_sending_now_at_night_needs_the_admins_consent() -> None:
    composer = Composer(at=EVENING + timedelta(minutes=1)).reviews().presses_button(ComposeAction.NOW)
    assert composer.stands() == AskingNight()
    assert composer.presses_button(ComposeAction.INSIST).stands() == ConfirmingSend()
    assert composer.presses_button(ComposeAction.GO).launched[0].draft.night


def test_at_night_another_time_can_be_chosen() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=2))
        .reviews()
        .presses_button(ComposeAction.NOW)
        .presses_button(ComposeAction.LATER)
    )
    assert composer.stands() == AskingTime()


def test_night_that_falls_before_the_confirmation_is_asked_about() -> None:
    composer = (
        Composer(at=EVENING)
        .reviews()
        .presses_button(ComposeAction.NOW)
        .later(minutes=2)
        .presses_button(ComposeAction.GO)
    )
    assert composer.stands() == AskingNight()
    assert composer.launched == []


def test_a_time_that_passes_before_the_confirmation_is_asked_for_again() -> None:
    composer = (
        Composer()
        .reviews()
        .presses_button(ComposeAction.LATER)
        .types("11:00")
        .later(hours=2)
        .presses_button(ComposeAction.GO)
    )
    assert composer.stands() == AskingTime()
    assert composer.notice is ComposeNotice.PAST
    assert composer.launched == []


def test_consent_to_one_night_does_not_count_for_another_time() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1))
        .reviews()
        .presses_button(ComposeAction.NOW)
        .presses_button(ComposeAction.INSIST)
    )
    composer.presses_button(ComposeAction.BACK).presses_button(ComposeAction.LATER)
    assert composer.draft
    assert composer.draft.night is None


def test_consent_ends_with_its_night() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1))
        .reviews()
        .presses_button(ComposeAction.NOW)
        .presses_button(ComposeAction.INSIST)
    )
    composer.later(hours=12).presses_button(ComposeAction.GO)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.night is None
    assert composer.launched == []
    assert composer.presses_button(ComposeAction.GO).launched


def test_another_night_needs_another_consent() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1))
        .reviews()
        .presses_button(ComposeAction.NOW)
        .presses_button(ComposeAction.INSIST)
    )
    composer.later(days=1).presses_button(ComposeAction.GO)
    assert composer.stands() == AskingNight()
    assert composer.launched == []
