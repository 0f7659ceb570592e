"""The bot's face: set once, tried until it is, and again only where something changed."""

import asyncio
import json

from bot.sandbox.telegram.config import PEOPLE
from bot.sandbox.telegram.phone import say
from bot.sandbox.telegram.world import World
from bot.telegram.bot_profile import BotProfile, Call, calls, hide, keep_in_sync, language_codes
from bot.telegram.transport import RawBot
from tests.e2e.waiting import eventually

ADMIN, NOBODY = PEOPLE[-1].id, 424_242
FR = BotProfile("fr", (("book", "Réserver"),), (("book", "Réserver"), ("status", "État")), "Description", "Courte")
ALL = BotProfile("", (("book", "Réserver"),), (("book", "Réserver"), ("status", "État")), "Description", "Courte")


async def shown(bot: RawBot, wanted: list[Call], known: str, times: int) -> list[str]:
    """What is known after each round that got anywhere."""
    marks: list[str] = []
    async for each in keep_in_sync(bot, wanted, known):
        marks.append(each)
        if len(marks) == times:
            break
    return marks


def test_every_language_has_its_commands_and_texts_and_admins_have_their_own() -> None:
    wanted = calls((ALL, FR), {3, 2})
    assert [method for method, _ in wanted] == [
        *("setMyCommands", "setMyCommands", "setMyCommands", "setMyDescription", "setMyShortDescription")
    ] * 2
    scopes = [json.loads(call["scope"]) for method, call in wanted[:5] if method == "setMyCommands"]
    assert scopes == [{"type": "all_private_chats"}, {"type": "chat", "chat_id": 2}, {"type": "chat", "chat_id": 3}]
    assert ["language_code" in call for _, call in wanted] == [False] * 5 + [True] * 5


def test_texts_are_set_for_codes_of_two_letters_each_once() -> None:
    assert language_codes(("fr", "en", "pt_BR", "pt", "zh_Hans", "sus")) == ("fr", "en", "pt", "zh")


async def test_it_is_set_and_not_set_again(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    wanted = calls((ALL, FR), ())
    (marks,) = await shown(bot, wanted, "", 1)
    assert world.profile.descriptions == {"": "Description", "fr": "Description"}
    assert world.profile.commands[("all_private_chats",), "fr"] == [{"command": "book", "description": "Réserver"}]
    world.calls.clear()
    assert await shown(bot, wanted, marks, 1) == []
    assert not world.calls


async def test_only_what_changed_is_set(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    (marks,) = await shown(bot, calls((FR,), ()), "", 1)
    world.calls.clear()
    other = BotProfile("fr", FR.commands, FR.admin_commands, "Une autre", "Courte")
    await shown(bot, calls((other,), ()), marks, 1)
    assert dict(world.calls) == {("setMyDescription", 200): 1}


async def test_an_admin_who_has_not_written_yet_gets_theirs_when_they_have(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    rounds = asyncio.create_task(shown(bot, calls((FR,), {ADMIN}), "", 2))
    await eventually("the rest of the face", lambda: world.profile.short_descriptions, pause=0.01)
    say(world, world.chats[ADMIN], "/start")
    first, second = await rounds
    assert set(first.split()) < set(second.split())
    assert len(world.profile.commands[("chat", ADMIN), "fr"]) == 2


async def test_what_fails_is_tried_again(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    world.faults.add({"kind": "html", "method": "setMyDescription", "times": 1})
    marks = await shown(bot, calls((FR,), ()), "", 2)
    assert len(marks) == 2
    assert world.profile.descriptions == {"fr": "Description"}


async def test_what_a_former_admin_saw_is_taken_back_however_often_that_fails(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    say(world, world.chats[ADMIN], "/start")
    await shown(bot, calls((ALL, FR), {ADMIN}), "", 1)
    assert world.profile.commands[("chat", ADMIN), "fr"]
    world.faults.add({"kind": "html", "method": "deleteMyCommands", "times": 3})
    await hide(bot, (ADMIN, NOBODY), ("fr",))
    assert not [scope for scope, _ in world.profile.commands if scope == ("chat", ADMIN)]
