"""A place that another citizen gives up reaches who asked for it: two taps later the appointment is moved, once."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.sandbox.moncreneau.departments import Department, Organization
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import Clock, RunningBot, running_bot
from tests.e2e.test_moving import statuses

pytestmark = pytest.mark.asyncio(loop_scope="module")
RARE = Department(
    5,
    "Passport Service",
    Organization(1, "Ministry of Interior"),
    opening_hours={"thursday": (("09:00", "09:30"),)},
    capacity=1,
)
"""One place a week: that of 5 March is the earliest."""
FULL = Department(24, "Permis de construire", RARE.organization, capacity=0)
FOUND = "Une place plus tôt est libre"


@pytest_asyncio.fixture(loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    """A bot for each test, at an hour at which citizens may be told."""
    clock = Clock()
    clock.pass_(timedelta(hours=1))
    async with running_bot(tmp_path_factory.mktemp("places"), clock, departments=(RARE, FULL)) as started:
        yield started


async def tick(bot: RunningBot) -> None:
    await bot.app.earlier_places.tick()
    await bot.wait_until_idle()


async def found(citizen: Citizen) -> list[str]:
    return [each.text for each in await citizen.messages() if FOUND in each.text]


async def readings(bot: RunningBot) -> int:
    made: dict[str, int] = (await bot.services.ledger())["requests"]
    return sum(count for what, count in made.items() if "availability" in what)


async def asks_behind(bot: RunningBot, aissatou: Citizen) -> tuple[Citizen, int, int]:
    """Mamadou has the earliest place, Aïssatou the next one, and asks for an earlier one."""
    mamadou = await bot.citizen(first_name="Mamadou")
    his = await mamadou.books("Mamadou Barry")
    hers = await aissatou.books()
    noted = await aissatou.taps_on("Plus tôt")
    assert "C’est noté" in noted.text
    return mamadou, his, hers


async def cancels(citizen: Citizen) -> None:
    await citizen.says("/cancel")
    await citizen.taps_on("Oui, annuler")


async def test_what_another_citizen_cancels_is_told_and_two_taps_move_there(bot: RunningBot, aissatou: Citizen) -> None:
    mamadou, his, old = await asks_behind(bot, aissatou)
    await tick(bot)
    assert await found(aissatou) == []
    before = await readings(bot)
    await cancels(mamadou)
    assert await found(aissatou) == [], "also what our own citizens give up waits for the tick"
    await tick(bot)
    message = await aissatou.waits_for(FOUND)
    assert "5 mars" in message.text
    assert "Mamadou" not in message.text
    assert await readings(bot) == before, "it costs no request"
    await tick(bot)
    assert len(await found(aissatou)) == 1
    taps = aissatou.taps
    summary = await aissatou.taps_on("Voir cette place", message)
    assert "Avant" in summary.text
    assert "5 mars" in summary.text
    await aissatou.taps_on(CONFIRM)
    assert aissatou.taps - taps == 2
    after = await statuses(aissatou)
    assert (after.pop(old), list(after.values())) == ("CANCELLED", ["SCHEDULED"])
    assert (await statuses(mamadou))[his] == "CANCELLED"
    await tick(bot)
    assert await bot.app.store.copy_of(aissatou.id)
    assert "place_alerts" not in await bot.app.store.copy_of(aissatou.id), "the alert has ended"


async def test_a_place_that_is_gone_at_once_is_not_counted_and_the_appointment_stands(
    bot: RunningBot, aissatou: Citizen
) -> None:
    mamadou, _, old = await asks_behind(bot, aissatou)
    await cancels(mamadou)
    await tick(bot)
    message = await aissatou.waits_for(FOUND)
    taken = {"chat": 999, "departmentId": RARE.id, "dateTime": "2026-03-05T09:00:00", "name": "Fanta Sylla"}
    (await bot.services.moncreneau.post("/__sandbox/appointments", json=taken)).raise_for_status()
    nearest = await aissatou.taps_on("Voir cette place", message)
    assert "vient d’être pris" in nearest.text
    (row,) = (await bot.app.store.copy_of(aissatou.id))["place_alerts"]
    assert (row["sent"], row["sent_at"]) == (0, None)
    assert await statuses(aissatou) == {old: "SCHEDULED"}


async def test_an_alert_of_a_full_department_is_shown_in_the_list_and_stopped_there(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.reaches_days("Permis de construire")
    await aissatou.taps_on("Prévenez-moi")
    listing = await aissatou.says("/appointments")
    assert "Alerte · Permis de construire" in listing.text
    after = await aissatou.taps_on("Arrêter", listing)
    assert "Alerte ·" not in after.text
    assert "place_alerts" not in await bot.app.store.copy_of(aissatou.id)
