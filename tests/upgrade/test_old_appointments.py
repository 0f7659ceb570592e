"""The appointments that release 0.1 knew: each coming one is reminded of by this release."""

from pathlib import Path

from tests.e2e.admin import heard_by
from tests.e2e.phone import Phone
from tests.e2e.waiting import eventually
from tests.storage.databases import sqlite_database
from tests.upgrade.release import RELEASE_0_1 as RELEASE


async def test_coming_appointments_are_reminded_of(tmp_path: Path) -> None:
    query = "SELECT chat_id FROM appointments WHERE starts_at = '2026-03-04T14:00'"
    async with RELEASE.restored(tmp_path, sqlite_database(tmp_path), hours=6, minutes=31) as bot:
        await bot.start(admin_ids=RELEASE.admins)
        phone = Phone(bot.services.telegram, int(RELEASE.select(query)[0][0]))
        await eventually("the reminder of the day after tomorrow", lambda: heard_by(phone, "🔔"))
        assert len(await heard_by(phone, "🔔")) == 1
        await bot.restart()
        await bot.app.scheduler.look()
        await bot.wait_until_idle()
        assert len(await heard_by(phone, "🔔")) == 1
