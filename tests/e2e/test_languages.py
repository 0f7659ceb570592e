"""Two languages: the phone's at first, the citizen's own once they chose, and the bot's face in both."""

from typing import Any

import pytest

from bot.sandbox.telegram.config import ADMIN_ID, TOKEN
from bot.views.bot_profile import USUAL
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("phone", "greeting"),
    [
        ("fr", "Bonjour"),
        ("en", "Hello"),
        ("en-US", "Hello"),
        ("fr-CA", "Bonjour"),
        ("de", "Bonjour"),
        ("xx", "Bonjour"),
    ],
)
async def test_the_phones_language_is_spoken_where_there_is_a_catalogue(
    bot: RunningBot, phone: str, greeting: str
) -> None:
    citizen = await bot.citizen(phone)
    assert (await citizen.says("/start")).text.startswith(greeting)


async def test_after_a_change_of_the_phones_language_answers_use_the_new_one(bot: RunningBot) -> None:
    citizen = await bot.citizen("fr")
    await citizen.says("/start")
    await bot.services.telegram.post(f"/__sandbox/users/{citizen.id}", json={"language_code": "en"})
    assert "Which organisation do you need" in (await citizen.says("/start")).text


async def test_a_language_once_chosen_is_remembered_whatever_the_phone_says(bot: RunningBot, sarah: Citizen) -> None:
    await sarah.says("/start")
    menu = await sarah.says("/language")
    assert menu.labels[:2] == ["Français", "English"]
    changed = await sarah.taps_on("Français")
    assert "Je vous écris maintenant en français." in changed.text
    assert "Pour quel service" in (await sarah.says("/book")).text
    await bot.restart()
    assert (await sarah.says("/start")).text.endswith("Auprès de quelle administration\xa0?")


async def test_changing_the_language_in_the_middle_of_a_booking_keeps_it(sarah: Citizen) -> None:
    await sarah.reaches_name()
    await sarah.says("/language")
    screen = await sarah.taps_on("Français")
    assert "Pour qui est le rendez-vous" in screen.text
    assert "lundi 2 mars à 08:00" in screen.text
    assert "Vérifiez" in (await sarah.says("Sarah Cole")).text


async def test_the_language_button_of_an_old_message_still_works(sarah: Citizen) -> None:
    menu = await sarah.says("/language")
    await sarah.says("/start")
    assert "en français" in (await sarah.taps_on("Français", menu)).text


async def test_commands_and_descriptions_are_set_in_each_language(bot: RunningBot) -> None:
    for language, book, tells in (("fr", "Prendre rendez-vous", "Prenez"), ("en", "Book an appointment", "Book")):
        scope = {"scope": '{"type":"all_private_chats"}', "language_code": language}
        commands = await _asked(bot, "getMyCommands", **scope)
        assert [each["command"] for each in commands][: len(USUAL)] == list(USUAL)
        assert {"command": "book", "description": book} in commands
        for what in ("description", "short_description"):
            method = f"getMy{'Short' if what.startswith('short') else ''}Description"
            assert str((await _asked(bot, method, language_code=language))[what]).startswith(tells)
    assert await _asked(bot, "getMyCommands", scope='{"type":"all_private_chats"}'), "for all other languages too"


async def test_an_admin_gets_the_admins_commands_soon_after_writing_for_the_first_time(bot: RunningBot) -> None:
    await bot.restart()
    await bot.services.telegram.post(f"/__sandbox/chats/{ADMIN_ID}/say", json={"text": "/start"})
    scope = f'{{"type":"chat","chat_id":{ADMIN_ID}}}'

    async def commands() -> list[str]:
        return [each["command"] for each in await _asked(bot, "getMyCommands", scope=scope, language_code="fr")]

    assert set(await eventually("the admin's commands", commands)) >= set(USUAL)


async def test_an_unchanged_profile_is_not_set_again(bot: RunningBot) -> None:
    await bot.restart()
    await bot.wait_until_idle()
    await bot.services.telegram.delete("/__sandbox/calls")
    await bot.restart()
    assert not [method for method in await bot.services.calls() if method.startswith("setMy")]


async def _asked(bot: RunningBot, method: str, **how: str) -> Any:
    answer = await bot.services.telegram.post(f"/bot{TOKEN}/{method}", data=how)
    return answer.json()["result"]
