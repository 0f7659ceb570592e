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
    return Composer().calls().sends(BONJOUR).pushes(ComposeAction.ONE)


def test_a_version_can_be_skipped() -> None:
    composer = Composer().calls().sends(BONJOUR).pushes(ComposeAction.IS, "en").pushes(ComposeAction.SKIP)
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
    for ask, value in way:
        composer.pushes(ask, value)
    assert composer.pushes(ComposeAction.BACK).stands() == back_to


def test_an_unknown_language_changes_nothing() -> None:
    assert Composer().calls().sends(BONJOUR).pushes(ComposeAction.IS, "de").stands() == ChoosingVersions()
    assert choosing().pushes(ComposeAction.LANGUAGE).pushes(ComposeAction.LANGUAGE, "de").stands() == ChoosingLanguage()


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
    for ask, value in way:
        composer.pushes(ask, value)
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert composer.draft.audience == audience


def test_departments_are_paged_and_reloaded() -> None:
    composer = choosing().pushes(ComposeAction.DEPARTMENT).pushes(ComposeAction.PAGE, "1")
    assert composer.stands() == ChoosingDepartment(composer.offices, page=1)
    assert composer.pushes(ComposeAction.PAGE, "x").stands() == ChoosingDepartment(composer.offices, page=1)
    assert composer.pushes(ComposeAction.DEPARTMENT, "99").stands() == ChoosingDepartment(composer.offices, page=1)
    assert composer.pushes(ComposeAction.RETRY).stands() == ChoosingDepartment(composer.offices)


def test_a_forged_button_changes_nothing() -> None:
    assert Composer().calls().pushes(ComposeAction.BACK).stands() == AskingMessage()
    assert Composer().calls().pushes(ComposeAction.GO).stands() == AskingMessage()
    assert choosing().pushes(ComposeAction.GO).stands() == ChoosingAudience()
    assert choosing().pushes(ComposeAction.DAYS).pushes(ComposeAction.GO).stands() == AskingDays()


def test_changing_the_message_keeps_the_audience_and_shows_a_new_preview() -> None:
    composer = Composer().reviews().pushes(ComposeAction.MESSAGE).sends(HELLO).pushes(ComposeAction.ONE)
    assert composer.stands() == Reviewing()
    assert composer.previews[-1].versions == (Version("", HELLO),)


def test_the_confirmation_counts_again_and_replaces_the_pressed_message() -> None:
    composer = Composer().reviews()
    composer.reaches = 251
    composer.pushes(ComposeAction.NOW)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.count == 251
    assert composer.shown
    assert composer.shown.message == MESSAGE


def test_a_confirmed_broadcast_is_launched() -> None:
    composer = Composer().reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.GO)
    (launched,) = composer.launched
    assert launched.draft.versions == (Version("", BONJOUR),)
    assert launched.starts is None
    assert launched.message == MESSAGE


def test_a_changed_number_must_be_confirmed_again() -> None:
    composer = Composer(reaches=11).reviews().pushes(ComposeAction.NOW)
    composer.reaches = 101
    composer.pushes(ComposeAction.GO)
    assert (composer.stands(), composer.notice) == (ConfirmingSend(again=True), ComposeNotice.RECOUNTED)
    assert composer.draft
    assert composer.draft.count == 101
    assert composer.launched == []
    composer.pushes(ComposeAction.GO)
    assert [each.draft.count for each in composer.launched] == [101]


@pytest.mark.parametrize(("before", "after", "goes"), [(1000, 1010, True), (1000, 1011, False), (99, 100, False)])
def test_the_second_confirmation_accepts_a_change_of_one_percent(before: int, after: int, *, goes: bool) -> None:
    composer = Composer(reaches=5).reviews().pushes(ComposeAction.NOW)
    composer.reaches = before
    composer.pushes(ComposeAction.GO)
    composer.reaches = after
    composer.pushes(ComposeAction.GO)
    assert bool(composer.launched) is goes


def test_a_confirmation_without_recipients_leads_back_to_the_audience() -> None:
    composer = Composer().reviews().pushes(ComposeAction.NOW)
    composer.reaches = 0
    composer.pushes(ComposeAction.GO)
    assert (composer.stands(), composer.notice) == (ChoosingAudience(), ComposeNotice.NOBODY)


def test_sending_now_at_night_needs_the_admins_consent() -> None:
    composer = Composer(at=EVENING + timedelta(minutes=1)).reviews().pushes(ComposeAction.NOW)
    assert composer.stands() == AskingNight()
    assert composer.pushes(ComposeAction.INSIST).stands() == ConfirmingSend()
    assert composer.pushes(ComposeAction.GO).launched[0].draft.night


def test_at_night_another_time_can_be_chosen() -> None:
    composer = Composer(at=EVENING + timedelta(hours=2)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.LATER)
    assert composer.stands() == AskingTime()


def test_night_that_falls_before_the_confirmation_is_asked_about() -> None:
    composer = Composer(at=EVENING).reviews().pushes(ComposeAction.NOW).later(minutes=2).pushes(ComposeAction.GO)
    assert composer.stands() == AskingNight()
    assert composer.launched == []


def test_a_time_that_passes_before_the_confirmation_is_asked_for_again() -> None:
    composer = Composer().reviews().pushes(ComposeAction.LATER).types("11:00").later(hours=2).pushes(ComposeAction.GO)
    assert composer.stands() == AskingTime()
    assert composer.notice is ComposeNotice.PAST
    assert composer.launched == []


def test_consent_to_one_night_does_not_count_for_another_time() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.pushes(ComposeAction.BACK).pushes(ComposeAction.LATER)
    assert composer.draft
    assert composer.draft.night is None


def test_consent_ends_with_its_night() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.later(hours=12).pushes(ComposeAction.GO)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.night is None
    assert composer.launched == []
    assert composer.pushes(ComposeAction.GO).launched


def test_another_night_needs_another_consent() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.later(days=1).pushes(ComposeAction.GO)
    assert composer.stands() == AskingNight()
    assert composer.launched == []
