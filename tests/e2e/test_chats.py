"""Groups, channels, other bots, people without a phone's language, and updates that make no sense."""

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.phone import Phone
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _group(bot: RunningBot, kind: str = "supergroup", *, is_forum: bool = False) -> Phone:
    group = {"type": kind, "title": "Quartier", "is_forum": is_forum}
    answer = await bot.services.telegram.post("/__sandbox/chats", json=group)
    return Phone(bot.services.telegram, answer.json()["id"])


async def test_in_a_group_a_command_is_pointed_to_the_private_chat_and_nothing_else(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.books()
    group = await _group(bot)
    for text in ("/appointments", "/start", "/cancel"):
        await group.do("say", text=text, **{"from": aissatou.id})
    await bot.wait_until_idle()
    (hint,) = await group.look(everything=True)
    assert "en privé" in hint.text
    assert "@moncreneau_sandbox_bot" in hint.text
    assert "Passport" not in hint.text
    assert hint.labels == ["💬 Ouvrir la discussion privée"]


async def test_an_anonymous_admin_gets_the_hint_in_the_topic_where_they_asked(
    bot: RunningBot, aissatou: Citizen
) -> None:
    forum = await _group(bot, is_forum=True)
    await forum.do("topics", name="Annonces", **{"from": aissatou.id})
    (chat,) = [each for each in bot.world.chats.values() if each.topics]
    (topic,) = chat.topics
    await forum.do("say", text="/start", anonymous=True, message_thread_id=topic)
    await bot.wait_until_idle()
    (hint,) = await forum.look(everything=True)
    assert "en privé" in hint.text
    assert chat.messages[hint.number].message["message_thread_id"] == topic


async def test_ordinary_messages_in_a_group_are_ignored(bot: RunningBot, aissatou: Citizen) -> None:
    group = await _group(bot, "group")
    await group.do("say", text="Bonjour à tous", **{"from": aissatou.id})
    await group.do("say", text="/start@another_bot", **{"from": aissatou.id})
    await group.do("photo", **{"from": aissatou.id})
    await bot.wait_until_idle()
    assert await group.look(everything=True) == []


async def test_a_command_that_names_the_bot_is_meant_for_it(bot: RunningBot, sarah: Citizen) -> None:
    group = await _group(bot)
    await group.do("say", text="/book@moncreneau_sandbox_bot", **{"from": sarah.id})
    await bot.wait_until_idle()
    (hint,) = await group.look(everything=True)
    assert "in private" in hint.text


async def test_channel_posts_are_ignored(bot: RunningBot) -> None:
    channel = await _group(bot, "channel")
    await channel.say("/start")
    await bot.wait_until_idle()
    assert await channel.look(everything=True) == []


async def test_a_phone_that_tells_no_language_is_answered_in_the_default_one(bot: RunningBot) -> None:
    citizen = await bot.citizen(None, "Fatou", "")
    assert (await citizen.says("/start")).text.startswith("Bonjour Fatou")


async def test_a_chat_that_blocks_in_the_middle_of_an_answer_stops_nobody(bot: RunningBot, aissatou: Citizen) -> None:
    gone = await bot.citizen()
    await bot.services.inject_faults(telegram=[{"kind": "blocked", "chat_id": gone.id}])
    await gone.phone.say("/start")
    await bot.wait_until_idle()
    assert await gone.messages() == []
    assert "Bonjour" in (await aissatou.says("/start")).text


async def test_updates_that_make_no_sense_are_set_aside_and_stop_nobody(bot: RunningBot, aissatou: Citizen) -> None:
    before = bot.app.conversations.set_aside
    chat = {"id": aissatou.id, "type": "private"}
    person = {"id": aissatou.id, "is_bot": False, "first_name": "A", "language_code": "fr"}
    await aissatou.says("/start")
    await bot.services.inject_updates(
        {"message": {"message_id": 1, "chat": chat, "from": "nobody", "text": "x"}},
        {"message": {"message_id": 1, "chat": {"id": aissatou.id}, "from": person, "text": "x"}},
        {"message": []},
        {"callback_query": {"id": 7, "from": person, "data": "1.ok"}},
        {"callback_query": {"id": "7", "from": person, "message": {"message_id": 1, "chat": chat}}},
        {"callback_query": {"id": "8", "from": {}, "message": {"message_id": 1, "chat": chat}, "data": "1.ok"}},
        {"my_chat_member": {"chat": chat}},
        {"something_new": {"chat": chat}},
    )
    await bot.wait_until_idle()
    assert bot.app.conversations.set_aside > before
    assert "Désolé, quelque chose n’a pas marché chez nous." in str(await aissatou.messages())
    assert "Pour quel service" in (await aissatou.says("/book")).text


async def test_the_bot_asks_for_no_updates_that_it_does_not_read(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.says("/start")
    assert set(bot.world.updates.allowed or ()) == {"message", "edited_message", "callback_query", "my_chat_member"}
