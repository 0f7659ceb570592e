from dataclasses import replace
from datetime import date, datetime

import pytest

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import (
    AskingDays,
    AskingMessage,
    AskingNight,
    AskingTime,
    ChoosingAudience,
    ChoosingOffice,
    ChoosingVersions,
    ComposeNotice,
    ComposerPressed,
    ConfirmingSend,
    Reviewing,
)
from bot.broadcast.composer import MAX_CAPTION, MAX_TEXT, step, unfit
from bot.broadcast.model import Content, Dated, Media, Version
from tests.broadcast.composer import BONJOUR, HELLO, MESSAGE, MORNING, PHOTO, Composer
from tests.core.examples import DOWN


def test_the_command_asks_for_the_message() -> None:
    assert Composer().calls().stands() == AskingMessage()


def test_the_command_again_comes_back_to_what_was_begun() -> None:
    composer = Composer().calls().sends(BONJOUR).calls()
    assert composer.stands() == ChoosingVersions()
    assert composer.notice is ComposeNotice.RESUMED


def test_a_message_leads_to_the_question_for_its_versions() -> None:
    composer = Composer().calls().sends(PHOTO)
    assert composer.stands() == ChoosingVersions()
    assert composer.draft
    assert composer.draft.versions == (Version("", PHOTO),)


def test_with_one_language_there_is_nothing_to_ask() -> None:
    assert Composer(locales=("fr",)).calls().sends(PHOTO).stands() == ChoosingAudience()


def test_a_second_version_leads_on() -> None:
    composer = Composer().calls().sends(BONJOUR).pushes(ComposeAction.IS, "fr")
    assert composer.stands() == AskingMessage("en")
    composer.sends(HELLO)
    assert composer.stands() == ChoosingAudience()
    assert composer.draft
    assert composer.draft.versions == (Version("fr", BONJOUR), Version("en", HELLO))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ComposeNotice.UNSUPPORTED, ComposeNotice.UNSUPPORTED),
        (ComposeNotice.ALBUM, ComposeNotice.ALBUM),
        (Content(Media.TEXT, "x" * (MAX_TEXT + 1)), ComposeNotice.TEXT_LONG),
        (Content(Media.TEXT, "👍" * (MAX_TEXT // 2) + "x"), ComposeNotice.TEXT_LONG),
        (Content(Media.PHOTO, "👍" * (MAX_CAPTION // 2) + "x", "f"), ComposeNotice.CAPTION_LONG),
        (Content(Media.TEXT, " \n"), ComposeNotice.TEXT_EMPTY),
        (Content(Media.PHOTO, "x" * (MAX_CAPTION + 1), "f"), ComposeNotice.CAPTION_LONG),
        (Content(Media.DOCUMENT, "x" * (MAX_CAPTION + 1), "f"), ComposeNotice.CAPTION_LONG),
    ],
)
def test_what_cannot_be_sent_is_said_and_asked_for_again(content: Content | ComposeNotice, why: ComposeNotice) -> None:
    composer = Composer().calls().sends(content)
    assert composer.stands() == AskingMessage()
    assert composer.notice is why


def test_what_just_fits_is_taken() -> None:
    assert unfit(Content(Media.TEXT, "x" * MAX_TEXT)) is None
    assert unfit(Content(Media.TEXT, "👍" * (MAX_TEXT // 2))) is None
    assert unfit(Content(Media.PHOTO, "x" * MAX_CAPTION, "f")) is None
    assert unfit(Content(Media.DOCUMENT, "", "f")) is None


def test_text_where_a_button_is_asked_for_says_so() -> None:
    composer = Composer().calls().sends(BONJOUR).types("hm")
    assert composer.stands() == ChoosingVersions()
    assert composer.notice is ComposeNotice.USE_BUTTONS


# --- audience and preview ----------------------------------------------------------------------------------------


def test_choosing_the_audience_counts_it_and_sends_the_preview_before_the_review() -> None:
    composer = Composer().reviews()
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert (composer.draft.count, composer.draft.seconds) == (250, 10)
    assert [each.versions for each in composer.previews] == [(Version("", BONJOUR),)]


def test_an_empty_audience_is_said_and_another_one_asked_for() -> None:
    composer = Composer(reaches=0).reviews()
    assert composer.stands() == ChoosingAudience()
    assert composer.notice is ComposeNotice.NOBODY
    assert composer.previews == []


def test_days_are_typed() -> None:
    composer = Composer().calls().sends(BONJOUR).pushes(ComposeAction.ONE).pushes(ComposeAction.DAYS).types("soon")
    assert composer.stands() == AskingDays()
    assert composer.notice is ComposeNotice.NO_DAY
    composer.types("25/01/2026 - 26/01/2026")
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert composer.draft.audience == Dated(date(2026, 1, 25), date(2026, 1, 26))


def test_departments_that_cannot_be_read_are_said_where_they_would_stand() -> None:
    composer = Composer(failure=DOWN).calls().sends(BONJOUR).pushes(ComposeAction.ONE).pushes(ComposeAction.OFFICE)
    assert composer.stands() == ChoosingOffice(failure=DOWN)


def test_a_message_that_telegram_refuses_is_asked_for_again_with_the_reason() -> None:
    composer = Composer(refusal="Bad Request: entity").reviews()
    assert composer.stands() == AskingMessage()
    assert composer.notice is ComposeNotice.REFUSED
    assert composer.shown
    assert composer.shown.reason == "Bad Request: entity"


def test_a_preview_that_did_not_arrive_is_no_preview() -> None:
    composer = Composer(refusal="").reviews()
    assert composer.stands() == ChoosingAudience()
    assert composer.notice is ComposeNotice.NOT_SHOWN


# --- time --------------------------------------------------------------------------------------------------------


def test_a_time_is_typed_and_the_number_stated_again() -> None:
    composer = Composer().reviews().pushes(ComposeAction.LATER).types("25/01/2026 09:00")
    assert composer.stands() == ConfirmingSend(datetime.fromisoformat("2026-01-25T09:00"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", ComposeNotice.NO_TIME),
        ("19/01/2026 09:00", ComposeNotice.PAST),
        ("20/01/2026 10:00", ComposeNotice.PAST),
        ("20/01/2036 10:00", ComposeNotice.FAR),
    ],
)
def test_a_time_that_cannot_be_is_said_and_asked_for_again(text: str, why: ComposeNotice) -> None:
    composer = Composer().reviews().pushes(ComposeAction.LATER).types(text)
    assert composer.stands() == AskingTime()
    assert composer.notice is why


def test_a_time_by_night_needs_the_admin_to_insist() -> None:
    night = datetime.fromisoformat("2026-01-25T22:00")
    composer = Composer().reviews().pushes(ComposeAction.LATER).types("25/01/2026 22:00")
    assert composer.stands() == AskingNight(night)
    composer.pushes(ComposeAction.INSIST)
    assert composer.stands() == ConfirmingSend(night)
    assert composer.draft
    assert composer.draft.night == datetime.fromisoformat("2026-01-26T07:00")


# --- late, repeated, forged --------------------------------------------------------------------------------------


def test_a_button_of_an_earlier_stage_changes_nothing_and_shows_the_present_one() -> None:
    composer = Composer().reviews()
    before = composer.draft
    composer.pushes(ComposeAction.ONE, turn=1)
    assert composer.draft == before
    assert composer.notice is ComposeNotice.STALE


def test_a_button_that_the_stage_does_not_have_shows_the_stage() -> None:
    composer = Composer().reviews().pushes(ComposeAction.GO)
    assert composer.stands() == Reviewing()
    assert composer.launched == []


def test_the_same_confirmation_pressed_twice_launches_once() -> None:
    composer = Composer().reviews().pushes(ComposeAction.NOW).pushes(ComposeAction.GO).pushes(ComposeAction.GO)
    assert len(composer.launched) == 1
    assert composer.draft is None


def test_cancelling_drops_everything() -> None:
    composer = Composer().reviews().pushes(ComposeAction.CANCEL)
    assert composer.draft is None
    assert composer.notice is ComposeNotice.CANCELLED
    assert composer.shown
    assert composer.shown.message == MESSAGE


def test_where_nothing_is_composed_nothing_happens() -> None:
    assert step(None, ComposerPressed(at=MORNING, turn=0, ask=ComposeAction.GO, value="", message=MESSAGE)) == (
        None,
        (),
    )


def test_a_draft_that_was_put_aside_is_taken_up_by_any_of_its_buttons() -> None:
    composer = Composer().reviews()
    assert composer.draft
    for turn in (composer.draft.turn, 0):
        composer.draft = replace(composer.draft, aside=True)
        composer.pushes(ComposeAction.TODAY, turn=turn)
        assert composer.draft
        assert not composer.draft.aside
