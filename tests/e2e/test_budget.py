"""When the hour's requests are used up: who confirmed waits and is served, who only looks is told when to come back.

The service is the stand-in over HTTP; its hour is cut to seconds if a test waits for the next one.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.i18n import Translators
from bot.sandbox.moncreneau import DEMO_KEY, DEMO_KEYS, ApiKey, default_departments
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.waiting import eventually

FRENCH = Translators.load().get("fr")
COUNTER = ApiKey("mk_sandbox_counter")
"""The key with which the office itself books, at its counter."""
BUSY, CONFIRMED = FRENCH.label("problem.busy"), "Votre rendez-vous est confirmé"
HOUR = 4
"""Seconds of an hour that a test waits out."""


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    offices = tuple(each for each in default_departments() if each.id in {5, 8})
    keys = (*DEMO_KEYS, COUNTER)
    async with running_bot(tmp_path, departments=offices, keys=keys, capacity=1, rate_limit=1000) as started:
        yield started


async def grant(bot: RunningBot, **limit: int) -> None:
    answer = await bot.services.moncreneau.post("/__sandbox/ratelimit", json={"key": DEMO_KEY, **limit})
    answer.raise_for_status()


async def asked(bot: RunningBot, what: str) -> int:
    requests: dict[str, int] = (await bot.services.ledger())["requests"]
    return requests.get(what, 0)


async def presses(citizen: Citizen, label: str) -> None:
    """Press without waiting for the answer."""
    shown = await citizen.screen()
    await citizen.phone.do("press", message_id=shown.number, data=shown.data(label), forged=True)


async def waits(citizen: Citizen) -> str:
    """Press *confirm*, and read what the citizen is told meanwhile."""
    await presses(citizen, CONFIRM)
    return (await citizen.waits_for(BUSY)).text


async def takes_at_the_counter(bot: RunningBot, at: str) -> None:
    body = {"departmentId": 5, "dateTime": at, "name": "Au guichet"}
    headers = {"X-API-Key": COUNTER.token}
    answer = await bot.services.moncreneau.post("/api/v1/appointments", json=body, headers=headers)
    assert answer.status_code == httpx.codes.CREATED, answer.text


async def test_a_confirmed_booking_waits_for_the_next_hour_and_is_made(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    await citizen.reaches_summary()
    await grant(bot, limit=100, windowSeconds=HOUR, remaining=0)
    told = await waits(citizen)
    assert FRENCH.label("wait.no_need") in told
    assert await citizen.appointments() == [], "nothing is promised that is not done"
    await citizen.waits_for(CONFIRMED)
    assert len(await citizen.appointments()) == 1
    assert await asked(bot, "POST /appointments") == 2, "after a 429 nothing is sent before it is time"


async def test_a_slot_that_went_meanwhile_is_told_honestly_and_the_name_is_kept(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    summary = await citizen.reaches_summary("Fanta Sylla")
    assert "08:00" in summary.text
    await grant(bot, limit=100, windowSeconds=HOUR, remaining=0)
    await waits(citizen)
    await takes_at_the_counter(bot, "2026-03-02T08:00:00")
    nearest = await citizen.waits_for("Choisissez un autre horaire, parmi")
    assert "Fanta Sylla" in nearest.text
    assert await citizen.appointments() == []
    await citizen.taps_on("08:30")
    assert CONFIRMED in (await citizen.taps_on(CONFIRM)).text


async def test_a_citizen_who_has_to_wait_long_is_told_until_when(bot: RunningBot) -> None:
    booker, canceller = await bot.citizen(), await bot.citizen()
    number = await canceller.books()
    await canceller.says(f"/cancel {number}")
    await booker.reaches_summary()
    await grant(bot, limit=100, windowSeconds=1800, remaining=0)
    assert "Nous essaierons de nouveau à partir de 08:0" in await waits(booker)
    await presses(canceller, "Oui, annuler")
    assert "Nous essaierons de nouveau à partir de 08:0" in (await canceller.waits_for(BUSY)).text


async def test_a_waiting_booking_can_be_given_up_and_is_not_made(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    await citizen.reaches_summary()
    await grant(bot, limit=100, windowSeconds=3600, remaining=0)
    await waits(citizen)
    await citizen.taps_on("Arrêter")
    await bot.wait_until_idle()
    assert await citizen.appointments() == []
    assert await asked(bot, "POST /appointments") == 1


async def test_a_confirmed_cancelling_waits_and_is_done(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    number = await citizen.books()
    await citizen.says(f"/cancel {number}")
    await grant(bot, limit=100, windowSeconds=HOUR, remaining=0)
    await presses(citizen, "Oui, annuler")
    assert FRENCH.label("cancelling.delayed").splitlines()[1] in (await citizen.waits_for(BUSY)).text
    assert [each["status"] for each in await citizen.appointments()] == ["SCHEDULED"], "no cancelled for what is not"
    await citizen.waits_for("Ce rendez-vous est annulé")
    assert [each["status"] for each in await citizen.appointments()] == ["CANCELLED"]
    assert await asked(bot, "DELETE /appointments/{id}") == 2


async def test_a_restart_while_it_waits_sends_nothing_before_it_is_time_and_loses_nothing(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    await citizen.reaches_summary()
    await grant(bot, limit=100, windowSeconds=2 * HOUR, remaining=0)
    await waits(citizen)
    before = (await bot.services.ledger())["requests"]
    await bot.restart()
    assert (await bot.services.ledger())["requests"] == before, "the hour is remembered over the restart"
    await citizen.waits_for(CONFIRMED)
    assert len(await citizen.appointments()) == 1


async def reserve_is_reached(bot: RunningBot) -> None:
    """Somebody books, and the answer tells that only the reserve is left."""
    citizen = await bot.citizen()
    await citizen.reaches_summary()
    await grant(bot, remaining=60)
    assert CONFIRMED in (await citizen.taps_on(CONFIRM)).text


async def test_below_the_reserve_reads_are_refused_with_the_hour_to_come_back(bot: RunningBot) -> None:
    await reserve_is_reached(bot)
    before = (await bot.services.ledger())["requests"]
    citizen = await bot.citizen()
    busy = await citizen.reaches_days("ID Card")
    assert BUSY in busy.text
    assert "Réessayez à partir de 08:3" in busy.text
    assert (await bot.services.ledger())["requests"] == before


async def test_below_the_reserve_older_copies_serve_and_bookings_and_cancellings_go_through(bot: RunningBot) -> None:
    await reserve_is_reached(bot)
    citizen = await bot.citizen()
    reads = await asked(bot, "GET /departments/{id}/availability")
    number = await citizen.books()
    assert await asked(bot, "GET /departments/{id}/availability") == reads
    await citizen.says(f"/cancel {number}")
    assert "est annulé" in (await citizen.taps_on("Oui, annuler")).text


async def test_the_service_s_429_for_a_read_is_told_with_its_hour_too(bot: RunningBot) -> None:
    await grant(bot, limit=100, windowSeconds=1800, remaining=0)
    citizen = await bot.citizen()
    busy = await citizen.reaches_days()
    assert BUSY in busy.text
    assert "Réessayez à partir de 08:0" in busy.text


async def test_all_waiting_bookings_are_made_in_the_next_hour(bot: RunningBot) -> None:
    citizens = [await bot.citizen() for _ in range(6)]
    for citizen in citizens:
        await citizen.reaches_summary()
    await grant(bot, limit=100, windowSeconds=HOUR, remaining=2)
    for citizen in citizens:
        await presses(citizen, CONFIRM)

    async def all_served() -> bool:
        return all([len(await each.appointments()) == 1 for each in citizens])

    await eventually("everybody has an appointment", all_served)
    for citizen in citizens:
        await citizen.waits_for(CONFIRMED)
