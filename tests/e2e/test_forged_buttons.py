"""Presses that no keyboard has: a screen does what its buttons say, and nothing else."""

import pytest

from bot.core import callback_data
from bot.core.callback_data import EVERYWHERE
from tests.e2e.citizen import Citizen
from tests.e2e.phone import Shown
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
ACTIONS = sorted(
    {each for each in vars(callback_data).values() if isinstance(each, str) and each.isascii()} - {"", *EVERYWHERE}
)
VALUED = [f"{kind}:{value}" for kind in ("d", "w", "n", "p", "x", "ticket") for value in (0, 1, 5, 12345)]


async def writes(bot: RunningBot) -> tuple[int, int]:
    requests = (await bot.services.ledger())["requests"]
    return requests.get("POST /appointments", 0), requests.get("DELETE /appointments/{id}", 0)


async def forges(citizen: Citizen, screen: Shown) -> None:
    """Press everything that is not there, bound to the present screen."""
    number = next(each.data for each in screen.buttons if not each.is_lasting).partition(".")[0]
    there = {each.data for each in screen.buttons}
    for action in [*ACTIONS, *VALUED]:
        if f"{number}.{action}" not in there:
            await citizen.presses(screen, f"{number}.{action}")


async def test_forged_presses_change_nothing_on_any_screen_of_a_booking(bot: RunningBot, aissatou: Citizen) -> None:
    before = await writes(bot)
    await aissatou.says("/book")
    for step in ("Passport", "⏱", "Aïssatou Bah", "Confirmer"):
        screen = await aissatou.screen()
        await forges(aissatou, screen)
        await bot.wait_until_idle()
        assert (await aissatou.screen()).text == screen.text, step
        assert await writes(bot) == before
        await (aissatou.says(step) if step == "Aïssatou Bah" else aissatou.taps_on(step))
    assert len(await aissatou.appointments()) == 1


@pytest.mark.parametrize("code", ["DUPLICATE_APPOINTMENT", "INVALID_DATE_TIME"])
async def test_a_refused_booking_that_offers_no_retry_is_not_tried_again(
    bot: RunningBot, aissatou: Citizen, code: str
) -> None:
    await aissatou.reaches_summary()
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code)
    refused = await aissatou.taps_on("Confirmer")
    before = await writes(bot)
    for _ in range(2):
        await forges(aissatou, refused)
    await bot.wait_until_idle()
    assert await writes(bot) == before
    assert (await aissatou.screen()).text == refused.text


async def test_an_appointment_that_is_only_looked_at_is_not_cancelled(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.books()
    listing = await aissatou.says("/appointments")
    before = await writes(bot)
    await forges(aissatou, listing)
    await bot.wait_until_idle()
    assert await writes(bot) == before
    asking = await aissatou.says("/cancel")
    await forges(aissatou, asking)
    await bot.wait_until_idle()
    assert await writes(bot) == before
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]
