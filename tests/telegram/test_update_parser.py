"""Raw updates are parsed into events; an unreadable one raises."""

import json
from datetime import datetime
from typing import Any

import pytest

from bot.app.updates import FromCitizen, FromGroup, Ignored, Inbound, Presence
from bot.core.events import CitizenEvent, Commanded, Courtesy, Pressed, SentSomething, Typed
from bot.telegram.update_parser import TelegramUpdateParser, is_numbered, stored_update

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
CHAT = {"id": 7, "type": "private"}
PERSON = {"id": 7, "is_bot": False, "first_name": "Aïssatou", "last_name": "Bah", "language_code": "en-GB"}
GROUP = {"id": -5, "type": "supergroup", "title": "Quartier"}
ABOUT: Json = {"profile": "Aïssatou Bah", "language": "en"}


def message(**content: Any) -> Json:
    return {"update_id": 1, "message": {"message_id": 3, "date": 0, "chat": CHAT, "from": PERSON, **content}}


def press(data: Any = "12.ok", **more: Any) -> Json:
    under = {"message_id": 9, "chat": CHAT, "date": 1, "text": "x", "reply_markup": {"inline_keyboard": []}}
    return {"update_id": 1, "callback_query": {"id": "5", "from": PERSON, "message": under, "data": data, **more}}


def read(update: Json) -> Inbound:
    return TelegramUpdateParser("Our_Bot", lambda tag: tag.partition("-")[0])(stored_update(update), NOW)


def event(update: Json) -> CitizenEvent:
    inbound = read(update)
    assert isinstance(inbound, FromCitizen)
    assert inbound.user_id == 7
    return inbound.event


def test_a_text_message_becomes_typed() -> None:
    assert event(message(text="Bonjour")) == Typed(at=NOW, text="Bonjour", message=3, **ABOUT)
    assert event(message(text="")) == Typed(at=NOW, text="", message=3, **ABOUT)


def test_a_greeting_is_read_as_one() -> None:
    parser = TelegramUpdateParser("Our_Bot", str, {"Bonjour": Courtesy.GREETING}.get)
    inbound = parser(stored_update(message(text="Bonjour")), NOW)
    assert isinstance(inbound, FromCitizen)
    assert isinstance(inbound.event, Typed)
    assert inbound.event.courtesy is Courtesy.GREETING


def edited(**content: Any) -> Json:
    return {"update_id": 1, "edited_message": {"message_id": 3, "date": 0, "chat": CHAT, "from": PERSON, **content}}


def test_edited_text_of_a_private_chat_is_typed_again() -> None:
    assert event(edited(text="Bah")) == Typed(at=NOW, text="Bah", message=3, edited=True, **ABOUT)
    assert stored_update(edited(text="Bah")).chat_id == 7


@pytest.mark.parametrize(
    "content", [{}, {"text": "x", "chat": GROUP}, {"text": "x", "from": {**PERSON, "is_bot": True}}]
)
def test_nothing_else_that_is_edited_matters(content: Json) -> None:
    assert read(edited(**content)) == Ignored()


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/cancel 12", "cancel", "12"),
        ("/CANCEL@our_bot   12  34 ", "cancel", "12  34 "),
        ("/start d_5", "start", "d_5"),
        ("/start\nd_5", "start", "d_5"),
        ("/", "", ""),
        ("/ book", "book", ""),
        ("//book", "/book", ""),
    ],
)
def test_a_command_has_its_name_and_argument(text: str, name: str, argument: str) -> None:
    assert event(message(text=text)) == Commanded(at=NOW, name=name, argument=argument, **ABOUT)


def test_a_command_for_another_bot_is_ordinary_text() -> None:
    assert isinstance(event(message(text="/start@another_bot")), Typed)


@pytest.mark.parametrize(
    "content", [{"photo": [{}], "caption": "/cancel"}, {"sticker": {}}, {"voice": {}}, {"text": 7}]
)
def test_other_content_becomes_a_generic_event(content: Json) -> None:
    assert event(message(**content)) == SentSomething(at=NOW, **ABOUT)


def test_a_press_is_parsed_without_its_echoed_message() -> None:
    stored = stored_update(press())
    assert "reply_markup" not in stored.body
    assert stored.chat_id == 7
    assert event(press()) == Pressed(at=NOW, screen=12, action="ok", message=9, **ABOUT)
    assert event(press("*.x:5")) == Pressed(at=NOW, screen=None, action="x:5", message=9, **ABOUT)


@pytest.mark.parametrize("data", ["", "no dot", "\x00\xff", ".ok", "-1.ok", 7, None])
def test_forged_callback_data_is_an_unknown_action(data: Any) -> None:
    pressed = event(press(data))
    assert isinstance(pressed, Pressed)
    assert pressed.screen is None
    assert pressed.action == ""


def test_a_press_on_a_message_that_is_too_old_to_be_shown_is_read() -> None:
    old = press()
    old["callback_query"]["message"] = {"message_id": 9, "chat": CHAT, "date": 0}
    assert isinstance(event(old), Pressed)


@pytest.mark.parametrize(("status", "left"), [("kicked", True), ("left", True), ("member", False)])
def test_a_citizen_who_blocks_the_bot_has_left_and_one_who_unblocks_it_is_back(status: str, *, left: bool) -> None:
    update = {"update_id": 1, "my_chat_member": {"chat": CHAT, "from": PERSON, "new_chat_member": {"status": status}}}
    assert read(update) == Presence(left=left)
    assert stored_update(update).chat_id == 7
    update["my_chat_member"]["chat"] = GROUP  # type: ignore[index]
    assert read(update) == Ignored()


def test_in_a_group_only_commands_are_parsed() -> None:
    assert read(message(text="/start", chat=GROUP)) == FromGroup("en")
    assert read(message(text="/start@OUR_BOT", chat=GROUP)) == FromGroup("en")
    others: list[Json] = [{"text": "Bonjour"}, {"text": "/start@another_bot"}, {"photo": []}]
    for content in others:
        assert read(message(chat=GROUP, **content)) == Ignored()


def test_a_command_in_a_topic_of_a_forum_says_which_and_a_reply_elsewhere_does_not() -> None:
    thread = {"chat": GROUP, "text": "/start", "message_thread_id": 12}
    assert read(message(**thread, is_topic_message=True)) == FromGroup("en", topic=12)
    assert read(message(**thread)) == FromGroup("en")
    assert read(message(chat=GROUP, text="/start", is_topic_message=True, message_thread_id="12")) == FromGroup("en")


def test_a_person_can_write_as_a_group_or_a_channel_and_bots_are_ignored() -> None:
    robot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    command = {"chat": GROUP, "text": "/start", "from": robot}
    assert read(message(**command, sender_chat=GROUP)) == FromGroup("")
    assert read(message(**command, sender_chat={"id": -9, "type": "channel"})) == FromGroup("")
    assert read(message(**command)) == Ignored()
    channel = {"sender_chat": {"id": -9, "type": "channel"}, "is_automatic_forward": True}
    assert read(message(**{**command, "from": {"id": 777000, "is_bot": False}}, **channel)) == Ignored()


@pytest.mark.parametrize(
    "update",
    [
        message(text="x", **{"from": None}),
        message(text="x", **{"from": PERSON | {"is_bot": True}}),
        message(pinned_message={}),
        press(message=None),
        press(message={"message_id": 1, "chat": GROUP}),
        {"update_id": 1, "something_new": {"chat": CHAT}},
        {"update_id": 1, "channel_post": {"chat": CHAT, "from": PERSON, "text": "x"}},
    ],
    ids=lambda each: next(iter(key for key in each if key != "update_id")),
)
def test_updates_that_need_no_answer_are_ignored(update: Json) -> None:
    assert read(update) == Ignored()


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1, "message": {"from": PERSON, "text": "x"}},
        {"update_id": 1, "message": {"chat": {"id": "7", "type": "private"}, "from": PERSON, "text": "x"}},
        {"update_id": 1, "callback_query": {"id": "1", "message": {"message_id": 1, "chat": CHAT}}},
        {"update_id": 1, "my_chat_member": {"chat": CHAT}},
        {"update_id": 1, "message": ["x"]},
        {"update_id": 1, "callback_query": "x"},
        {"update_id": 1, "message": {"chat": {"id": 2**70, "type": "private"}, "from": PERSON, "text": "x"}},
    ],
)
def test_an_unreadable_update_is_stored_and_its_parsing_raises(update: Json) -> None:
    assert stored_update(update).update_id == 1
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError), match=r".+"):
        read(update)


def test_only_updates_with_a_storable_id_enter_the_inbox() -> None:
    for good in ({"update_id": 0}, {"update_id": 2**63 - 1}):
        assert is_numbered(good)
    nonsense: list[Any] = [{}, {"update_id": "1"}, {"update_id": -1}, {"update_id": 2**63}, {"update_id": None}, 7, []]
    for bad in nonsense:
        assert not is_numbered(bad)


def test_a_stored_body_is_unescaped_json() -> None:
    assert json.loads(stored_update(message(text="ߡߊ😀")).body)["message"]["text"] == "ߡߊ😀"


def test_names_and_texts_are_cut_where_telegram_would() -> None:
    typed = event(message(text="x" * 9000, **{"from": PERSON | {"first_name": "y" * 500}}))
    assert isinstance(typed, Typed)
    assert (len(typed.text), len(typed.profile)) == (4096, 128)
