"""A machine whose clock is wrong for a while: nothing that happened then stays broken."""

from datetime import timedelta

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import MONDAY, RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
EPOCH = (timedelta(seconds=300) - (MONDAY.replace(tzinfo=None) - MONDAY.replace(tzinfo=None, year=1970))).days
"""Days between the tests' Monday and the same day of 1970, backwards."""


async def test_a_chat_that_began_in_1970_works_then_and_when_the_clock_is_right_again(
    bot: RunningBot, aissatou: Citizen
) -> None:
    with bot.clock.put_forward(days=EPOCH):
        await aissatou.says("/start")
        assert "Touchez un service, un jour et une heure" in (await aissatou.taps_on("Aide")).text
    await aissatou.says("/start")
    assert "Touchez un service, un jour et une heure" in (await aissatou.taps_on("Aide")).text
    assert await aissatou.books()
