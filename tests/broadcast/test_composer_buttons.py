from datetime import date, datetime, timedelta

import pytest

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingLanguage,
    ChoosingOffice,
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


def test_a_language_may_go_without_its_version() -> None:
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
        ([(ComposeAction.ONE, ""), (ComposeAction.OFFICE, "")], ChoosingAudience()),
        ([(ComposeAction.ONE, ""), (ComposeAction.DAYS, "")], ChoosingAudience()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.LATER, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.NOW, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.MESSAGE, "")], Reviewing()),
        ([(ComposeAction.ONE, ""), (ComposeAction.EVERYONE, ""), (ComposeAction.AUDIENCE, "")], Reviewing()),
    ],
)
def test_every_stage_leads_back(way: list[tuple[ComposeAction, str]], back_to: ComposeState) -> None:
    composer = Composer().calls().sends(BONJOUR)
    for ask, value in way:
        composer.pushes(ask, value)
    assert composer.pushes(ComposeAction.BACK).stands() == back_to


def test_a_language_that_there_is_not_leads_nowhere() -> None:
    assert Composer().calls().sends(BONJOUR).pushes(ComposeAction.IS, "de").stands() == ChoosingVersions()
    assert choosing().pushes(ComposeAction.LANGUAGE).pushes(ComposeAction.LANGUAGE, "de").stands() == ChoosingLanguage()


@pytest.mark.parametrize(
    ("way", "audience"),
    [
        ([(ComposeAction.EVERYONE, "")], Everyone()),
        ([(ComposeAction.LANGUAGE, ""), (ComposeAction.LANGUAGE, "en")], Speakers("en")),
        ([(ComposeAction.OFFICE, ""), (ComposeAction.OFFICE, "3")], Visitors(3, BIRTHS.name)),
        ([(ComposeAction.DAYS, ""), (ComposeAction.TODAY, "")], Dated(date(2026, 1, 20), date(2026, 1, 20))),
        ([(ComposeAction.DAYS, ""), (ComposeAction.TOMORROW, "")], Dated(date(2026, 1, 21), date(2026, 1, 21))),
    ],
)
def test_whom_it_is_for_is_chosen(way: list[tuple[ComposeAction, str]], audience: object) -> None:
    composer = choosing()
    for ask, value in way:
        composer.pushes(ask, value)
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert composer.draft.audience == audience


def test_departments_are_leafed_through_and_read_again() -> None:
    composer = choosing().pushes(ComposeAction.OFFICE).pushes(ComposeAction.PAGE, "1")
    assert composer.stands() == ChoosingOffice(composer.offices, page=1)
    assert composer.pushes(ComposeAction.PAGE, "x").stands() == ChoosingOffice(composer.offices, page=1)
    assert composer.pushes(ComposeAction.OFFICE, "99").stands() == ChoosingOffice(composer.offices, page=1)
    assert composer.pushes(ComposeAction.RETRY).stands() == ChoosingOffice(composer.offices)


def test_a_forged_button_leads_nowhere() -> None:
    assert Composer().calls().pushes(ComposeAction.BACK).stands() == AskingMessage()
    assert Composer().calls().pushes(ComposeAction.GO).stands() == AskingMessage()
    assert choosing().pushes(ComposeAction.GO).stands() == ChoosingAudience()
    assert choosing().pushes(ComposeAction.DAYS).pushes(ComposeAction.GO).stands() == AskingDays()


def test_changing_the_message_keeps_the_audience_and_shows_a_new_preview() -> None:
    composer = Composer().reviews().pushes(ComposeAction.MESSAGE).sends(HELLO).pushes(ComposeAction.ONE)
    assert composer.stands() == Reviewing()
    assert composer.previews[-1].versions == (Version("", HELLO),)


def test_the_last_question_counts_again_and_stands_where_the_button_was() -> None:
    composer = Composer().reviews()
    composer.reaches = 251
    composer.pushes(ComposeAction.NOW)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.count == 251
    assert composer.shown
    assert composer.shown.message == MESSAGE


def test_what_is_confirmed_is_launched() -> None:
    composer = Composer().reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.GO)
    (launched,) = composer.launched
    assert launched.draft.versions == (Version("", BONJOUR),)
    assert launched.starts is None
    assert launched.message == MESSAGE


def test_a_number_that_changed_before_it_was_confirmed_is_asked_about_again() -> None:
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
def test_asked_a_second_time_a_hundredth_is_no_other_number(before: int, after: int, *, goes: bool) -> None:
    composer = Composer(reaches=5).reviews().pushes(ComposeAction.NOW)
    composer.reaches = before
    composer.pushes(ComposeAction.GO)
    composer.reaches = after
    composer.pushes(ComposeAction.GO)
    assert bool(composer.launched) is goes


def test_nobody_left_when_it_is_confirmed_leads_back_to_the_recipients() -> None:
    composer = Composer().reviews().pushes(ComposeAction.NOW)
    composer.reaches = 0
    composer.pushes(ComposeAction.GO)
    assert (composer.stands(), composer.notice) == (ChoosingAudience(), ComposeNotice.NOBODY)


def test_sending_now_by_night_needs_the_admin_to_insist() -> None:
    composer = Composer(at=EVENING + timedelta(minutes=1)).reviews().pushes(ComposeAction.NOW)
    assert composer.stands() == AskingNight()
    assert composer.pushes(ComposeAction.INSIST).stands() == ConfirmingSend()
    assert composer.pushes(ComposeAction.GO).launched[0].draft.night


def test_by_night_another_time_can_be_chosen() -> None:
    composer = Composer(at=EVENING + timedelta(hours=2)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.LATER)
    assert composer.stands() == AskingTime()


def test_night_that_falls_while_the_question_stands_is_asked_about() -> None:
    composer = Composer(at=EVENING).reviews().pushes(ComposeAction.NOW).later(minutes=2).pushes(ComposeAction.GO)
    assert composer.stands() == AskingNight()
    assert composer.launched == []


def test_a_time_that_passes_while_the_question_stands_is_asked_for_again() -> None:
    composer = Composer().reviews().pushes(ComposeAction.LATER).types("11:00").later(hours=2).pushes(ComposeAction.GO)
    assert composer.stands() == AskingTime()
    assert composer.notice is ComposeNotice.PAST
    assert composer.launched == []


def test_insisting_once_does_not_count_for_another_time() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.pushes(ComposeAction.BACK).pushes(ComposeAction.LATER)
    assert composer.draft
    assert composer.draft.night is None


def test_insisting_does_not_outlast_the_night_that_was_meant() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.later(hours=12).pushes(ComposeAction.GO)
    assert composer.stands() == ConfirmingSend()
    assert composer.draft
    assert composer.draft.night is None
    assert composer.launched == []
    assert composer.pushes(ComposeAction.GO).launched


def test_by_another_night_the_admin_is_asked_once_more() -> None:
    composer = (
        Composer(at=EVENING + timedelta(hours=1)).reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.INSIST)
    )
    composer.later(days=1).pushes(ComposeAction.GO)
    assert composer.stands() == AskingNight()
    assert composer.launched == []
