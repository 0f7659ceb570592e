"""Groups, forums and channels: who writes, in which topic, and what the bot may send there."""

from typing import Any

import pytest

from tests.sandbox.telegram.conftest import AISSATOU, Telegram

MARKUP = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}


async def group(telegram: Telegram, **properties: Any) -> int:
    made = await telegram.control("chats", {"type": "supergroup", "title": "Quartier", **properties})
    return int(made["id"])


async def test_a_message_in_a_group_has_the_person_and_the_group(telegram: Telegram) -> None:
    chat = await group(telegram, type="group")
    await telegram.control(f"chats/{chat}/say", {"text": "hello", "from": AISSATOU})
    (update,) = await telegram.updates()
    assert update["message"]["from"]["id"] == AISSATOU
    assert update["message"]["chat"] == {"id": chat, "type": "group", "title": "Quartier"}
    assert "sender_chat" not in update["message"]


async def test_a_message_in_a_group_needs_an_author(telegram: Telegram) -> None:
    chat = await group(telegram)
    answer = await telegram.http.post(f"{telegram.url}/__sandbox/chats/{chat}/say", json={"text": "hello"})
    assert (answer.status_code, "say who writes" in answer.json()["error"]) == (404, True)


async def test_an_anonymous_admin_writes_as_the_group(telegram: Telegram) -> None:
    chat = await group(telegram)
    await telegram.control(f"chats/{chat}/say", {"text": "/start", "anonymous": True})
    (update,) = await telegram.updates()
    assert update["message"]["from"]["username"] == "GroupAnonymousBot"
    assert update["message"]["sender_chat"] == update["message"]["chat"]


async def test_a_channel_writes_as_itself_and_its_posts_can_be_edited(telegram: Telegram) -> None:
    chat = await group(telegram, type="channel")
    said = await telegram.control(f"chats/{chat}/say", {"text": "news"})
    number = said["channel_post"]["message_id"]
    await telegram.control(f"chats/{chat}/edit", {"message_id": number, "text": "old news"})
    post, edited = await telegram.updates()
    assert post["channel_post"]["sender_chat"] == post["channel_post"]["chat"]
    assert "from" not in post["channel_post"]
    assert edited["edited_channel_post"]["text"] == "old news"


async def test_a_topic_of_a_forum_has_messages_of_people_and_of_the_bot(telegram: Telegram) -> None:
    chat = await group(telegram, is_forum=True)
    made = await telegram.control(f"chats/{chat}/topics", {"name": "Accueil", "from": AISSATOU})
    topic = made["message"]["message_thread_id"]
    assert made["message"]["forum_topic_created"]["name"] == "Accueil"
    said = await telegram.control(f"chats/{chat}/say", {"text": "/book", "from": AISSATOU, "message_thread_id": topic})
    assert (said["message"]["message_thread_id"], said["message"]["is_topic_message"]) == (topic, True)
    assert said["message"]["chat"]["is_forum"] is True
    answer = await telegram.result("sendMessage", chat_id=chat, text="x", message_thread_id=topic)
    assert (answer["message_thread_id"], answer["is_topic_message"]) == (topic, True)


async def test_a_reply_in_a_forum_goes_to_the_topic_of_its_message(telegram: Telegram) -> None:
    chat = await group(telegram, is_forum=True)
    made = await telegram.control(f"chats/{chat}/topics", {"name": "Accueil", "from": AISSATOU})
    reply_to = {"message_id": made["message"]["message_id"]}
    answer = await telegram.result("sendMessage", chat_id=chat, text="x", reply_parameters=reply_to)
    assert answer["message_thread_id"] == made["message"]["message_thread_id"]
    assert answer["reply_to_message"]["message_id"] == reply_to["message_id"]
    general = await telegram.result("sendMessage", chat_id=chat, text="x")
    assert "message_thread_id" not in general


async def test_an_unknown_topic_is_refused_in_a_forum_and_ignored_in_other_groups(telegram: Telegram) -> None:
    forum, plain = await group(telegram, is_forum=True), await group(telegram)
    refused = await telegram.refusal("sendMessage", chat_id=forum, text="x", message_thread_id=99)
    assert refused == "Bad Request: message thread not found"
    sent = await telegram.result("sendMessage", chat_id=plain, text="x", message_thread_id=99)
    assert "message_thread_id" not in sent


@pytest.mark.parametrize(("path", "body"), [("say", {"text": "x", "message_thread_id": 9}), ("topics", {"name": "x"})])
async def test_there_are_topics_in_forums_only(telegram: Telegram, path: str, body: dict[str, Any]) -> None:
    chat = await group(telegram)
    answer = await telegram.http.post(f"{telegram.url}/__sandbox/chats/{chat}/{path}", json=body | {"from": AISSATOU})
    assert answer.status_code == 400


async def test_a_press_in_a_group_has_the_person_who_pressed(telegram: Telegram) -> None:
    chat = await group(telegram)
    await telegram.result("sendMessage", chat_id=chat, text="x", reply_markup=MARKUP)
    press = await telegram.control(f"chats/{chat}/press", {"data": "a", "from": AISSATOU})
    assert press["callback_query"]["from"]["id"] == AISSATOU
    assert press["callback_query"]["message"]["chat"]["id"] == chat


async def test_a_bot_that_was_removed_from_a_group_cannot_write_there(telegram: Telegram) -> None:
    chat = await group(telegram)
    await telegram.control(f"chats/{chat}/block", {"from": AISSATOU})
    refused = await telegram.call("sendMessage", chat_id=chat, text="x")
    assert (refused["error_code"], refused["description"]) == (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
    )
    (update,) = await telegram.updates()
    assert update["my_chat_member"]["from"]["id"] == AISSATOU
    await telegram.control(f"chats/{chat}/unblock", {"from": AISSATOU})
    await telegram.result("sendMessage", chat_id=chat, text="x")
