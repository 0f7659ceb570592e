"""A broadcast resumes by itself after its database was locked."""

import logging
from pathlib import Path

import pytest

from bot.storage import engines
from tests.e2e.admin import Admin, citizens, heard_by, tally
from tests.e2e.running_bot import stopped_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import sqlite_database
from tests.storage.disks import SHORT_LOCK_PRAGMAS, locked

TEXT = "Bonjour à tous"
PEOPLE = 20


async def test_a_locked_database_delays_sending_and_nobody_gets_it_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engines, "PRAGMAS", SHORT_LOCK_PRAGMAS)
    async with stopped_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as bot:
        await bot.start(broadcast_rate=8.0)
        admin = Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)
        people = await citizens(bot, PEOPLE)
        await admin.broadcasts(TEXT)
        await eventually("it is under way", lambda: heard_by(people[1], TEXT))
        caplog.clear()
        with locked(tmp_path / "bot.db"):
            await eventually("nothing can be read", lambda: "cannot be reached: database is locked" in caplog.text)
        assert tally(await admin.report()) == {"sent": PEOPLE}
        for each in people:
            assert len(await heard_by(each, TEXT)) == 1
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    reading = ["cannot be reached" in each for each in said if "(reading)" in each]
    # On a busy machine an own write may take longer than the readers wait: an outage of its own.
    assert reading == [True, False] * (len(reading) // 2), "one line when it begins, and one when it is over"
    assert not any("cannot go on" in each for each in said)
