"""The bot profile is set once, retried until it succeeds, and set again only where it changed."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.sandbox.telegram.config import PEOPLE
from bot.sandbox.telegram.phone import say
from bot.sandbox.telegram.world import World
from bot.telegram.bot_profile import BotProfile, Call, calls, hide, keep_in_sync, language_codes
from bot.telegram.transport import RawBot
from tests.app.virtual_clock import in_no_time
from tests.e2e.waiting import eventually

ADMIN, NOBODY = PEOPLE[-1].id, 424_242
FR = BotProfile("fr", (("book", "Réserver"),), "Description", "Courte")
ALL = BotProfile("", (("book", "Réserver"),), "Description", "Courte")
OF_ADMINS = (("book", "Réserver"), ("status", "État"))


def calls_for(profiles: tuple[BotProfile, ...], admins: Iterable[int]) -> list[Call]:
    """The calls that set these profiles, and the menus of these admins in each of their languages."""
    menus = tuple((each, OF_ADMINS) for each in admins)
    return calls(replace(each, menus=menus) for each in profiles)


async def shown(bot: RawBot, wanted: list[Call], known: str, times: int) -> list[str]:
    """The settled calls after each round that settled some."""
    marks: list[str] = []
    async for each in keep_in_sync(bot, wanted, known):
        marks.append(each)
        if len(marks) == times:
            break
    return marks


def test_every_language_has_its_commands_and_texts_and_admins_have_their_own() -> None:
    wanted = calls_for((ALL, FR), {3, 2})
    assert [method for method, _ in wanted] == [
        *("setMyCommands", "setMyCommands", "setMyCommands", "setMyDescription", "setMyShortDescription")
    ] * 2
    scopes = [json.loads(call["scope"]) for method, call in wanted[:5] if method == "setMyCommands"]
    assert scopes == [{"type": "all_private_chats"}, {"type": "chat", "chat_id": 2}, {"type": "chat", "chat_id": 3}]
    assert ["language_code" in call for _, call in wanted] == [False] * 5 + [True] * 5


def test_texts_are_set_for_codes_of_two_letters_each_once() -> None:
    assert language_codes(("fr", "en", "pt_BR", "pt", "zh_Hans", "sus")) == ("fr", "en", "pt", "zh")


async def test_a_profile_is_set_once(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    wanted = calls_for((ALL, FR), ())
    (marks,) = await shown(bot, wanted, "", 1)
    assert world.profile.descriptions == {"": "Description", "fr": "Description"}
    assert world.profile.commands[("all_private_chats",), "fr"] == [{"command": "book", "description": "Réserver"}]
    world.calls.clear()
    assert await shown(bot, wanted, marks, 1) == []
    assert not world.calls


async def test_only_changed_parts_of_the_profile_are_set(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    (marks,) = await shown(bot, calls_for((FR,), ()), "", 1)
    world.calls.clear()
    other = BotProfile("fr", FR.commands, "Une autre", "Courte")
    await shown(bot, calls_for((other,), ()), marks, 1)
    assert dict(world.calls) == {("setMyDescription", 200): 1}


async def test_an_admin_gets_the_admins_commands_once_they_have_written(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    rounds = asyncio.create_task(shown(bot, calls_for((FR,), {ADMIN}), "", 2))
    await eventually("the rest of the face", lambda: world.profile.short_descriptions, pause=0.01)
    say(world, world.chats[ADMIN], "/start")
    first, second = await rounds
    assert set(first.split()) < set(second.split())
    assert len(world.profile.commands[("chat", ADMIN), "fr"]) == 2


async def test_a_failed_call_is_tried_again(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    world.faults.add({"kind": "html", "method": "setMyDescription", "times": 1})
    marks = await shown(bot, calls_for((FR,), ()), "", 2)
    assert len(marks) == 2
    assert world.profile.descriptions == {"fr": "Description"}


async def test_the_commands_of_a_former_admin_are_removed_with_retries(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    say(world, world.chats[ADMIN], "/start")
    await shown(bot, calls_for((ALL, FR), {ADMIN}), "", 1)
    assert world.profile.commands[("chat", ADMIN), "fr"]
    world.faults.add({"kind": "html", "method": "deleteMyCommands", "times": 3})
    await hide(bot, (ADMIN, NOBODY), ("fr",))
    assert not [scope for scope, _ in world.profile.commands if scope == ("chat", ADMIN)]


class Telegram:
    """Answers each call as `fails` says (None: it is done), and remembers when it came, in seconds of the loop."""

    def __init__(self, fails: Callable[[str, float], TelegramError | None]) -> None:
        self._fails = fails
        self.calls: list[tuple[float, str]] = []

    async def call(self, method: str, parameters: dict[str, Any], *, read_timeout: float | None = None) -> Any:
        del parameters, read_timeout
        now = asyncio.get_running_loop().time()
        self.calls.append((now, method))
        if error := self._fails(method, now):
            raise error
        return True


async def synced(telegram: Telegram, wanted: list[Call], known: str = "") -> str:
    """The settled calls at the end."""
    async for marks in keep_in_sync(telegram, wanted, known):
        known = marks
    return known


@in_no_time
async def test_a_429_of_one_method_does_not_delay_the_others() -> None:
    day = 81_234

    def limited(method: str, now: float) -> TelegramError | None:
        return RetryAfter(day) if method == "setMyCommands" and now < day else None

    telegram = Telegram(limited)
    await synced(telegram, calls_for((ALL, FR), {ADMIN}))
    at_once = [method for at, method in telegram.calls if at < day]
    assert at_once.count("setMyCommands") == 1, "the others wait with the first, without asking"
    assert at_once.count("setMyDescription") == at_once.count("setMyShortDescription") == 2
    assert [method for at, method in telegram.calls if at >= day] == ["setMyCommands"] * 4


@in_no_time
async def test_a_refused_profile_text_is_retried_only_when_it_changes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusing = Telegram(
        lambda method, _: BadRequest("description is too long") if method == "setMyDescription" else None
    )
    known = await synced(refusing, calls_for((FR,), ()))
    assert [method for _, method in refusing.calls].count("setMyDescription") == 1
    (line,) = [each.message for each in caplog.records if each.levelno == logging.ERROR]
    assert (
        line == "setMyDescription: Telegram refuses it, it is not tried again until it changes: description is too long"
    )
    refusing.calls.clear()
    assert await synced(refusing, calls_for((FR,), ()), known) == known
    assert refusing.calls == []
    shorter = BotProfile("fr", FR.commands, "Plus courte", "Courte")
    await synced(refusing, calls_for((shorter,), ()), known)
    assert [method for _, method in refusing.calls] == ["setMyDescription"]


@in_no_time
async def test_an_outage_is_two_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    telegram = Telegram(lambda _, now: TelegramError("Bad Gateway") if now < 3600 else None)
    await synced(telegram, calls_for((ALL, FR), {ADMIN}))
    begins, ends = [each.message for each in caplog.records if each.name.startswith("bot.")]
    assert begins == "Telegram (setting the profile) cannot be reached: setMyDescription: Bad Gateway; trying again"
    assert ends == "Telegram (setting the profile) answers again"


@in_no_time
async def test_an_outage_is_retried_with_growing_pauses() -> None:
    hour = 3600.0
    telegram = Telegram(lambda _, now: TelegramError("Bad Gateway") if now < hour else None)
    await synced(telegram, [calls_for((FR,), ())[0]])
    assert len(telegram.calls) < 20
    assert telegram.calls[-1][0] >= hour
