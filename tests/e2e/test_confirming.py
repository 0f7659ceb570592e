"""*Confirm*, pressed by impatient people on bad connections: one wish, one appointment."""

import asyncio

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.phone import Shown
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _confirm(summary: Shown) -> str:
    return summary.data("Confirmer")


async def test_pressing_many_times_at_once_makes_one(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    press = {"message_id": summary.number, "data": _confirm(summary), "forged": True}
    await asyncio.gather(*(aissatou.phone.do("press", **press) for _ in range(8)))
    await bot.wait_until_idle()
    assert len(await aissatou.appointments()) == 1
    texts = [each.text for each in await aissatou.messages()]
    assert len([each for each in texts if "Votre rendez-vous est confirmé" in each]) == 1


async def test_a_press_that_the_network_repeats_is_one_press(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await aissatou.taps_on("Confirmer")
    before = await aissatou.messages()
    for _ in range(3):
        await aissatou.phone.resend()
    await bot.wait_until_idle()
    assert len(await aissatou.appointments()) == 1
    assert await aissatou.messages() == before, "and says nothing new"


async def test_pressing_again_much_later_does_not_book_again(aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    await aissatou.taps_on("Confirmer")
    await aissatou.says("/start")
    await aissatou.presses(summary, _confirm(summary))
    assert "Auprès de quelle administration" in (await aissatou.screen()).text
    assert len(await aissatou.appointments()) == 1


async def test_a_text_that_the_network_repeats_confirms_nothing(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await aissatou.phone.resend()
    await bot.wait_until_idle()
    assert await aissatou.appointments() == []
    assert "Vérifiez" in (await aissatou.screen()).text


async def test_while_it_takes_long_the_citizen_hears_so_and_gets_one_ticket(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    await bot.inject_api_fault("delay", "POST", "/appointments", seconds=1.6, times=1)
    await aissatou.phone.do("press", message_id=summary.number, data=_confirm(summary), forged=True)
    waiting = await aissatou.waits_for("Votre réservation est en cours de confirmation.")
    assert "Elle n’est pas encore confirmée." in waiting.text
    assert "vous recevrez un message" in waiting.text
    await aissatou.phone.do("press", message_id=summary.number, data=_confirm(summary), forged=True)
    await aissatou.phone.say("/book")
    await bot.wait_until_idle()
    ticket = await aissatou.screen()
    assert "Votre rendez-vous est confirmé" in ticket.text
    assert ticket.number != waiting.number, "a message of its own, that makes a sound"
    assert not [each for each in await aissatou.messages() if "pas encore confirmée" in each.text]
    assert len(await aissatou.appointments()) == 1


async def test_stop_comes_too_late_for_a_booking_that_is_being_made_and_its_ticket_comes(
    bot: RunningBot, aissatou: Citizen
) -> None:
    summary = await aissatou.reaches_summary()
    await bot.inject_api_fault("delay", "POST", "/appointments", seconds=1.6, times=1)
    await aissatou.phone.do("press", message_id=summary.number, data=_confirm(summary), forged=True)
    await aissatou.waits_for("en cours de confirmation")
    await aissatou.phone.say("/stop")
    await aissatou.waits_for("Vous arrêtez cette demande")
    await bot.wait_until_idle()
    assert len(await aissatou.appointments()) == 1


async def test_a_booking_given_up_before_it_was_made_is_not_made(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    await bot.inject_api_fault("status", "POST", "/appointments", status=503)
    await aissatou.phone.do("press", message_id=summary.number, data=_confirm(summary), forged=True)
    waiting = await aissatou.waits_for("en cours de confirmation")
    await aissatou.phone.do("press", message_id=waiting.number, data=waiting.data("Arrêter"), forged=True)
    await aissatou.waits_for("rien n’a été réservé")
    await bot.wait_until_idle()
    resumed = await aissatou.taps_on("Reprendre ma demande")
    assert resumed.text == summary.text, "all choices are still there, the hour too: nobody took it"
    assert await aissatou.appointments() == []


async def test_a_booking_given_up_after_it_was_made_gives_its_ticket(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    await bot.inject_api_fault("drop_after", "POST", "/appointments", times=1)
    await bot.inject_api_fault("status", "GET", "/appointments", status=503, times=4)
    await aissatou.phone.do("press", message_id=summary.number, data=_confirm(summary), forged=True)
    waiting = await aissatou.waits_for("en cours de confirmation")
    await aissatou.phone.do("press", message_id=waiting.number, data=waiting.data("Arrêter"), forged=True)
    await bot.wait_until_idle()
    assert "Votre rendez-vous est confirmé" in (await aissatou.screen()).text
    assert len(await aissatou.appointments()) == 1
