"""SIGTERM: the bot finishes what is in hand, ends within ten seconds, and the next start takes up the rest."""

import asyncio
from pathlib import Path

from bot import bootstrap
from bot.broadcast.model import RecipientStatus
from bot.storage.recipients import SqlRecipientRepository
from tests.e2e.admin import Admin, citizens, tally
from tests.e2e.crash_run import new_patient_citizen
from tests.e2e.ledger_check import check_ledger
from tests.e2e.patient_citizen import Habits
from tests.e2e.running_bot import stopped_bot
from tests.e2e.services import CREDITS, separate_bot
from tests.e2e.waiting import eventually

CALM = Habits(doubles=0.0, cancels=0.5, gives_up=0.0)
TIME_LIMIT = 30.0
"""Seconds; on a busy machine the bot's own ten may take longer to pass."""


async def test_a_stop_during_work_ends_in_time_and_the_work_continues_after_the_restart(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, process):
        await process.start()
        everybody = [await new_patient_citizen(services, number, number, CALM) for number in range(12)]
        # Responses take longer than every time limit, so that requests are in flight when the signal comes.
        slow = {"kind": "delay", "when": "after", "seconds": 30, "match": {"method": "POST"}, "probability": 0.5}
        await services.inject_faults(moncreneau=[slow])
        lives = [asyncio.create_task(each.book_one()) for each in everybody]
        await eventually(
            "some have confirmed", lambda: sum(each.bookings[-1].confirmed for each in everybody if each.bookings) > 5
        )
        process.terminate()
        process.terminate()  # a second signal changes nothing
        assert await process.ended(TIME_LIMIT) == 0
        assert any(words.startswith("stopped: ") for words in process.log_messages)
        assert "Traceback" not in process.log, process.log
        await services.clear_faults()
        await process.start()
        await asyncio.wait_for(asyncio.gather(*lives), 90)
        ledger_check = check_ledger(everybody, await services.ledger(), CREDITS)
        assert not ledger_check.faults
        assert ledger_check.bookings == len(everybody)
        assert await process.stop() == 0


def test_stopping_takes_less_than_ten_seconds() -> None:
    assert sum(getattr(bootstrap, name) for name in vars(bootstrap) if name.startswith("GRACE_")) < 10


async def test_stopping_waits_for_announcements_in_flight(tmp_path: Path) -> None:
    async with stopped_bot(tmp_path) as bot:
        await bot.start(broadcast_rate=0.0)
        admin = Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)
        await citizens(bot, 20)
        await admin.composes()
        await admin.presses_button("now")
        await bot.services.inject_faults(
            telegram=[{"kind": "delay", "seconds": 2.5, "match": {"method": "sendMessage"}}]
        )
        await admin.presses_button("go")
        recipients = SqlRecipientRepository(bot.app.store)
        await eventually(
            "messages are in flight", lambda: recipients.page(1, frozenset({RecipientStatus.SENDING}), 0, 1)
        )
        await bot.stop()
        await bot.services.clear_faults()
        await bot.start()
        assert "unknown" not in tally(await admin.report())


async def test_the_bot_can_be_stopped_while_it_waits_for_telegram(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, process):
        await services.inject_faults(telegram=[{"kind": "drop_before"}])
        await process.start(ready=False)
        await eventually("it looks for Telegram", lambda: "Telegram (starting) cannot be reached" in process.log)
        assert await process.stop() == 0
        assert "Traceback" not in process.log, process.log


async def test_messages_sent_while_the_bot_is_stopped_are_answered_after_the_start(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, process):
        await process.start()
        assert await process.stop() == 0
        somebody = await new_patient_citizen(services, 0, 0, CALM)
        await somebody.phone.say("/start")
        await process.start()
        await eventually("an answer", somebody.phone.look)
        assert await process.stop() == 0
        assert await services.pending() == 0, "what was answered is confirmed to Telegram by a bot that stops"
