"""`/data`: a citizen sees what is known, gets a copy, and erases all of it, also while a booking is pending."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.storage.retention import LAST_RUN
from bot.storage.tables import metadata
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
ERASED = "Tout est effacé."


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot) -> AsyncIterator[Citizen]:
    """The only citizen of the database, so that her name is in it only where it is hers."""
    await bot.reset()
    yield await bot.citizen()
    await bot.recover()


def traces(bot: RunningBot, citizen: Citizen) -> list[str]:
    """The tables with a row that has the citizen's chat or name in any column."""
    rows = {
        table.name: bot.database.rows(f"SELECT * FROM {table.name}")  # noqa: S608 — our own names
        for table in metadata.sorted_tables
    }
    known = (str(citizen.id), "Aïssatou")
    return [name for name, found in rows.items() if any(word in str(row) for row in found for word in known)]


async def leaves_no_trace(bot: RunningBot, citizen: Citizen) -> None:
    """Wait until it is stored that the last words were sent: then nothing is left."""
    await eventually("no trace", lambda: not traces(bot, citizen))


async def copies(bot: RunningBot, citizen: Citizen) -> list[Any]:
    """The content of all copies on the phone."""
    found = []
    for each in await citizen.phone.transcript():
        if document := each["message"].get("document"):
            answer = await bot.services.telegram.get(f"/__sandbox/page/files/{document['file_id']}")
            found.append(json.loads(answer.content))
    return found


async def erases(citizen: Citizen) -> None:
    """To the last button, and on it."""
    await citizen.says("/data")
    await citizen.taps_on("Tout effacer")
    await citizen.taps_on("Effacer quand même")
    await citizen.taps_on("Oui, tout effacer")


async def test_a_citizen_sees_what_is_known_and_gets_one_copy_an_hour_at_no_request(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    before = (await bot.services.ledger())["requests"]
    await aissatou.says("/data")
    shown = await aissatou.taps_on("Voir mes données")
    for known in ("Aïssatou Bah", "Français", "Rendez-vous à venir\xa0: 1", "Passport Service", "téléphone"):
        assert known in shown.text
    await aissatou.taps_on("Retour")
    await aissatou.taps_on("Recevoir une copie")
    (copy,) = await copies(bot, aissatou)
    assert [each["numéro du rendez-vous"] for each in copy["vos rendez-vous"]] == [number]
    assert [each["name"] for each in copy["votre discussion"][0]["où vous en êtes"]["names"]] == ["Aïssatou Bah"]
    assert {"vos rendez-vous", "votre discussion", "messages avec un ticket"} <= copy.keys()
    assert "Une autre sera possible dans une heure" in (await aissatou.taps_on("Recevoir une copie")).text
    assert len(await copies(bot, aissatou)) == 1
    assert (await bot.services.ledger())["requests"] == before


async def test_erasing_is_asked_twice_leaves_no_trace_and_cancels_nothing(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.books()
    ticket = await aissatou.screen()
    await aissatou.says("/data")
    first = await aissatou.taps_on("Tout effacer")
    assert "ne sont pas annulés" in first.text
    assert "plus aucun rappel" in first.text
    assert first.labels[0] == "📋 Annuler d’abord"
    await aissatou.taps_on("Ne rien effacer")
    assert "chats" in traces(bot, aissatou)
    await aissatou.taps_on("Tout effacer")
    second = await aissatou.taps_on("Effacer quand même")
    assert "chats" in traces(bot, aissatou), "asked, not done"
    done = await aissatou.taps_on("Oui, tout effacer")
    assert ERASED in done.text
    await leaves_no_trace(bot, aissatou)
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]

    await aissatou.presses(second, second.data("Oui, tout effacer"))
    await leaves_no_trace(bot, aissatou)
    question = await aissatou.taps_on("❌ Annuler", ticket)
    assert "Annuler ce rendez-vous" in question.text, "the office still has it, and its chat may cancel it"
    await aissatou.taps_on("Non, le garder")
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]


async def test_buttons_of_before_are_stale_and_the_citizen_begins_anew(bot: RunningBot, aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    await erases(aissatou)
    await leaves_no_trace(bot, aissatou)
    await aissatou.presses(summary, summary.data("Confirmer"))
    assert await aissatou.appointments() == []
    await aissatou.reaches_name()
    assert "Pour qui est le rendez-vous" in (await aissatou.screen()).text, "the name is forgotten"


async def test_what_is_pending_is_told_before_all_is_erased_also_over_a_restart(
    bot: RunningBot, aissatou: Citizen
) -> None:
    summary = await aissatou.reaches_summary()
    down = {"kind": "status", "status": 503, "match": {"method": "POST"}}
    await bot.services.inject_faults(moncreneau=[down])
    await aissatou.phone.press(summary, "✅ Confirmer")
    await aissatou.waits_for("en cours de confirmation")
    await aissatou.phone.say("/data")
    for label in ("Tout effacer", "Effacer quand même", "Oui, tout effacer"):
        await eventually(label, lambda label=label: _offers(aissatou, label))
        shown = next(each for each in await aissatou.messages() if any(label in one for one in each.labels))
        await aissatou.phone.press(shown, next(each for each in shown.labels if label in each))
    await aissatou.waits_for("dès que c’est réglé")
    assert "chats" in traces(bot, aissatou)
    await bot.restart()
    await bot.recover()
    await bot.wait_until_idle()
    texts = [each.text for each in await aissatou.messages()]
    assert any("Votre rendez-vous est confirmé" in text for text in texts)
    assert any(ERASED in text for text in texts)
    assert len(await aissatou.appointments()) == 1
    await leaves_no_trace(bot, aissatou)


async def _offers(citizen: Citizen, label: str) -> bool:
    return any(label in one for each in await citizen.messages() for one in each.labels)


async def test_the_privacy_notice_leads_to_the_data(aissatou: Citizen) -> None:
    notice = await aissatou.says("/privacy")
    assert "90 jours" in notice.text.replace("\xa0", " ")
    assert "Recevoir une copie" in " ".join((await aissatou.taps_on("Mes données")).labels)


async def test_the_running_bot_erases_a_chat_that_was_silent_for_long(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.says("/start")
    await bot.stop()
    bot.database.execute("UPDATE chats SET seen_at = 0")
    bot.database.execute("DELETE FROM facts WHERE name = ?", LAST_RUN)
    await bot.start()
    await leaves_no_trace(bot, aissatou)


async def test_erasing_makes_no_room_for_more_appointments_also_over_a_restart(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await bot.stop()
    await bot.start(max_open=1)
    await aissatou.books()
    await erases(aissatou)
    await leaves_no_trace(bot, aissatou)
    await bot.stop()
    await bot.start(max_open=1)
    await aissatou.says("/book")
    refused = await aissatou.taps_on("Passport")
    assert "déjà" in refused.text, refused.text
    assert len(await aissatou.appointments()) == 1
    await bot.restart()
