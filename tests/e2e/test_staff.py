"""The staff of a department: their agenda, on request and in the morning, and nothing of other departments."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import RunningBot, stopped_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSPORTS, ID_CARDS = 5, 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    async with stopped_bot(tmp_path_factory.mktemp("staff"), capacity=1000) as stopped:
        await stopped.start()
        yield stopped


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fatou(bot: RunningBot) -> Citizen:
    """The staff of the passport service, who has met the bot."""
    fatou = await bot.citizen(first_name="Fatou")
    await fatou.says("/start")
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"staff": frozenset({(PASSPORTS, fatou.id)})})
    await bot.start()
    return fatou


async def test_staff_see_their_day_without_names_and_citizens_do_not(bot: RunningBot, fatou: Citizen) -> None:
    aissatou, mamadou = await bot.citizen(), await bot.citizen(first_name="Mamadou")
    mine, others = await aissatou.books(), await mamadou.books(department="ID Card")
    bot.clock.pass_(timedelta(minutes=2))  # the list was read at the start
    agenda = await fatou.says("/agenda")
    assert "Passport Service" in agenda.text
    assert str(mine) in agenda.text
    assert str(others) not in agenda.text
    assert "Aïssatou" not in agenda.text
    requests = (await bot.services.ledger())["requests"]["GET /appointments"]
    await fatou.says("/agenda aujourd'hui")
    assert (await bot.services.ledger())["requests"]["GET /appointments"] == requests, "a minute old serves again"
    assert "Aucun rendez-vous ce jour-là." in (await fatou.says("/agenda dimanche")).text
    assert "/agenda" in (await fatou.says("/help")).text
    unknown = (await mamadou.says("/nonsense")).text
    assert (await mamadou.says("/agenda")).text == unknown
    assert (await fatou.says("/status")).text == unknown


async def test_the_list_comes_in_the_morning_once_and_with_names_if_the_operator_wants_them(
    bot: RunningBot, fatou: Citizen
) -> None:
    kadiatou = await bot.citizen(first_name="Kadiatou")
    await kadiatou.reaches_days()
    await kadiatou.taps_on("Demain")
    await kadiatou.taps_on("10:")
    await kadiatou.says("Kadiatou Camara")
    await kadiatou.taps_on(CONFIRM)
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"staff_names": True})
    bot.clock.pass_(timedelta(days=1))
    await bot.start()
    await fatou.waits_for("Kadiatou Camara")
    await bot.restart()
    await bot.app.morning_agenda.look()
    await bot.wait_until_idle()
    assert sum("Kadiatou Camara" in each.text for each in await fatou.messages()) == 1, "once, also over restarts"
