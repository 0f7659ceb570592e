"""A message that Telegram does not take holds up nothing that a citizen needs."""

import asyncio
import time

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def calls(bot: RunningBot, method: str) -> int:
    return sum((await bot.services.calls()).get(method, {}).values())


async def test_a_picture_that_never_gets_through_holds_up_no_answer(bot: RunningBot, aissatou: Citizen) -> None:
    before = await calls(bot, "sendPhoto")
    await bot.services.inject_faults(telegram=[{"kind": "status", "method": "sendPhoto", "status": 500}])
    summary = await aissatou.reaches_summary()
    await aissatou.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
    await aissatou.waits_for("Votre rendez-vous est confirmé")
    await aissatou.phone.say("/start")
    await aissatou.waits_for("Bonjour")
    await aissatou.phone.say("/help")
    await aissatou.waits_for("Aide")
    await bot.wait_until_idle()
    assert await calls(bot, "sendPhoto") - before == 5
    await bot.services.clear_faults()
    await aissatou.says("/appointments")
    await aissatou.taps_on("🎫")
    assert any(each.has_picture for each in await aissatou.messages()), "it can be asked for again"


async def test_a_screen_that_cannot_be_edited_is_shown_as_a_new_message(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.says("/start")
    refused = {"kind": "status", "method": "editMessageText", "status": 400}
    await bot.services.inject_faults(telegram=[refused])
    days = await aissatou.taps_on("Ministry")
    assert "Pour quel service" in days.text
    before = len(await aissatou.messages())
    assert await aissatou.books()
    assert len(await aissatou.messages()) > before


async def test_a_text_that_telegram_cannot_parse_is_told_without_markup(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    refused = {"kind": "status", "status": 400, "times": 1}
    methods = ("editMessageText", "sendMessage")
    await bot.services.inject_faults(telegram=[{**refused, "method": method} for method in methods])
    ticket = await aissatou.taps_on("Confirmer")
    (made,) = await aissatou.appointments()
    assert str(made["id"]) in ticket.text
    assert ticket.labels == []


async def test_a_chat_that_floods_the_bot_gets_only_the_newest_screen(bot: RunningBot) -> None:
    flooder = await bot.citizen()
    await bot.stop()
    await bot.start(telegram_chat_rate=1.0)
    try:
        before = await calls(bot, "sendMessage")
        await asyncio.gather(*(flooder.phone.say(f"bla {number}") for number in range(500)))
        began = time.monotonic()
        await flooder.phone.say("/start")
        await eventually("the last one is answered", lambda: greeted(flooder))
        await bot.wait_until_idle()
        assert time.monotonic() - began < 25, "500 answers would take eight minutes"
        assert await calls(bot, "sendMessage") - before < 60
    finally:
        await bot.restart()


async def greeted(citizen: Citizen) -> bool:
    return "Bonjour" in (await citizen.messages())[-1].text if await citizen.messages() else False
