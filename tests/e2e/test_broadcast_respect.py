"""Announcements respect opt-outs and never disturb what a citizen is doing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.admin import Admin, citizens, heard_by, tally
from tests.e2e.running_bot import RunningBot, running_bot

TEXT = "Bonjour à tous"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path) as each:
        yield each


@pytest.fixture
async def admin(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)


async def test_citizens_who_opted_out_are_not_counted(bot: RunningBot, admin: Admin) -> None:
    quiet = await bot.citizen()
    await quiet.says("/start")
    await quiet.says("/announcements")
    await quiet.taps_on("🔕")
    (other,) = await citizens(bot, 1)
    review = await admin.composes()
    assert "1 destinataire" in review.text
    await admin.presses_button("now")
    await admin.presses_button("go")
    assert [int(each["chat_id"]) for each in await admin.report()] == [other.chat_id]


async def test_the_opt_out_button_works_and_can_be_undone(bot: RunningBot, admin: Admin) -> None:
    aissatou = await bot.citizen()
    await aissatou.says("/start")
    await admin.broadcasts(TEXT)
    await admin.report()
    answer = await aissatou.taps_on("🔕")
    assert "🔕" in answer.text
    assert "0" in (await admin.composes()).text or "personne" in (await admin.phone.look())[-1].text
    answer = await aissatou.taps_on("🔔")
    assert "vous recevez les annonces" in answer.text
    assert "1 destinataire" in (await admin.presses_button("all")).text


async def test_a_broadcast_disturbs_no_booking(bot: RunningBot, admin: Admin) -> None:
    aissatou = await bot.citizen()
    summary = await aissatou.reaches_summary()
    await admin.broadcasts(TEXT)
    await admin.report()
    await aissatou.taps_on("✅", summary)
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]


async def test_stopping_announcements_in_the_middle_of_a_booking_disturbs_nothing(
    bot: RunningBot, admin: Admin
) -> None:
    aissatou = await bot.citizen()
    summary = await aissatou.reaches_summary()
    await admin.broadcasts(TEXT)
    await admin.report()
    await aissatou.taps_on("🔕")
    await aissatou.taps_on("✅", summary)
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]


async def test_citizens_who_left_are_not_counted_until_they_return(bot: RunningBot, admin: Admin) -> None:
    (gone, other) = await citizens(bot, 2)
    await gone.block()
    await bot.wait_until_idle()
    assert "1 destinataire" in (await admin.composes()).text
    await admin.presses_button("cancel")
    await gone.do("unblock")
    await bot.wait_until_idle()
    assert "2 destinataires" in (await admin.composes()).text
    assert other


async def test_a_citizen_who_blocked_the_bot_is_left_out_next_time(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 2)
    match = {"method": "sendMessage", "chat_id": people[0].chat_id}
    await bot.services.inject_faults(telegram=[{"kind": "blocked", "match": match}])
    await admin.broadcasts(TEXT)
    assert tally(await admin.report()) == {"sent": 1, "blocked": 1}
    assert "1 destinataire" in (await admin.composes()).text


async def test_a_citizen_who_opts_out_before_their_turn_is_skipped(bot: RunningBot, admin: Admin) -> None:
    await bot.stop()
    await bot.start(broadcast_rate=4.0)
    people = await citizens(bot, 20)
    await admin.broadcasts(TEXT)
    await admin.sees("en cours")
    (greeting,) = await people[-1].look(everything=True)
    await people[-1].do("press", message_id=greeting.number, data="*.news:off", forged=True)
    assert tally(await admin.report()) == {"sent": 19, "skipped": 1}
    assert not await heard_by(people[-1], TEXT)
