"""One service or both are down: nothing is lost, retries are rare, and one log line tells of each change."""

import asyncio
import logging
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Translators
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.waiting import eventually

FRENCH = Translators.load().get("fr")
Json = dict[str, Any]
CUT: Json = {"kind": "drop_before"}
FOUR_TRIES = 0.25 + 0.5 + 1
"""Seconds that four tries in a row take at the very least: three pauses that double, each cut by half at most."""


async def polls(bot: RunningBot) -> int:
    """How many polls failed."""
    return (await bot.services.calls()).get("getUpdates", {}).get("0", 0)


async def four_lost_polls(bot: RunningBot) -> float:
    """Wait for four polls to fail; returns how long that took."""
    began = time.monotonic()
    before = await polls(bot)

    async def lost() -> bool:
        return await polls(bot) >= before + 4

    await eventually("four failed polls", lost)
    return time.monotonic() - began


def changes(caplog: pytest.LogCaptureFixture, service: str) -> list[str]:
    """The `down` and `up` lines of a service in the log, in order."""
    words = {f"{service} cannot be reached": "down", f"{service} answers again": "up"}
    return [words[key] for line in caplog.messages for key in words if line.startswith(key)]


async def test_an_outage_of_telegram_is_probed_slowly_and_no_press_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        summary = await citizen.reaches_summary()
        await bot.services.inject_faults(telegram=[CUT])
        await citizen.phone.press(summary, "✅ Confirmer")
        others = [await bot.citizen() for _ in range(20)]
        for other in others:
            await other.phone.say("/start")
        assert await four_lost_polls(bot) >= FOUR_TRIES
        calls = await bot.services.calls()
        assert sum(by_status.get("0", 0) for by_status in calls.values()) < 50, calls
        await bot.services.clear_faults()
        await bot.wait_until_idle()
        assert len(await citizen.appointments()) == 1
        assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        for other in others:
            assert "Bonjour" in (await other.screen()).text
    assert changes(caplog, "Telegram (receiving)") == ["down", "up"]


async def test_messages_queued_during_an_outage_of_telegram_are_sent_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        citizens = [await bot.citizen() for _ in range(20)]
        await bot.services.inject_faults(telegram=[CUT | {"method": "sendMessage"}])
        for citizen in citizens:
            await citizen.phone.say("/start")

        async def each_was_tried_thrice() -> bool:
            return (await bot.services.calls()).get("sendMessage", {}).get("0", 0) >= 3 * len(citizens)

        await eventually("three tries for each", each_was_tried_thrice)
        await bot.services.clear_faults()
        await bot.wait_until_idle()
        for citizen in citizens:
            assert len(await citizen.messages()) == 1
    assert changes(caplog, "Telegram (sending)") == ["down", "up"]


async def test_bookings_confirmed_while_the_api_is_down_are_made_after_the_outage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running_bot(tmp_path, capacity=1000) as bot:
        citizens = [await bot.citizen() for _ in range(10)]
        summaries = [await citizen.reaches_summary() for citizen in citizens]
        before = (await bot.services.ledger())["requests"]
        await bot.services.inject_faults(moncreneau=[{"kind": "html"}])
        for citizen, summary in zip(citizens, summaries, strict=True):
            await citizen.phone.press(summary, "✅ Confirmer")
        for citizen in citizens:
            await citizen.waits_for("en cours de confirmation")
        await eventually("the breaker says so", lambda: "the moncreneau API does not answer" in caplog.text)
        await asyncio.gather(*(_is_told_of_the_outage(bot) for _ in range(2)))
        asked: Counter[str] = Counter((await bot.services.ledger())["requests"]) - Counter(before)
        assert asked.total() < 60, f"ten bookings, and no hammering: {asked}"
        await bot.services.clear_faults()
        await bot.wait_until_idle()
        for citizen in citizens:
            assert len(await citizen.appointments()) == 1
            assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        ledger = await bot.services.ledger()
        assert len(ledger["appointments"]) == len(citizens)
    assert caplog.text.count("the moncreneau API does not answer") == 1
    assert caplog.text.count("the moncreneau API answers again") == 1


async def test_bookings_confirmed_while_only_writes_fail_are_made_after_the_outage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running_bot(tmp_path, capacity=1000) as bot:
        citizens = [await bot.citizen() for _ in range(7)]
        summaries = [await citizen.reaches_summary() for citizen in citizens]
        before = (await bot.services.ledger())["requests"]
        acted = {"kind": "status", "status": 500, "when": "after", "times": 1, "match": {"method": "POST"}}
        await bot.services.inject_faults(
            moncreneau=[acted, {"kind": "status", "status": 503, "match": {"method": "POST"}}]
        )
        for citizen, summary in zip(citizens[:-1], summaries[:-1], strict=True):
            await citizen.phone.press(summary, "✅ Confirmer")
        await eventually("the breaker says so", lambda: "neither books nor cancels" in caplog.text)
        stats = bot.app.gateway.stats()
        assert (stats.reachable, stats.accepts) == (True, False)
        await citizens[-1].phone.press(summaries[-1], "✅ Confirmer")
        await citizens[-1].waits_for(FRENCH.label("problem.down"))
        asked: Counter[str] = Counter((await bot.services.ledger())["requests"]) - Counter(before)
        assert asked.total() < 60, f"seven bookings, and no hammering: {asked}"
        newcomer = await bot.citizen()
        await newcomer.phone.say("/book")
        await newcomer.waits_for("Pour quel service")
        await bot.services.clear_faults()
        await eventually("all is settled", lambda: bot.app.attempt_worker.open == 0, within=100)
        for citizen in citizens:
            assert len(await citizen.appointments()) == 1
            assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        assert len((await bot.services.ledger())["appointments"]) == len(citizens)
    assert caplog.text.count("neither books nor cancels") == 1
    assert caplog.text.count("books and cancels again") == 1


async def _is_told_of_the_outage(bot: RunningBot) -> None:
    """Somebody who comes now hears that it does not work, and can try again."""
    newcomer = await bot.citizen()
    await newcomer.phone.say("/appointments")
    assert "Réessayer" in (await newcomer.waits_for("Impossible d’afficher")).labels[0]


async def test_an_outage_of_both_services_with_a_restart_loses_nothing(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        summary = await citizen.reaches_summary()
        await bot.services.inject_faults(moncreneau=[{"kind": "drop_after", "match": {"method": "POST"}, "times": 1}])
        await citizen.phone.press(summary, "✅ Confirmer")
        await eventually("the office has it", citizen.appointments)
        await bot.services.inject_faults(telegram=[CUT], moncreneau=[{"kind": "status", "status": 503}])
        await (await bot.citizen()).phone.say("/start")
        await four_lost_polls(bot)
        await bot.stop()
        starting = asyncio.create_task(bot.start())
        await three_lost_starts(bot)
        await bot.services.clear_faults()
        await starting
        await bot.wait_until_idle()
        assert len(await citizen.appointments()) == 1
        assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text


async def three_lost_starts(bot: RunningBot) -> None:
    """Wait until three `getMe` calls have failed."""

    async def lost() -> bool:
        return (await bot.services.calls()).get("getMe", {}).get("0", 0) >= 3

    await eventually("three failed starts", lost)


async def test_a_slow_api_call_delays_one_chat_only(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        slow = await bot.citizen()
        summary = await slow.reaches_summary()
        await bot.inject_api_fault("delay", "POST", "/appointments", seconds=60, times=1)
        await slow.phone.press(summary, "✅ Confirmer")
        others = [await bot.citizen() for _ in range(10)]
        for other in others:
            await other.phone.say("/start")
            await other.waits_for("Bonjour")
        assert await slow.appointments() == [], "all others were served while this one still waits"
        assert bot.app.attempt_worker.open == 1


async def test_a_429_of_one_chat_delays_that_chat_only(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        flooded, other = await bot.citizen(), await bot.citizen()
        flood = {"kind": "flood", "method": "sendMessage", "chat_id": flooded.id, "retry_after": 1}
        await bot.services.inject_faults(telegram=[flood])
        await flooded.phone.say("/start")
        await flooded.phone.say("/help")
        for _ in range(3):
            await other.phone.say("/start")
        await other.phone.say("/book")
        await other.waits_for("Pour quel service")
        assert await flooded.messages() == [], "the other was served while this chat must keep quiet"
        await bot.services.clear_faults()
        await bot.wait_until_idle()
        greeting, helping = await flooded.messages()
        assert "Bonjour" in greeting.text, "in the order in which they were said"
        assert "Aide" in helping.text


async def test_a_citizen_who_blocked_the_bot_finds_their_booking_after_returning(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        summary = await citizen.reaches_summary()
        await bot.inject_api_fault("delay", "POST", "/appointments", seconds=1.5, times=1)
        await citizen.phone.press(summary, "✅ Confirmer")
        await citizen.phone.block()
        await bot.wait_until_idle()
        assert len(await citizen.appointments()) == 1
        assert bot.app.outbox.waiting == 0, "what cannot be said is dropped"
        await citizen.says("/start")
        assert "Aïssatou Bah" in (await citizen.says("/appointments")).text
