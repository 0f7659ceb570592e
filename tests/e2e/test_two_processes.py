"""Two bots never work on one database at the same time, and nothing is booked twice while one takes over."""

import asyncio
from pathlib import Path

from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import new_patient_citizen
from tests.e2e.ledger_check import check_ledger
from tests.e2e.patient_citizen import Habits
from tests.e2e.services import CREDITS, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import ON_POSTGRESQL

WAITS = "standby:" if ON_POSTGRESQL else "another process works"
CALM = Habits(doubles=0.0, cancels=0.0, moves=0.0, gives_up=0.0)


async def test_a_new_process_that_starts_before_the_old_one_ends_books_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    async with separate_bot(tmp_path) as (services, old):
        new = BotProcess(folder, services.settings, old.database)
        await old.start()
        everybody = [await new_patient_citizen(services, number, number, CALM) for number in range(6)]
        slow = {"kind": "delay", "when": "after", "seconds": 2.5, "match": {"method": "POST"}, "times": 6}
        await services.inject_faults(moncreneau=[slow])
        lives = [asyncio.create_task(each.book_one()) for each in everybody]
        try:
            await eventually(
                "all have confirmed", lambda: all(each.bookings and each.bookings[-1].confirmed for each in everybody)
            )
            await new.start(ready=False)
            await eventually("it waits", lambda: any(WAITS in each for each in new.log_messages))
            assert await old.stop() == 0
            await eventually("it is ready", new.is_ready_or_dead)
            await asyncio.wait_for(asyncio.gather(*lives), 90)
        finally:
            await new.kill()
        ledger_check = check_ledger(everybody, await services.ledger(), CREDITS)
        assert not ledger_check.faults
        assert ledger_check.bookings == len(everybody)
