"""SIGTERM: the bot finishes what is in hand, ends within ten seconds, and the next start takes up the rest."""

import asyncio
from pathlib import Path

from bot import bootstrap
from bot.broadcast.model import RecipientStatus
from bot.storage.recipients import SqlRecipientRepository
from tests.e2e.admin import Admin, citizens, tally
from tests.e2e.applicant import Habits
from tests.e2e.crash_run import new_applicant
from tests.e2e.ledger_check import reckon
from tests.e2e.running_bot import standing
from tests.e2e.services import CREDITS, town
from tests.e2e.waiting import eventually

CALM = Habits(doubles=0.0, cancels=0.5, gives_up=0.0)
PATIENCE = 30.0
"""Seconds; on a busy machine the bot's own ten may take longer to pass."""


async def test_in_the_middle_of_work_it_ends_in_time_and_goes_on_after_the_next_start(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, bot):
        await bot.start()
        everybody = [await new_applicant(here, number, number, CALM) for number in range(12)]
        # Answers that come long after all patience: some requests are on the wire when the signal comes.
        slow = {"kind": "delay", "when": "after", "seconds": 30, "match": {"method": "POST"}, "probability": 0.5}
        await here.misbehave(moncreneau=[slow])
        lives = [asyncio.create_task(each.live()) for each in everybody]
        await eventually(
            "some have confirmed", lambda: sum(each.wishes[-1].confirmed for each in everybody if each.wishes) > 5
        )
        bot.terminate()
        bot.terminate()  # a second signal changes nothing
        assert await bot.ended(PATIENCE) == 0
        assert any(words.startswith("stopped: ") for words in bot.words)
        assert "Traceback" not in bot.log, bot.log
        await here.behave()
        await bot.start()
        await asyncio.wait_for(asyncio.gather(*lives), 90)
        reckoning = reckon(everybody, await here.ledger(), CREDITS)
        assert not reckoning.faults
        assert reckoning.bookings == len(everybody)
        assert await bot.stop() == 0


def test_it_grants_itself_less_than_ten_seconds() -> None:
    assert sum(getattr(bootstrap, name) for name in vars(bootstrap) if name.startswith("GRACE_")) < 10


async def test_who_is_about_to_get_an_announcement_is_heard_of(tmp_path: Path) -> None:
    async with standing(tmp_path) as house:
        await house.start(broadcast_rate=0.0)
        admin = Admin(house.town.telegram, settles=house.settles)
        await citizens(house, 20)
        await admin.composes()
        await admin.pushes("now")
        await house.town.misbehave(telegram=[{"kind": "delay", "seconds": 2.5, "match": {"method": "sendMessage"}}])
        await admin.pushes("go")
        roll = SqlRecipientRepository(house.open.store)
        await eventually("they are on the wire", lambda: roll.page(1, frozenset({RecipientStatus.SENDING}), 0, 1))
        await house.stop()
        await house.town.behave()
        await house.start()
        assert "unknown" not in tally(await admin.report())


async def test_while_it_is_still_looking_for_telegram_it_ends_too(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, bot):
        await here.misbehave(telegram=[{"kind": "drop_before"}])
        await bot.start(ready=False)
        await eventually("it looks for Telegram", lambda: "Telegram (starting) cannot be reached" in bot.log)
        assert await bot.stop() == 0
        assert "Traceback" not in bot.log, bot.log


async def test_what_people_sent_while_it_was_away_is_answered_when_it_is_back(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, bot):
        await bot.start()
        assert await bot.stop() == 0
        somebody = await new_applicant(here, 0, 0, CALM)
        await somebody.phone.say("/start")
        await bot.start()
        await eventually("an answer", somebody.phone.look)
        assert await bot.stop() == 0
        assert await here.pending() == 0, "what was answered is confirmed to Telegram by a bot that stops"
