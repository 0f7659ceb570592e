"""Restarts and long absences: a conversation goes on where it was, or says that it does not."""

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXPIRED = "Plus de 24 heures ont passé : votre demande commencée n’est plus gardée."


async def test_a_restart_after_every_step_changes_nothing(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    await citizen.says("/start")
    for step in ("Ministry", "Titres de séjour", "Mme Hawa", "Demain", "09:30", "Aïssatou Bah"):
        await bot.restart()
        await citizen.taps_on(step)
    await bot.restart()
    assert "Votre rendez-vous est confirmé" in (await citizen.taps_on("Confirmer")).text
    (made,) = await citizen.appointments()
    assert (made["dateTime"], made["workerId"]) == ("2026-03-03T09:30:00", 44)
    assert len([each for each in await citizen.messages() if each.has_picture]) == 1


async def test_texts_typed_while_the_bot_is_down_are_answered_after_the_restart(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.reaches_name()
    await bot.stop()
    await aissatou.phone.say("Aïssatou Bah")
    await bot.start()
    await bot.wait_until_idle()
    assert "Vérifiez" in (await aissatou.screen()).text


async def test_after_a_day_a_draft_is_dropped_with_a_word(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    with bot.clock.put_forward(hours=24, minutes=1):
        screen = await aissatou.taps_on("Confirmer", summary)
    assert EXPIRED in screen.text.replace("\xa0", " ")
    assert "Auprès de quelle administration" in screen.text
    assert await aissatou.appointments() == []


@pytest.mark.parametrize("text", ["Aïssatou Bah", "/appointments", "/cancel", "/book"])
async def test_after_a_day_whatever_comes_is_answered_with_that_word(
    bot: RunningBot, aissatou: Citizen, text: str
) -> None:
    await aissatou.reaches_name()
    before = len(await aissatou.messages())
    with bot.clock.put_forward(hours=25):
        await aissatou.says(text)
    words = " ".join(each.text for each in await aissatou.messages()).replace("\xa0", " ")
    assert words.count(EXPIRED) == 1
    assert len(await aissatou.messages()) > before


async def test_a_draft_of_almost_a_day_is_still_there(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_days()
    await aissatou.taps_on("jeu. 5 mars")
    await aissatou.taps_on("10:00")
    summary = await aissatou.says("Aïssatou Bah")
    with bot.clock.put_forward(hours=23, minutes=59):
        assert "Votre rendez-vous est confirmé" in (await aissatou.taps_on("Confirmer", summary)).text


async def test_a_time_that_passed_while_one_hesitated_is_not_booked(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    with bot.clock.put_forward(hours=20):
        screen = await aissatou.taps_on("Confirmer", summary)
        assert "Le service n’accepte pas cet horaire." in screen.text
        assert "Choisissez un jour" in (await aissatou.taps_on("autre horaire")).text
    assert await aissatou.appointments() == []


async def test_a_session_that_cannot_be_read_is_replaced_by_a_new_one(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await bot.stop()
    bot.database.execute("UPDATE chats SET session = '0:{}' WHERE chat_id = ?", aissatou.id)
    await bot.start()
    assert "Auprès de quelle administration" in (await aissatou.taps_on("Confirmer")).text
    assert await aissatou.appointments() == []


async def test_a_menu_of_yesterday_still_opens_what_it_says(bot: RunningBot, aissatou: Citizen) -> None:
    menu = await aissatou.says("/start")
    with bot.clock.put_forward(days=3):
        assert "Pour quel service" in (await aissatou.taps_on("Ministry", menu)).text
