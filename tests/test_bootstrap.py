"""The joined bot starts, resumes and stops cleanly; a start that cannot work raises `StartError`."""

import asyncio
import logging
from pathlib import Path

import pytest

from bot import bootstrap
from bot.app.records import Change
from bot.bootstrap import StartError
from tests.e2e.running_bot import RunningBot, running_bot, stopped_bot
from tests.e2e.waiting import eventually


async def _started(bot: RunningBot, **changes: object) -> None:
    with pytest.raises(StartError):
        await bot.start(**changes)


async def test_a_token_or_a_key_that_is_refused_ends_the_start_and_closes_everything(tmp_path: Path) -> None:
    async with stopped_bot(tmp_path) as bot:
        secret = type(bot.settings.telegram_bot_token)
        await _started(bot, telegram_bot_token=secret("1:" + "x" * 35))
        await _started(bot, telegram_bot_token=secret("no token"))
        await _started(bot, moncreneau_api_key=secret("mk_wrong"))
        await _started(bot, database_url=f"sqlite+aiosqlite:///{tmp_path}/no/such/folder.db")
        await _started(bot, default_locale="xx")
        await bot.start()
        assert "Bonjour" in (await (await bot.citizen()).says("/start")).text


async def test_a_stopped_bot_leaves_no_task_behind(tmp_path: Path) -> None:
    async with stopped_bot(tmp_path) as bot:
        before = asyncio.all_tasks()
        await bot.start()
        await (await bot.citizen()).books()
        await bot.stop()
        mine = {task for task in asyncio.all_tasks() - before if "bot/sandbox" not in str(task.get_coro())}
        assert not [task for task in mine if "bot." in repr(task.get_coro())]


async def test_the_next_process_goes_on_with_what_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        summary = await citizen.reaches_summary()
        await bot.inject_api_fault("status", "POST", "/appointments", status=503)
        await citizen.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
        await citizen.waits_for("en cours de confirmation")
        await bot.stop()
        await bot.services.clear_faults()
        await bot.start()
        assert "0 updates and 1 attempts resumed" in caplog.text
        await bot.wait_until_idle()
        assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        assert len(await citizen.appointments()) == 1


async def test_the_apis_budget_outlives_a_restart(tmp_path: Path) -> None:
    async with running_bot(tmp_path, rate_limit=1000) as bot:
        await (await bot.citizen()).books()
        await bot.stop()
        await bot.inject_api_fault("drop_before")
        await bot.start()
        stats = bot.app.gateway.stats()
        assert stats.limit == 1000
        assert stats.remaining is not None
        assert stats.remaining < 1000
        await bot.stop()
        await bot.start(moncreneau_api_key=type(bot.settings.moncreneau_api_key)("mk_another"))
        assert bot.app.gateway.stats().limit is None, "another key has an hour of its own"


async def test_a_key_that_worked_before_and_is_refused_does_not_end_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        await (await bot.citizen()).books()
        await bot.stop()
        await bot.inject_api_fault("error_code", code="EXPIRED_API_KEY")
        await bot.start()
        assert "no longer accepts MONCRENEAU_API_KEY: 401 EXPIRED_API_KEY" in caplog.text
        assert "Bonjour" in (await (await bot.citizen()).says("/start")).text
        await bot.stop()
        await _started(bot, moncreneau_api_key=type(bot.settings.moncreneau_api_key)("mk_another"))


async def test_an_api_that_asked_to_wait_is_not_logged_as_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path, rate_limit=1000) as bot:
        await bot.inject_api_fault("rate_limit", seconds=1800)
        await (await bot.citizen()).says("/appointments")
        await bot.restart()
        assert "the moncreneau API is not asked before 2026-03-02 08:0" in caplog.text
        assert "does not answer yet" not in caplog.text


def test_the_clock_is_the_real_one_unless_another_is_given() -> None:
    assert bootstrap._now().tzinfo is not None


async def test_a_flood_of_all_chats_outlives_the_process_that_met_it(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        bot.app.outbox.global_limiter.flooded(3600)
        await bot.restart()
        await citizen.phone.say("/start")
        await eventually("its answer waits", lambda: bot.app.outbox.waiting)
        await asyncio.wait_for(bot.app.store.commit(Change()), 10)
        assert await citizen.phone.look() == []
