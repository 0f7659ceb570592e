"""A group gets one hint, and then none for a while."""

import time

import pytest

from bot.app.conversations import MANY, QUIET, GroupHints
from bot.app.records import DeliveryIds, Kind, Urgency
from bot.views.message import Message


def hints() -> GroupHints:
    return GroupHints(lambda locale: Message(f"hint in {locale}"), DeliveryIds())


def test_a_group_hint_is_in_the_language_of_its_sender_and_comes_after_citizens() -> None:
    hint = hints().hint(-5, "en")
    assert hint is not None
    assert (hint.chat_id, hint.kind, hint.urgency, hint.message.text) == (-5, Kind.SEND, Urgency.NOTICE, "hint in en")


def test_a_group_hint_goes_to_the_topic_of_the_command() -> None:
    some = hints()
    for topic in (None, 12, 13):
        hint = some.hint(-5, "fr", topic)
        assert hint is not None
        assert hint.topic == topic
        assert some.hint(-5, "fr", topic) is None


def test_a_group_gets_a_second_hint_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr("bot.app.conversations.time.monotonic", lambda: now)
    some = hints()
    assert some.hint(-5, "fr")
    assert some.hint(-5, "fr") is None
    assert some.hint(-6, "fr")
    now += QUIET + 1
    assert some.hint(-5, "fr")


def test_only_so_many_groups_are_remembered() -> None:
    some = hints()
    for group in range(3 * MANY):
        some.hint(-group, "fr")
    assert len(some._last) <= MANY + 2
