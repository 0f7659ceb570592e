"""The stored values of release 0.1 besides its chats: the quota of a key, that it worked, scheduled broadcasts."""

from pathlib import Path

from pydantic import SecretStr

from tests.e2e.admin import heard_by
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually
from tests.storage.databases import sqlite_database
from tests.upgrade.release import RELEASE_0_1 as RELEASE


async def requests(bot: RunningBot) -> dict[str, int]:
    """How often each endpoint of the API was called."""
    asked: dict[str, int] = (await bot.services.ledger())["requests"]
    return asked


async def test_a_used_up_quota_is_respected_until_the_next_hour(tmp_path: Path) -> None:
    async with RELEASE.restored(tmp_path, sqlite_database(tmp_path), minutes=10) as bot:
        before = await requests(bot)
        await bot.start(admin_ids=RELEASE.admins, moncreneau_api_key=SecretStr(RELEASE.keys[1]))
        person = RELEASE.person(bot, "days cannot be read in a busy hour")
        old, data = await person.find("retry")
        await person.phone.do("press", message_id=old.number, data=data)

        async def answered() -> bool:
            return (await person.screen()).since != old.since

        await eventually("it is told that it has to wait", answered)
        assert await requests(bot) == before


async def test_the_bot_starts_even_if_a_key_that_worked_before_is_refused(tmp_path: Path) -> None:
    async with RELEASE.restored(tmp_path, sqlite_database(tmp_path), minutes=10) as bot:
        await bot.inject_api_fault("error_code", code="INVALID_API_KEY")
        await bot.start(admin_ids=RELEASE.admins)
        assert bot._app


async def test_a_scheduled_broadcast_starts_by_itself_at_its_hour(tmp_path: Path) -> None:
    async with RELEASE.restored(tmp_path, sqlite_database(tmp_path), hours=4, minutes=32) as bot:
        await bot.start(admin_ids=RELEASE.admins)
        for name, text in (("to come: French", "Annonce prévue"), ("to come: English", "Announcement to come")):
            phone = RELEASE.person(bot, name).phone
            await eventually(f"{name} has it", lambda phone=phone, text=text: heard_by(phone, text))  # type: ignore[misc]
            assert len(await heard_by(phone, text)) == 1
