from dataclasses import replace
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
    ChoosingVersions,
    ChoosingVisitors,
    ComposeNotice,
    ComposerPressed,
    ConfirmingSend,
    PreviewRefused,
    Reviewing,
)
from bot.broadcast.composer import MAX_CAPTION, MAX_TEXT, step, why_unsendable
from bot.broadcast.model import Content, Dated, DayVisitors, Media, Version
from tests.broadcast.composer import BONJOUR, HELLO, MESSAGE, MORNING, PHOTO, Composer
from tests.core.examples import DEPARTMENTS, DOWN


def test_the_command_asks_for_the_message() -> None:
    assert Composer().calls().stands() == AskingMessage()


def test_the_command_again_returns_to_the_open_draft() -> None:
    composer = Composer().calls().sends(BONJOUR).calls()
    assert composer.stands() == ChoosingVersions()
    assert composer.notice is ComposeNotice.RESUMED


def test_after_the_message_the_versions_are_asked_for() -> None:
    composer = Composer().calls().sends(PHOTO)
    assert composer.stands() == ChoosingVersions()
    assert composer.draft
    assert composer.draft.versions == (Version("", PHOTO),)


def test_with_one_language_versions_are_not_asked_for() -> None:
    assert Composer(locales=("fr",)).calls().sends(PHOTO).stands() == ChoosingAudience()


def test_the_last_version_leads_to_the_audience() -> None:
    composer = Composer().calls().sends(BONJOUR).presses_button(ComposeAction.IS, "fr")
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
def test_an_unsendable_message_is_explained_and_asked_for_again(
    content: Content | ComposeNotice, why: ComposeNotice
) -> None:
    composer = Composer().calls().sends(content)
    assert composer.stands() == AskingMessage()
    assert composer.notice is why


def test_a_message_of_the_maximum_length_is_accepted() -> None:
    assert why_unsendable(Content(Media.TEXT, "x" * MAX_TEXT)) is None
    assert why_unsendable(Content(Media.TEXT, "👍" * (MAX_TEXT // 2))) is None
    assert why_unsendable(Content(Media.PHOTO, "x" * MAX_CAPTION, "f")) is None
    assert why_unsendable(Content(Media.DOCUMENT, "", "f")) is None


def test_text_where_a_button_is_needed_points_to_the_buttons() -> None:
    composer = Composer().calls().sends(BONJOUR).types("hm")
    assert composer.stands() == ChoosingVersions()
    assert composer.notice is ComposeNotice.USE_BUTTONS


# --- audience and preview ----------------------------------------------------------------------------------------


def test_choosing_the_audience_counts_it_then_previews_then_reviews() -> None:
    composer = Composer().reviews()
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert (composer.draft.count, composer.draft.seconds) == (250, 10)
    assert [each.versions for each in composer.previews] == [(Version("", BONJOUR),)]


def test_an_empty_audience_is_explained_and_another_is_asked_for() -> None:
    composer = Composer(reaches=0).reviews()
    assert composer.stands() == ChoosingAudience()
    assert composer.notice is ComposeNotice.NOBODY
    assert composer.previews == []


def test_typed_days_choose_the_audience() -> None:
    composer = (
        Composer()
        .calls()
        .sends(BONJOUR)
        .presses_button(ComposeAction.ONE)
        .presses_button(ComposeAction.DAYS)
        .types("soon")
    )
    assert composer.stands() == AskingDays()
    assert composer.notice is ComposeNotice.NO_DAY
    composer.types("25/01/2026 - 26/01/2026")
    assert composer.stands() == Reviewing()
    assert composer.draft
    assert composer.draft.audience == Dated(date(2026, 1, 25), date(2026, 1, 26))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("demain", date(2026, 1, 21), date(2026, 1, 21)),
        ("2/12", date(2026, 12, 2), date(2026, 12, 2)),
        ("demain - 25/01", date(2026, 1, 21), date(2026, 1, 25)),
    ],
)
def test_days_are_understood_as_admins_type_them(text: str, first: date, last: date) -> None:
    composer = (
        Composer()
        .calls()
        .sends(BONJOUR)
        .presses_button(ComposeAction.ONE)
        .presses_button(ComposeAction.DAYS)
        .types(text)
    )
    assert composer.draft
    assert composer.draft.audience == Dated(first, last)


@pytest.mark.parametrize(
    ("text", "starts"),
    [("demain 10h", "2026-01-21T10:00"), ("2/12 à 9h30", "2026-12-02T09:30"), ("tomorrow 14:00", "2026-01-21T14:00")],
)
def test_a_time_is_understood_as_admins_type_it(text: str, starts: str) -> None:
    composer = Composer().reviews().presses_button(ComposeAction.LATER).types(text)
    assert composer.stands() == ConfirmingSend(datetime.fromisoformat(starts))


def test_a_failure_to_read_departments_is_shown_in_place() -> None:
    composer = (
        Composer(failure=DOWN)
        .calls()
        .sends(BONJOUR)
        .presses_button(ComposeAction.ONE)
        .presses_button(ComposeAction.DEPARTMENT)
    )
    assert composer.stands() == ChoosingDepartment(failure=DOWN)


def test_a_message_refused_in_the_preview_is_asked_for_again_with_the_reason() -> None:
    composer = Composer(refusal="Bad Request: entity").reviews()
    assert composer.stands() == AskingMessage()
    assert composer.notice is ComposeNotice.REFUSED
    assert composer.shown
    assert composer.shown.reason == "Bad Request: entity"


def test_a_late_refusal_of_a_preview_does_not_disturb_a_changed_message() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.MESSAGE)
    before = composer.draft
    composer.happens(PreviewRefused(at=MORNING, reason="Bad Request: entity"))
    assert composer.draft == before


def test_a_typed_time_leads_to_the_confirmation_with_a_new_count() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.LATER).types("25/01/2026 09:00")
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
def test_an_impossible_time_is_explained_and_asked_for_again(text: str, why: ComposeNotice) -> None:
    composer = Composer().reviews().presses_button(ComposeAction.LATER).types(text)
    assert composer.stands() == AskingTime()
    assert composer.notice is why


def test_a_time_at_night_needs_the_admins_consent() -> None:
    night = datetime.fromisoformat("2026-01-25T22:00")
    composer = Composer().reviews().presses_button(ComposeAction.LATER).types("25/01/2026 22:00")
    assert composer.stands() == AskingNight(night)
    composer.presses_button(ComposeAction.INSIST)
    assert composer.stands() == ConfirmingSend(night)
    assert composer.draft
    assert composer.draft.night == datetime.fromisoformat("2026-01-26T07:00")


# --- late, repeated, forged --------------------------------------------------------------------------------------


def test_a_button_of_an_earlier_state_changes_nothing_and_shows_the_present_state() -> None:
    composer = Composer().reviews()
    before = composer.draft
    composer.presses_button(ComposeAction.ONE, turn=1)
    assert composer.draft == before
    assert composer.notice is ComposeNotice.STALE


def test_a_button_that_the_state_does_not_have_shows_the_state() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.GO)
    assert composer.stands() == Reviewing()
    assert composer.launched == []


def test_the_same_confirmation_pressed_twice_launches_once() -> None:
    composer = (
        Composer()
        .reviews()
        .presses_button(ComposeAction.NOW)
        .presses_button(ComposeAction.GO)
        .presses_button(ComposeAction.GO)
    )
    assert len(composer.launched) == 1
    assert composer.draft is None


def test_cancelling_deletes_the_draft() -> None:
    composer = Composer().reviews().presses_button(ComposeAction.CANCEL)
    assert composer.draft is None
    assert composer.notice is ComposeNotice.CANCELLED
    assert composer.shown
    assert composer.shown.message == MESSAGE


def test_without_a_draft_events_do_nothing() -> None:
    assert step(None, ComposerPressed(at=MORNING, turn=0, action=ComposeAction.GO, value="", message=MESSAGE)) == (
        None,
        (),
    )


def test_any_button_of_a_draft_put_aside_resumes_it() -> None:
    composer = Composer().reviews()
    assert composer.draft
    for turn in (composer.draft.turn, 0):
        composer.draft = replace(composer.draft, aside=True)
        composer.presses_button(ComposeAction.TODAY, turn=turn)
        assert composer.draft
        assert not composer.draft.aside


def test_staff_of_several_departments_are_asked_which_and_can_go_back() -> None:
    here = Composer(within=DEPARTMENTS[:2]).calls().sends(BONJOUR).presses_button(ComposeAction.ONE)
    assert here.stands() == ChoosingDepartment(DEPARTMENTS[:2])
    here.presses_button(ComposeAction.RETRY)
    assert here.stands() == ChoosingDepartment(DEPARTMENTS[:2])
    here.presses_button(ComposeAction.DEPARTMENT, str(DEPARTMENTS[0].id))
    assert here.stands() == ChoosingVisitors(DEPARTMENTS[0])
    here.presses_button(ComposeAction.DAYS)
    assert here.stands() == AskingDays(DEPARTMENTS[0])
    here.presses_button(ComposeAction.BACK).presses_button(ComposeAction.BACK)
    assert here.stands() == ChoosingDepartment(DEPARTMENTS[:2])
    here.presses_button(ComposeAction.BACK)
    assert here.stands() == AskingMessage()


def test_staff_of_one_department_go_back_to_the_message_or_the_review() -> None:
    here = Composer(within=DEPARTMENTS[:1]).calls().sends(BONJOUR).presses_button(ComposeAction.ONE)
    assert here.stands() == ChoosingVisitors(DEPARTMENTS[0])
    here.presses_button(ComposeAction.BACK)
    assert here.stands() == AskingMessage()
    here.sends(BONJOUR).presses_button(ComposeAction.ONE).presses_button(ComposeAction.DAYS)
    here.presses_button(ComposeAction.TOMORROW)
    tomorrow = MORNING.date() + timedelta(days=1)
    assert here.draft
    assert here.draft.audience == DayVisitors(DEPARTMENTS[0].id, DEPARTMENTS[0].name, tomorrow, tomorrow)
    here.presses_button(ComposeAction.AUDIENCE).presses_button(ComposeAction.BACK)
    assert here.stands() == Reviewing()


def test_an_audience_without_anybody_asks_staff_for_another() -> None:
    here = Composer(within=DEPARTMENTS[:1], reaches=0).calls().sends(BONJOUR).presses_button(ComposeAction.ONE)
    here.presses_button(ComposeAction.EVERYONE)
    assert (here.stands(), here.notice) == (ChoosingVisitors(DEPARTMENTS[0]), ComposeNotice.NOBODY)


def test_a_closed_day_keeps_what_is_written() -> None:
    day = MORNING.date()
    here = Composer().taps_closed_day(DEPARTMENTS[0], day)
    assert here.stands() == AskingMessage()
    here.sends(BONJOUR).taps_closed_day(DEPARTMENTS[1], day)
    assert here.stands() == ChoosingVersions()
    here.presses_button(ComposeAction.ONE)
    assert here.stands() == Reviewing()
    assert here.draft
    assert here.draft.audience == DayVisitors(DEPARTMENTS[1].id, DEPARTMENTS[1].name, day, day)
