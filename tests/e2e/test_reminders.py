"""A citizen is reminded of what is true, when it is useful, and answers. The clock jumps while the bot is stopped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.core.statistics import Counted
from bot.storage.statistics import SqlStatistics
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
TITLE, NOTED = "votre rendez-vous", "C’est noté"


@asynccontextmanager
async def jump_to(bot: RunningBot, text: str) -> AsyncIterator[None]:
    """The bot stops and starts again at this time of March 2026; afterwards the clock is as before."""
    await bot.stop()
    ahead = datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC) - bot.clock()
    with bot.clock.put_forward(seconds=ahead.total_seconds() + 1):
        await bot.start()
        await bot.app.scheduler.look()
        await bot.wait_until_idle()
        yield
        await bot.stop()
    await bot.start()


async def books(citizen: Citizen, when: str) -> int:
    """To a ticket for this day and hour, which are typed; the appointment's number."""
    before = {each["id"] for each in await citizen.appointments()}
    await citizen.reaches_days()
    await citizen.says(when)
    await citizen.says("Aïssatou Bah")
    await citizen.taps_on("✅ Confirm")
    (made,) = [each["id"] for each in await citizen.appointments() if each["id"] not in before]
    return int(made)


async def reminders(citizen: Citizen) -> list[str]:
    return [each.text for each in await citizen.messages() if each.text.startswith("🔔")]


async def test_the_citizen_is_reminded_twice_and_answers(bot: RunningBot, aissatou: Citizen) -> None:
    number = await books(aissatou, "12/03/2026 14:30")
    async with jump_to(bot, "10T14:29"):
        assert await reminders(aissatou) == []
    async with jump_to(bot, "10T14:30"):
        reminder = await aissatou.waits_for(TITLE)
        assert str(number) in reminder.text
        (coming,) = [each.data for each in reminder.buttons if "Je viens" in each.label]
        answered = await aissatou.taps_on("Je viens", reminder)
        assert answered.number == reminder.number
        assert NOTED in answered.text
        await aissatou.presses(answered, coming)
        counts = await SqlStatistics(bot.app.store).counts()
        assert [each.number for each in counts if each.what is Counted.COMING] == [1], "however often it is pressed"
    async with jump_to(bot, "10T16:00"):
        assert len(await reminders(aissatou)) == 1, "once, whatever is restarted"
    async with jump_to(bot, "12T11:30"):
        await aissatou.waits_for("Aujourd’hui")
        assert len(await reminders(aissatou)) == 2
        pictures = [each for each in await aissatou.messages() if each.has_picture]
        assert len(pictures) == 2, "that of the ticket, and again with the reminder"
    async with jump_to(bot, "12T15:00"):
        assert len(await reminders(aissatou)) == 2


async def test_a_reminder_that_became_untrue_is_not_sent(bot: RunningBot, aissatou: Citizen) -> None:
    await books(aissatou, "12/03/2026 15:00")
    await aissatou.says("/cancel")
    await aissatou.taps_on("Oui, annuler")
    async with jump_to(bot, "10T15:00"):
        assert await reminders(aissatou) == []


async def test_an_early_appointment_is_reminded_of_the_evening_before(bot: RunningBot, aissatou: Citizen) -> None:
    await books(aissatou, "12/03/2026 08:00")
    async with jump_to(bot, "11T20:00"):
        assert "Demain à 08:00" in (await aissatou.waits_for(TITLE)).text


async def test_after_an_outage_late_reminders_come_while_they_help_and_never_by_night(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await books(aissatou, "12/03/2026 14:00")
    async with jump_to(bot, "10T22:00"):
        assert await reminders(aissatou) == []
    async with jump_to(bot, "11T07:00"):
        assert "Demain à 14:00" in (await aissatou.waits_for(TITLE)).text
    async with jump_to(bot, "12T13:02"):
        assert len(await reminders(aissatou)) == 1, "an hour before the start is too late for the second"


async def test_an_answer_to_an_old_reminder_shows_the_appointment_as_it_is(bot: RunningBot, aissatou: Citizen) -> None:
    number = await books(aissatou, "12/03/2026 09:30")
    async with jump_to(bot, "10T09:30"):
        reminder = await aissatou.waits_for(TITLE)
        body = {"dateTime": "2026-03-13T10:00:00"}
        await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/move", json=body)
        await aissatou.says("/appointments")
        await aissatou.waits_for("a changé votre rendez-vous")
        (changed,) = [each for each in await aissatou.messages() if each.number == reminder.number]
        assert "10:00" in changed.text, "no message on the phone says something untrue"
        now = await aissatou.taps_on("Je viens", reminder)
        assert "10:00" in now.text
        assert NOTED not in now.text
    async with jump_to(bot, "12T07:00"):
        (moved,) = await reminders(aissatou)
        assert "Demain à 10:00" in moved, "of the new time alone"
    async with jump_to(bot, "13T07:01"):
        assert "Aujourd’hui à 10:00" in (await aissatou.waits_for("Aujourd’hui")).text


async def test_who_wants_no_reminders_gets_none_until_they_want_them_again(bot: RunningBot, aissatou: Citizen) -> None:
    await books(aissatou, "12/03/2026 10:00")
    async with jump_to(bot, "10T10:00"):
        await aissatou.taps_on("Ne plus me rappeler", await aissatou.waits_for(TITLE))
        await aissatou.waits_for("vous ne recevez plus de rappels")
    async with jump_to(bot, "12T07:01"):
        assert len(await reminders(aissatou)) == 1
    await books(aissatou, "19/03/2026 10:00")
    await aissatou.says("/settings")
    await aissatou.taps_on("Me rappeler")
    async with jump_to(bot, "17T10:00"):
        await eventually("the reminder of the next week", lambda: has(aissatou, "19 mars"))


async def has(citizen: Citizen, words: str) -> bool:
    return any(words in text for text in await reminders(citizen))


async def test_a_citizen_who_blocks_the_bot_and_returns_is_reminded(bot: RunningBot, aissatou: Citizen) -> None:
    await books(aissatou, "12/03/2026 13:30")
    await aissatou.does("block")
    async with jump_to(bot, "10T13:30"):
        assert await reminders(aissatou) == []
        await aissatou.says("/start")
        await bot.app.scheduler.look()
        await aissatou.waits_for(TITLE)
        assert len(await reminders(aissatou)) == 1


async def test_an_appointment_moved_from_its_reminder_gets_new_reminders(bot: RunningBot, aissatou: Citizen) -> None:
    await books(aissatou, "12/03/2026 11:00")
    async with jump_to(bot, "10T11:00"):
        reminder = await aissatou.waits_for(TITLE)
        await aissatou.taps_on("Déplacer", reminder)
        await aissatou.says("18/03/2026 15:00")
        await aissatou.taps_on("✅ Confirm")
        await eventually("it is moved", lambda: has_moved(aissatou))
        await bot.wait_until_idle()
        (changed,) = [each for each in await aissatou.messages() if each.number == reminder.number]
        assert "Viendrez-vous" not in changed.text, changed.text
    async with jump_to(bot, "12T08:00"):
        assert await reminders(aissatou) == [], "not of the old time"
    async with jump_to(bot, "16T15:00"):
        assert "18 mars à 15:00" in (await aissatou.waits_for(TITLE)).text


async def has_moved(citizen: Citizen) -> bool:
    found = sorted((each["dateTime"], each["status"]) for each in await citizen.appointments())
    return found == [("2026-03-12T11:00:00", "CANCELLED"), ("2026-03-18T15:00:00", "SCHEDULED")]
