"""The calendar file reaches the phone, and after a change by the office or the citizen a new one of the same event."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from icalendar import Calendar

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.test_without_webhooks import an_hour_passes, office
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path_factory.mktemp("bot"), capacity=1000) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot) -> Citizen:
    return await bot.citizen()


async def takes_file(bot: RunningBot, citizen: Citizen, number: int) -> None:
    """Press the button, and wait until the bot has stored that the file arrived."""

    async def is_noted() -> bool:
        entry = await bot.app.store.entry(number)
        return entry is not None and entry.ics_sent is not None

    await citizen.taps_on("🗓 Mon agenda")
    await eventually("the file is noted", is_noted)


async def events(bot: RunningBot, citizen: Citizen) -> list[Any]:
    """The events of all calendar files on the phone, oldest first."""
    found = []
    for each in await citizen.phone.transcript():
        if document := each["message"].get("document"):
            assert document["mime_type"] == "text/calendar"
            answer = await bot.services.telegram.get(f"/__sandbox/page/files/{document['file_id']}")
            found += Calendar.from_ical(answer.content).walk("VEVENT")
    return found


async def test_the_file_has_the_appointment_and_costs_no_request_of_the_api(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    before = (await bot.services.ledger())["requests"]
    await takes_file(bot, aissatou, number)
    assert (await bot.services.ledger())["requests"] == before
    (event,) = await events(bot, aissatou)
    (made,) = await aissatou.appointments()
    assert event["DTSTART"].dt.strftime("%Y-%m-%dT%H:%M:%S") == made["dateTime"]
    assert (str(event["UID"]), event["SEQUENCE"]) == (f"{number}@moncreneau-bot", 0)
    assert "Aïssatou Bah" in str(event["DESCRIPTION"])
    captions = [each.text for each in await aissatou.messages()]
    assert any("Ouvrez ce fichier pour l’ajouter" in each for each in captions)


async def test_after_a_change_by_the_office_the_phone_gets_the_same_event_again(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    await takes_file(bot, aissatou, number)
    await office(bot, number, "move", dateTime="2026-03-12T15:45:00")
    await an_hour_passes(bot)
    await office(bot, number, "cancel")
    await an_hour_passes(bot)
    found = await events(bot, aissatou)
    assert len({str(each["UID"]) for each in found}) == 1
    assert [(each["SEQUENCE"], str(each["STATUS"])) for each in found] == [
        (0, "CONFIRMED"),
        (1, "CONFIRMED"),
        (2, "CANCELLED"),
    ]
    assert found[1]["DTSTART"].dt.hour == 15


async def test_who_cancels_after_taking_a_file_gets_one_that_removes_the_event(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    await takes_file(bot, aissatou, number)
    await aissatou.says(f"/cancel {number}")
    await aissatou.taps_on("Oui, annuler")
    await bot.wait_until_idle()
    assert [str(each["STATUS"]) for each in await events(bot, aissatou)] == ["CONFIRMED", "CANCELLED"]


async def test_who_took_no_file_gets_none(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await office(bot, number, "cancel")
    await an_hour_passes(bot)
    assert await events(bot, aissatou) == []


async def test_after_a_move_the_phone_gets_the_same_event_at_the_new_time_and_no_removal(
    bot: RunningBot, aissatou: Citizen
) -> None:
    old = await aissatou.books()
    await takes_file(bot, aissatou, old)
    await aissatou.taps_on("🔁 Déplacer")
    await aissatou.taps_on("⏱")
    await aissatou.taps_on("✅ Confirm")

    async def come() -> bool:
        return len(await events(bot, aissatou)) > 1

    await eventually("the new file comes", come)
    await bot.wait_until_idle()
    first, second = await events(bot, aissatou)
    assert second["UID"] == first["UID"]
    assert (second["SEQUENCE"], str(second["STATUS"])) == (first["SEQUENCE"] + 1, "CONFIRMED")
    (new,) = [each for each in await aissatou.appointments() if each["status"] == "SCHEDULED"]
    assert second["DTSTART"].dt.strftime("%Y-%m-%dT%H:%M:%S") == new["dateTime"]


async def test_a_move_by_the_citizen_changes_the_same_event_and_removes_none(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    await takes_file(bot, aissatou, number)
    (ticket,) = [each for each in await aissatou.messages() if str(number) in each.text and not each.has_picture]
    await aissatou.taps_on("Déplacer", ticket)
    await aissatou.taps_on("⏱")
    await aissatou.taps_on("✅ Confirm")
    await bot.wait_until_idle()
    before, now = await events(bot, aissatou)
    assert (str(before["UID"]), str(now["UID"])) == (f"{number}@moncreneau-bot", f"{number}@moncreneau-bot")
    assert now["SEQUENCE"] > before["SEQUENCE"]
    assert (str(now["STATUS"]), now["DTSTART"].dt > before["DTSTART"].dt) == ("CONFIRMED", True)
