"""Every error of the API gets words and a next step of its own, and keeps the citizen's choices."""

import json
from typing import Any

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER_TIME, RETRY, MINE = "autre horaire", "Réessayer", "Mes rendez-vous"
NOT_ACCEPTED = "Le service n’a pas accepté cette demande."
NO_ACCESS = "Les réservations ne marchent pas en ce moment. Ce n’est pas de votre faute."
NO_CREDIT = "Les réservations sont suspendues pour ce service."
NO_OFFICE = "Ce service ne prend plus de rendez-vous ici."
REFUSALS = {
    "INVALID_REQUEST": (NOT_ACCEPTED, OTHER_TIME),
    "MISSING_REQUIRED_FIELD": (NOT_ACCEPTED, OTHER_TIME),
    "INVALID_FIELD_VALUE": (NOT_ACCEPTED, OTHER_TIME),
    "INVALID_DATE_TIME": ("Le service n’accepte pas cet horaire.", OTHER_TIME),
    "INVALID_PHONE_NUMBER": (NOT_ACCEPTED, OTHER_TIME),
    "INVALID_EMAIL": (NOT_ACCEPTED, OTHER_TIME),
    "MISSING_API_KEY": (NO_ACCESS, RETRY),
    "INVALID_API_KEY": (NO_ACCESS, RETRY),
    "EXPIRED_API_KEY": (NO_ACCESS, RETRY),
    "INVALID_TOKEN_FORMAT": (NO_ACCESS, RETRY),
    "INSUFFICIENT_CREDITS": (NO_CREDIT, RETRY),
    "CREDIT_CHECK_FAILED": (NO_CREDIT, RETRY),
    "PAYMENT_REQUIRED": (NO_CREDIT, RETRY),
    "INSUFFICIENT_SCOPE": (NO_ACCESS, RETRY),
    "ORGANIZATION_MISMATCH": (NO_ACCESS, RETRY),
    "APPOINTMENT_NOT_FOUND": ("Ce rendez-vous est introuvable.", OTHER_TIME),
    "USER_NOT_FOUND": (NOT_ACCEPTED, OTHER_TIME),
    "DUPLICATE_APPOINTMENT": ("Vous avez déjà un rendez-vous semblable.", MINE),
}
SPENT = {"INVALID_DATE_TIME", "APPOINTMENT_NOT_FOUND", "DUPLICATE_APPOINTMENT"}
"""After these the time is lost, so that *Back* would do the same as *Another time*."""
PASSING: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "503": ("status", {"status": 503}),
    "a proxy's page": ("html", {"status": 502}),
    "a proxy's page that blames the client": ("html", {"status": 403}),
    "a proxy's page after it was done": ("html", {"status": 404, "when": "after"}),
    "a page that says that all is well": ("html", {"status": 200}),
    "a connection cut before": ("drop_before", {}),
    "a connection cut after": ("drop_after", {}),
}

UNREADABLE: dict[str, dict[str, Any]] = {
    "an id that is not a number": {"kind": "garbage", "body": json.dumps({"id": "apt_7f", "status": "SCHEDULED"})},
    "no number": {"kind": "garbage", "body": json.dumps({"status": "SCHEDULED"})},
    "half an answer": {"kind": "garbage"},
    "an answer that is not an appointment": {"kind": "garbage", "body": json.dumps([1, "two", None])},
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_booking_that_is_refused_says_why_and_what_next(bot: RunningBot, aissatou: Citizen, code: str) -> None:
    words, step = REFUSALS[code]
    await aissatou.reaches_summary()
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code, times=1)
    refused = await aissatou.taps_on("Confirmer")
    assert "Le rendez-vous n’a pas été pris." in refused.text
    assert words in refused.text
    assert any(step in each for each in refused.labels), refused.labels
    for kept in ("Passport Service", "lundi 2 mars à", "Aïssatou Bah"):
        assert kept in refused.text, "the choices are kept"
    assert "✖️ Quitter" in refused.labels
    assert ("⬅️ Retour" in refused.labels) is (code not in SPENT)
    assert await aissatou.appointments() == []


@pytest.mark.parametrize("code", ["DEPARTMENT_ACCESS_DENIED", "DEPARTMENT_NOT_FOUND"])
async def test_a_department_that_is_gone_offers_the_others(bot: RunningBot, aissatou: Citizen, code: str) -> None:
    await aissatou.reaches_summary()
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code, times=1)
    others = await aissatou.taps_on("Confirmer")
    assert NO_OFFICE in others.text
    assert "ID Card Service" in others.labels
    assert "Passport Service" not in others.labels
    assert await aissatou.appointments() == []
    await bot.restart()  # forgotten until the departments are read again; the other tests need it


async def test_a_name_that_is_refused_is_asked_for_again(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary("Aïssatou Bah")
    details = {"fields": {"name": "is not accepted"}}
    await bot.inject_api_fault(
        "error_code", "POST", "/appointments", code="INVALID_FIELD_VALUE", details=details, times=1
    )
    asked = await aissatou.taps_on("Confirmer")
    assert "Le service n’a pas accepté ce nom." in asked.text
    assert "Vérifiez" in (await aissatou.says("Aissatou Bah")).text
    await aissatou.taps_on("Confirmer")
    assert [each["name"] for each in await aissatou.appointments()] == ["Aissatou Bah"]


@pytest.mark.parametrize("code", ["MISSING_API_KEY", "INVALID_FIELD_VALUE", "PAYMENT_REQUIRED"])
async def test_a_refused_booking_can_be_tried_again_as_it_is(bot: RunningBot, aissatou: Citizen, code: str) -> None:
    await aissatou.reaches_summary()
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code, times=1)
    await aissatou.taps_on("Confirmer")
    assert "Votre rendez-vous est confirmé" in (await aissatou.taps_on(RETRY)).text
    assert len(await aissatou.appointments()) == 1


async def test_a_duplicate_leads_to_what_one_has(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.books()
    await aissatou.reaches_summary()
    await bot.inject_api_fault("error_code", "POST", "/appointments", code="DUPLICATE_APPOINTMENT", times=1)
    await aissatou.taps_on("Confirmer")
    mine = await aissatou.taps_on(MINE)
    assert "🎫" in mine.labels[0]
    assert "gardée" in mine.text


async def test_a_slot_that_is_taken_shows_the_nearest_free_ones_and_keeps_the_name(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.reaches_days()
    await aissatou.taps_on("Demain")
    await aissatou.taps_on("10:00")
    await aissatou.says("N'Diaye Sow")
    await bot.inject_api_fault("error_code", "POST", "/appointments", code="SLOT_NOT_AVAILABLE", times=1)
    near = await aissatou.taps_on("Confirmer")
    assert "Cet horaire vient d’être pris." in near.text
    assert "N'Diaye Sow" in near.text
    offered = [each for each in near.labels if " · " in each]
    assert [each[:5] for each in offered] == ["08:30", "09:00", "09:30", "10:30", "11:00", "11:30"]
    assert "Vérifiez" in (await aissatou.taps_on("10:30")).text
    await aissatou.taps_on("Confirmer")
    assert [each["dateTime"] for each in await aissatou.appointments()] == ["2026-03-03T10:30:00"]


async def test_temporary_errors_end_in_exactly_one_appointment(bot: RunningBot) -> None:
    citizens = [await bot.citizen() for _ in PASSING]
    summaries = [await each.reaches_summary() for each in citizens]
    for kind, how in PASSING.values():
        await bot.inject_api_fault(kind, "POST", "/appointments", times=1, **how)
    for citizen, summary in zip(citizens, summaries, strict=True):
        await citizen.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
    await bot.wait_until_idle()
    assert await bot.services.clear_faults() >= len(PASSING), "each of them struck"
    for citizen in citizens:
        assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        assert len(await citizen.appointments()) == 1
    await bot.recover()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_booking_with_an_unreadable_acceptance_is_looked_up_and_not_repeated(
    bot: RunningBot, when: str
) -> None:
    citizens = [await bot.citizen() for _ in UNREADABLE]
    summaries = [await each.reaches_summary() for each in citizens]
    before = (await bot.services.ledger())["requests"].get("POST /appointments", 0)
    for how in UNREADABLE.values():
        await bot.inject_api_fault(**how, method="POST", path="/appointments", when=when, times=1)
    for citizen, summary in zip(citizens, summaries, strict=True):
        await citizen.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
    await bot.wait_until_idle()
    for citizen in citizens:
        text = (await citizen.screen()).text
        assert ("Votre rendez-vous est confirmé" if when == "after" else "il a peut-être été pris") in text
        assert len(await citizen.appointments()) == (when == "after")
    assert (await bot.services.ledger())["requests"]["POST /appointments"] == before + len(UNREADABLE)
    await bot.recover()


@pytest.mark.parametrize("code", ["RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS"])
async def test_too_many_requests_say_from_when_on_we_try_again(bot: RunningBot, aissatou: Citizen, code: str) -> None:
    summary = await aissatou.reaches_summary()
    await bot.inject_api_fault("rate_limit", "POST", "/appointments", code=code, seconds=1800, times=1)
    await aissatou.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
    waiting = await aissatou.waits_for("Il y a trop de demandes en ce moment.")
    assert "Nous essaierons de nouveau à partir de 08:0" in waiting.text
    await aissatou.taps_on("Arrêter")
    assert "rien n’a été réservé" in (await aissatou.screen()).text
    assert await aissatou.appointments() == []
    await bot.reset()


async def test_too_many_requests_for_a_moment_are_waited_out(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await bot.inject_api_fault("rate_limit", "POST", "/appointments", seconds=1, times=1)
    assert "Votre rendez-vous est confirmé" in (await aissatou.taps_on("Confirmer")).text
    assert len(await aissatou.appointments()) == 1


async def test_a_cancelling_that_is_refused_says_that_nothing_was_cancelled(bot: RunningBot, aissatou: Citizen) -> None:
    for code in ("INSUFFICIENT_SCOPE", "INVALID_REQUEST"):
        await aissatou.books()
        number = (await aissatou.appointments())[-1]["id"]
        await aissatou.says(f"/cancel {number}")
        await bot.inject_api_fault("error_code", "DELETE", "/appointments", code=code, times=1)
        screen = await aissatou.taps_on("Oui, annuler")
        assert "Rien n’a été annulé." in screen.text
        assert "Annuler ce rendez-vous" in (await aissatou.taps_on(RETRY)).text
        await aissatou.taps_on("Oui, annuler")
        assert (await aissatou.appointments())[-1]["status"] == "CANCELLED"


@pytest.mark.parametrize("what", [*PASSING, "half an answer"])
async def test_a_cancelling_that_is_cut_ends_cancelled(bot: RunningBot, aissatou: Citizen, what: str) -> None:
    kind, how = PASSING.get(what, ("garbage", {}))
    await aissatou.books()
    await aissatou.says("/cancel")
    await bot.inject_api_fault(kind, "DELETE", "/appointments", times=1, **how)
    done = await aissatou.taps_on("Oui, annuler")
    assert "Ce rendez-vous est annulé." in done.text
    assert [each["status"] for each in await aissatou.appointments()] == ["CANCELLED"]
