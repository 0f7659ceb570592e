"""Many citizens press *earliest* at once, and no two of them are sent after the same slot."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.sandbox.moncreneau import Department, Organization
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import running_bot
from tests.e2e.words import Words

FRENCH = Words("fr")
CITY = Organization(1, "Ville de Conakry")
OFFICES = (Department(5, "Passeports", CITY), Department(8, "Casier judiciaire", CITY))


async def presses(citizen: Citizen, label: str) -> None:
    """Press without waiting for what comes of it."""
    shown = await citizen.screen()
    await citizen.phone.do("press", message_id=shown.number, data=shown.data(label), forged=True)


async def test_twenty_who_press_earliest_at_once_lose_no_race_and_are_told_their_times(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=OFFICES, capacity=1, rate_limit=1000) as bot:
        citizens = [await bot.citizen() for _ in range(20)]
        for citizen in citizens:
            await citizen.says("/book")
        for label in ("Passeports", "⏱"):
            await asyncio.gather(*(presses(each, label) for each in citizens))
            await bot.wait_until_idle()
        await asyncio.gather(
            *(
                each.phone.say(f"Citoyen {letter}")
                for each, letter in zip(citizens, "ABCDEFGHIJKLMNOPQRST", strict=True)
            )
        )
        await bot.wait_until_idle()
        summaries = [(await each.screen()).text for each in citizens]
        assert sum("Quelqu’un d’autre vient de choisir" in text for text in summaries) == 19
        await asyncio.gather(*(presses(each, CONFIRM) for each in citizens))
        await bot.wait_until_idle()
        requests: dict[str, int] = (await bot.services.ledger())["requests"]
        assert requests["POST /appointments"] == 20, "nobody lost a race"
        for citizen, summary in zip(citizens, summaries, strict=True):
            (appointment,) = await citizen.appointments()
            assert f"à {appointment['dateTime'][11:16]} (heure de" in summary


async def test_who_confirms_too_late_does_not_take_the_slot_of_another(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=OFFICES, capacity=1) as bot:
        late, other = await bot.citizen(), await bot.citizen()
        await late.reaches_summary(department="Passeports")
        bot.clock.pass_(timedelta(minutes=4))
        summary = await other.reaches_summary(department="Passeports")
        told = await late.taps_on(CONFIRM)
        assert FRENCH.says(told.text, "nearest.taken"), told.text
        await other.taps_on(CONFIRM)
        await late.taps_on("08:30", told)
        await late.taps_on(CONFIRM)
        (mine,), (others,) = await late.appointments(), await other.appointments()
        assert (mine["dateTime"][11:16], others["dateTime"][11:16]) == ("08:30", "08:00")
        assert "08:00" in summary.text
        requests: dict[str, int] = (await bot.services.ledger())["requests"]
        assert requests["POST /appointments"] == 2, "nobody lost a race"


async def test_after_a_restart_two_who_press_the_same_label_lose_no_race(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=OFFICES, capacity=1) as bot:
        first, second = await bot.citizen(), await bot.citizen()
        for citizen in (first, second):
            await citizen.reaches_days("Passeports")
        await bot.restart()
        await first.taps_on("⏱")
        await second.taps_on("⏱")
        await second.taps_on("08:30")
        for citizen in (first, second):
            await citizen.says("Aïssatou Bah")
            await citizen.taps_on(CONFIRM)
            assert len(await citizen.appointments()) == 1
        requests: dict[str, int] = (await bot.services.ledger())["requests"]
        assert requests["POST /appointments"] == 2
