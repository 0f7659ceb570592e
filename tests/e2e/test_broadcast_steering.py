"""Pause, resume, stop and recall; two admins; a former admin."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.admin import Admin, citizens, heard_by, tally
from tests.e2e.phone import Phone
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.waiting import eventually

OTHER = 900_002
TEXT = "Bonjour à tous"
SLOW = 5.0
"""Messages a second: slow enough to press a button meanwhile."""


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with stopped_bot(tmp_path) as each:
        person = {"id": OTHER, "first_name": "Hawa", "language_code": "en"}
        (await each.services.telegram.post("/__sandbox/users", json=person)).raise_for_status()
        await each.start(admin_ids=frozenset({ADMIN_ID, OTHER}), broadcast_rate=SLOW)
        yield each


@pytest.fixture
async def admin(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)


@pytest.fixture
async def other(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, OTHER, bot.wait_until_idle)


async def got(people: list[Phone]) -> int:
    return sum([len(await heard_by(each, TEXT)) for each in people])


async def at_least(people: list[Phone], count: int) -> bool:
    return await got(people) >= count


async def restart(bot: RunningBot, **settings: Any) -> None:
    await bot.stop()
    await bot.start(**settings)


async def test_a_paused_broadcast_waits_until_it_is_resumed(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 12)
    await admin.broadcasts()
    await eventually("it is under way", lambda: at_least(people, 2))
    await admin.presses_button("pause")
    await admin.sees("en pause", "Mise en pause par Ibrahima")
    held = await got(people)
    assert held < len(people)
    await restart(bot, admin_ids=frozenset({ADMIN_ID, OTHER}), broadcast_rate=SLOW)
    assert await got(people) == held
    await admin.presses_button("resume")
    assert tally(await admin.report()) == {"sent": 12}
    assert await got(people) == 12


async def test_a_stopped_broadcast_stays_stopped_and_is_reported(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 12)
    await admin.broadcasts()
    await eventually("it is under way", lambda: at_least(people, 2))
    await admin.presses_button("stop")
    await admin.presses_button("stopping")
    told = tally(await admin.report())
    assert told["sent"] == await got(people) < 12
    assert told["sent"] + told["pending"] == 12


async def test_progress_is_one_message_that_is_edited(bot: RunningBot, admin: Admin) -> None:
    await citizens(bot, 25)
    await admin.broadcasts()
    first = await admin.sees("en cours", "▓", "Temps restant")
    await admin.report()
    last = await admin.sees("terminée", "100")
    assert first.number == last.number


async def test_the_end_is_shown_and_reported_though_the_chat_was_flooded_until_the_bot_died(
    bot: RunningBot, admin: Admin
) -> None:
    people = await citizens(bot, 12)
    await admin.broadcasts()
    await admin.sees("en cours")
    flood = {"kind": "flood", "match": {"method": "editMessageText", "chat_id": ADMIN_ID}, "retry_after": 3600}
    await bot.services.inject_faults(telegram=[flood])
    await eventually("everybody has it", lambda: at_least(people, 12))
    await bot.stop()
    await bot.services.clear_faults()
    await bot.start()
    await admin.sees("terminée", "100")
    assert tally(await admin.report()) == {"sent": 12}


async def test_two_admins_see_and_control_the_same_broadcast(bot: RunningBot, admin: Admin, other: Admin) -> None:
    people = await citizens(bot, 15)
    await other.says("/start")
    await admin.broadcasts()
    await other.says("/broadcasts")
    await other.presses_button("see")
    await other.sees("being sent", "Confirmed by Ibrahima")
    await eventually("it is under way", lambda: at_least(people, 2))
    await other.presses_button("pause")
    await admin.sees("en pause", "Mise en pause par Hawa")
    await admin.presses_button("stop")
    await admin.presses_button("stopping")
    await other.sees("stopped", "Stopped by Ibrahima")


async def test_a_stale_button_shows_the_present_status_and_changes_nothing(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 2)
    await admin.broadcasts()
    await admin.report()
    shown = await admin.sees("terminée")
    for data in (
        "*.bc:1:resume",
        "*.bc:1:start",
        "*.bc:1:stop",
        "*.bc:1:stopping",
        "*.bc:1:nonsense",
        "*.bc:1.3:go:",
        "*.bc:77:stop",
    ):
        await admin.presses_blindly(shown, data)
    await bot.wait_until_idle()
    await admin.says("/broadcasts")
    await admin.sees("Annonce 1", "terminée", "✅ Envoyée à 2 sur 2")
    assert await got(people) == 2


async def test_a_recall_asks_first_and_deletes_every_message(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 4)
    await admin.broadcasts()
    await admin.report()
    question = await admin.presses_button("recall")
    assert "4" in question.text
    await admin.presses_button("recalling")
    await admin.sees("retirée", "Retirés")
    assert await got(people) == 0
    assert tally(await admin.report(2)) == {"recalled": 4}


async def test_a_recall_ends_with_its_report_though_the_bot_dies_before_it_is_sent(
    bot: RunningBot, admin: Admin
) -> None:
    await citizens(bot, 4)
    await admin.broadcasts()
    await admin.report()
    await bot.services.inject_faults(telegram=[{"kind": "status", "match": {"method": "sendDocument"}, "status": 502}])
    await admin.presses_button("recall")
    await admin.presses_button("recalling")
    await admin.sees("retirée", "Retirés")
    await bot.stop()
    await bot.services.clear_faults()
    await bot.start()
    assert tally(await admin.report(2)) == {"recalled": 4}


async def test_after_a_stop_a_resend_reaches_only_the_unknown(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 20)
    lost = {"method": "sendMessage", "chat_id": people[0].chat_id}
    await bot.services.inject_faults(telegram=[{"kind": "drop_before", "match": lost, "times": 1}])
    await admin.broadcasts()
    await eventually("it is under way", lambda: at_least(people, 2))
    await admin.presses_button("stop")
    await admin.presses_button("stopping")
    told = tally(await admin.report())
    assert told["unknown"] == 1
    await admin.presses_button("again")
    later = tally(await admin.report(2))
    assert later == {"sent": told["sent"] + 1, "pending": told["pending"]}
    assert len(await heard_by(people[0], TEXT)) == 1


async def test_messages_older_than_two_days_stay(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 2)
    await admin.broadcasts()
    await admin.report()
    await bot.services.telegram.post("/__sandbox/clock", json={"advance": 49 * 3600})
    await admin.presses_button("recall")
    await admin.presses_button("recalling")
    await admin.sees("retrait impossible", "2 messages n’ont pas pu être retirés")
    assert await got(people) == 2
    told = await admin.report(2)
    assert tally(told) == {"sent": 2}
    assert all("can't be deleted" in each["reason"] for each in told)


async def test_a_former_admin_controls_nothing_and_other_admins_can(
    bot: RunningBot, admin: Admin, other: Admin
) -> None:
    people = await citizens(bot, 30)
    await admin.broadcasts()
    card = await admin.sees("en cours")
    await restart(bot, admin_ids=frozenset({OTHER}), broadcast_rate=SLOW)
    await eventually("it goes on", lambda: at_least(people, 4))
    await admin.presses_blindly(card, "*.bc:1:stopping")
    before = await got(people)
    await eventually("it still goes on", lambda: at_least(people, before + 2))
    await other.says("/broadcasts")
    await other.presses_button("see")
    await other.presses_button("stop")
    await other.presses_button("stopping")
    await other.sees("stopped", "Stopped by Hawa")
    assert tally(await other.report())["sent"] == await got(people)
    assert not any("document" in each["message"] for each in await admin.phone.transcript())


async def test_if_no_follower_is_an_admin_any_more_the_others_get_the_report(
    bot: RunningBot, admin: Admin, other: Admin
) -> None:
    people = await citizens(bot, 12)
    await other.says("/start")
    await admin.broadcasts()
    await eventually("it is under way", lambda: at_least(people, 2))
    await restart(bot, admin_ids=frozenset({OTHER}), broadcast_rate=SLOW)
    assert tally(await other.report())["sent"] == 13
    assert not any("document" in each["message"] for each in await admin.phone.transcript())


async def test_a_broadcast_pauses_at_night_unless_an_admin_allows_it(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 15)
    await admin.broadcasts()
    await eventually("it is under way", lambda: at_least(people, 2))
    with bot.clock.put_forward(hours=15):
        await admin.sees("l’envoi reprend à 07:00")
        assert await got(people) < len(people)
        await admin.presses_button("night")
        await admin.sees("terminée", "Autorisée la nuit par Ibrahima")
    assert await got(people) == len(people)


async def test_sending_at_night_is_asked_about(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 1)
    await admin.composes()
    await admin.presses_button("now")
    with bot.clock.put_forward(hours=15):
        warned = await admin.presses_button("go")
        assert "nuit" in warned.text
        assert await got(people) == 0
        await admin.presses_button("insist")
        await admin.presses_button("go")
        await admin.report()
    assert await got(people) == 1
