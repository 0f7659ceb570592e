"""Reads that fail: the citizen is told in place of the list, loses no choice, and can try again."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.moncreneau.client import Timeouts
from bot.moncreneau.gateway import Gateway
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot, stopped_bot
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOWN = "Le système de rendez-vous ne répond pas en ce moment."
FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "500": ("Casier judiciaire", "status", {"status": 500}, DOWN),
    "503": ("ID Card", "status", {"status": 503}, DOWN),
    "a proxy's page": ("Légalisation", "html", {"status": 502}, DOWN),
    "a page where data should be": ("Conservation", "html", {"status": 200}, DOWN),
    "half an answer": ("Kaloum", "garbage", {}, DOWN),
    "a cut connection": ("Ratoma", "drop_before", {}, DOWN),
    "401": ("Passport", "error_code", {"code": "EXPIRED_API_KEY"}, "Les réservations ne marchent pas en ce moment."),
    "429": ("Titres de séjour", "rate_limit", {"seconds": 1}, "Il y a trop de demandes"),
}


@pytest.mark.parametrize("what", FAILURES)
async def test_free_days_that_cannot_be_read(bot: RunningBot, aissatou: Citizen, what: str) -> None:
    department, kind, how, words = FAILURES[what]
    await aissatou.says("/book")
    await aissatou.says(department)
    await bot.inject_api_fault(kind, "GET", "/departments", **how)
    screen = await aissatou.taps_on(department)
    assert "Impossible d’afficher les jours libres." in screen.text
    assert words in screen.text
    assert department in screen.text, "what was chosen is kept"
    assert screen.labels == ["🔄 Réessayer", "⬅️ Retour", "✖️ Quitter"]
    assert "Impossible d’afficher" in (await aissatou.taps_on("Réessayer")).text
    await bot.recover()

    async def free() -> bool:
        text = (await aissatou.taps_on("Réessayer")).text
        return any(words in text for words in ("Choisissez un jour", "Aucune place libre", "Qui voulez-vous voir"))

    assert await eventually("the free days", free)


async def test_appointments_that_cannot_be_read(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await bot.inject_api_fault("status", "GET", "/appointments", status=503)
    screen = await aissatou.says("/appointments")
    assert "Impossible d’afficher vos rendez-vous." in screen.text
    assert DOWN in screen.text
    assert "Rien n’a été annulé." in (await aissatou.says(f"/cancel {number}")).text
    await bot.recover()
    assert "Annuler ce rendez-vous" in (await aissatou.taps_on("Réessayer")).text


async def test_a_draft_survives_appointments_that_cannot_be_read(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await bot.inject_api_fault("status", "GET", "/appointments", status=503)
    await aissatou.says("/appointments")
    assert "Vérifiez" in (await aissatou.taps_on("Retour")).text


async def test_without_a_network_the_bot_starts_and_says_what_it_cannot_do(tmp_path: Path) -> None:
    async with stopped_bot(tmp_path) as bot:
        await bot.start(moncreneau_api_url="http://127.0.0.1:9/api/v1")
        citizen = await bot.citizen()
        assert "Que souhaitez-vous faire" in (await citizen.says("/start")).text
        screen = await citizen.says("/book")
        assert "Impossible d’afficher les services." in screen.text
        assert DOWN in screen.text
        assert screen.labels == ["🔄 Réessayer", "⬅️ Retour au menu"]
        await bot.restart()
        assert "Pour quel service" in (await citizen.taps_on("Réessayer")).text


async def test_a_missing_response_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.bootstrap.connections.Gateway", partial(Gateway, timeouts=Timeouts(read=0.4)))
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.reaches_days()
        await bot.inject_api_fault("delay", "GET", "/departments", seconds=60)
        await citizen.taps_on("Retour")
        assert "Impossible d’afficher les jours libres." in (await citizen.taps_on("ID Card")).text
        await bot.recover()
        await citizen.taps_on("Réessayer")
        await citizen.taps_on("⏱")
        await citizen.says("Aïssatou Bah")
        await bot.inject_api_fault("delay", "POST", "/appointments", seconds=60, when="after", times=1)
        assert "Votre rendez-vous est confirmé" in (await citizen.taps_on("Confirmer")).text
        assert len(await citizen.appointments()) == 1


async def test_an_empty_list_of_departments_says_so(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=()) as bot:
        citizen = await bot.citizen()
        screen = await citizen.says("/book")
        assert "Aucun service ne prend de rendez-vous pour le moment." in screen.text
        assert screen.labels == ["🔄 Réessayer", "⬅️ Retour au menu"]
