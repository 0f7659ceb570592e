"""The screens of the composer."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.broadcast.callback_data import ComposeAction, decode
from bot.broadcast.compose_states import (
    AskingMessage,
    ChoosingDepartment,
    ComposeDraft,
    ComposeNotice,
    ComposeState,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
)
from bot.broadcast.compose_views import render
from bot.broadcast.model import Everyone, Version
from bot.i18n import Translator
from bot.views.message import Message, Office
from tests.broadcast.pages import DRAFT, HELLO, NIGHT, NOON, STATES, drawn
from tests.core.examples import BUSY
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain

every_state = pytest.mark.parametrize("at", STATES.values(), ids=STATES.keys())
every_language = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])


def asks(message: Message) -> list[str]:
    found = (decode(each) for each in telegram.actions(message))
    return [each[2] for each in found if each]


@every_state
@every_language
def test_every_state_fits_telegrams_limits_and_can_be_cancelled(at: ComposeState, t: Translator) -> None:
    message = drawn(at, t, notice=ComposeNotice.USE_BUTTONS)
    check_limits(message)
    assert asks(message)[-1] == ComposeAction.CANCEL


@every_state
def test_every_button_names_the_draft_and_the_turn(at: ComposeState) -> None:
    for action in telegram.actions(drawn(at)):
        found = decode(action)
        assert found
        assert found[:2] == (DRAFT.number, DRAFT.turn + 1)


@every_language
@pytest.mark.parametrize("notice", list(ComposeNotice))
def test_every_notice_has_a_text(notice: ComposeNotice, t: Translator) -> None:
    message = drawn(AskingMessage(), t, notice=notice, reason="entity <b> is & odd" * 20)
    check_limits(message)
    assert plain(message.text).count("\n") > 1


def test_a_too_long_message_is_told_the_limit() -> None:
    assert "4096" in drawn(AskingMessage(), notice=ComposeNotice.TEXT_LONG).text
    assert "1024" in drawn(AskingMessage(), notice=ComposeNotice.CAPTION_LONG).text


def test_a_refusal_quotes_telegrams_reason() -> None:
    assert "wrong file" in drawn(AskingMessage(), notice=ComposeNotice.REFUSED, reason="wrong file").text


def test_without_a_draft_only_the_notice_is_shown() -> None:
    message = render(ShowDraft(None, notice=ComposeNotice.CANCELLED), EN, NOON)
    assert "discarded" in message.text
    assert not message.rows
    assert "no longer" in render(ShowDraft(None, notice=ComposeNotice.STALE), EN, NOON).text
    assert "discarded" in render(ShowDraft(None), EN, NOON).text


def test_the_first_message_has_a_back_button_only_after_a_review() -> None:
    assert ComposeAction.BACK in asks(drawn(AskingMessage()))
    assert ComposeAction.BACK not in asks(drawn(AskingMessage(), draft=ComposeDraft(1, ("fr", "en"))))


def test_the_review_states_audience_number_and_duration() -> None:
    message = drawn(Reviewing())
    text = plain(message.text)
    assert "12\u202f345 recipients" in text
    assert "To everybody" in text
    assert "8 minutes" in text
    assert asks(message) == [
        ComposeAction.NOW,
        ComposeAction.LATER,
        ComposeAction.MESSAGE,
        ComposeAction.AUDIENCE,
        ComposeAction.CANCEL,
    ]


def test_the_review_lists_the_languages_of_the_versions() -> None:
    both = ComposeDraft(
        1, ("fr", "en"), versions=(Version("fr", HELLO), Version("en", HELLO)), audience=Everyone(), count=1
    )
    assert "Français, English" in drawn(Reviewing(), draft=both).text


def test_the_confirmation_repeats_the_number_on_its_button() -> None:
    message = drawn(ConfirmingSend())
    assert "12\u202f345" in message.text
    assert "12\u202f345" in labels(message)[0]
    assert "Right away" in message.text


def test_the_confirmation_says_when_sending_begins() -> None:
    assert "Sunday 25 January 2026 at 22:00 (Conakry time)" in drawn(ConfirmingSend(NIGHT)).text


def test_a_broadcast_that_lasts_into_the_night_says_that_it_pauses() -> None:
    long = ComposeDraft(1, ("fr",), versions=(Version("", HELLO),), audience=Everyone(), count=10**6, seconds=40_000)
    assert "pauses" in drawn(ConfirmingSend(), draft=long).text
    insisted = replace(long, night=datetime.combine(NIGHT + timedelta(days=1), time(7)))
    assert "pauses" not in drawn(ConfirmingSend(NIGHT), draft=insisted).text
    assert "pauses" in drawn(ConfirmingSend(NIGHT), draft=replace(insisted, seconds=100_000)).text, "the next night"
    assert "pauses" not in drawn(ConfirmingSend()).text


def test_a_confirmation_without_an_audience_can_be_drawn() -> None:
    check_limits(drawn(ConfirmingSend(), draft=ComposeDraft(1, ("fr",))))


def test_departments_come_in_pages() -> None:
    assert asks(drawn(STATES["first offices"])).count(ComposeAction.PAGE) == 1
    assert asks(drawn(STATES["many offices"])).count(ComposeAction.PAGE) == 2
    assert asks(drawn(STATES["last offices"])).count(ComposeAction.PAGE) == 1
    assert asks(drawn(STATES["office"])).count(ComposeAction.PAGE) == 0


def test_unreadable_departments_can_be_retried() -> None:
    assert ComposeAction.RETRY in asks(drawn(STATES["offices failed"]))
    assert ComposeAction.RETRY in asks(drawn(STATES["no office"]))


def test_departments_that_look_alike_are_numbered_and_named_in_full() -> None:
    message = drawn(STATES["offices that look alike"])
    assert labels(message)[0].startswith("1. Direction")
    text = plain(message.text)
    assert "3. Direction nationale des affaires 2 et du contentieux" in text
    assert "4. État civil: Department 10" in text


def test_when_to_try_again_is_said_in_the_offices_own_time() -> None:
    failed = ShowDraft(DRAFT.at(ChoosingDepartment((), failure=BUSY)))
    assert "11:00 (Dakar time)" in render(failed, EN, NOON, Office(city="Dakar")).text
