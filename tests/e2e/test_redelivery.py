"""Telegram delivers again what was not confirmed, and not always in order: it acts once, and in order."""

from pathlib import Path
from typing import Any

from tests.e2e.running_bot import RunningBot, running_bot

Json = dict[str, Any]
FIRST = 500_000_000
"""Far above the numbers that the stand-in gives by itself."""


def said(number: int, chat_id: int, text: str) -> Json:
    """A text as an update with this number."""
    person = {"id": chat_id, "is_bot": False, "first_name": "Aïssatou", "language_code": "fr"}
    chat = {"id": chat_id, "type": "private"}
    message = {"message_id": number % 1000, "chat": chat, "from": person, "date": 0, "text": text}
    return {"update_id": number, "message": message}


async def one_life_with(bot: RunningBot, *updates: Json) -> None:
    """Let these wait at Telegram while the bot is down, then let it work."""
    await bot.stop()
    await bot.services.inject_updates(*updates)
    await bot.start()
    await bot.wait_until_idle()


async def test_updates_whose_delivery_was_lost_on_the_way_act_once(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await bot.services.inject_faults(telegram=[{"kind": "drop_after", "method": "getUpdates", "times": 3}])
        assert "Bonjour" in (await citizen.says("/start")).text
        assert len(await citizen.messages()) == 1


async def test_an_update_delivered_again_after_a_restart_acts_once(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.says("/help")
        again = said(FIRST, citizen.id, "/start")
        await one_life_with(bot, again)
        assert len(await citizen.messages()) == 2
        await one_life_with(bot, again)
        await one_life_with(bot, again, again)
        assert len(await citizen.messages()) == 2


async def test_updates_of_a_chat_act_in_the_order_of_their_ids(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.says("/start")
        texts = ("/book", "Passport", "/language", "/help", "/stop")
        await one_life_with(bot, *[said(FIRST + n, citizen.id, text) for n, text in reversed(list(enumerate(texts)))])
        order = ("Pour quel service", "Recherche", "Choisissez votre langue", "Aide", "Auprès de quelle administration")
        shown = [each.text for each in await citizen.messages()][1:]
        assert len(shown) == len(order)
        for text, words in zip(shown, order, strict=True):
            assert words in text
