"""A kill in the middle of a broadcast to 300 chats, some blocked, some flooded, some failing; then the ledger.

The bot is a process of its own and dies by SIGKILL. The report is compared with the messages in the chats.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.admin import Admin, heard_by, tally
from tests.e2e.bot_process import BotProcess
from tests.e2e.phone import Phone
from tests.e2e.services import Services, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import postgresql_database

PEOPLE = 300
FIRST = 2_000_001
TEXT = "Coupure d’eau demain"
BLOCKED = range(FIRST + 10, FIRST + 40)
FLOODED = range(FIRST + 50, FIRST + 70)
FAILING = range(FIRST + 80, FIRST + 100)
LOST_AFTER = range(FIRST + 110, FIRST + 113)
LOST_BEFORE = range(FIRST + 120, FIRST + 122)


def by_day() -> str:
    """A zone in which it is about noon: broadcasts rest by night."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


async def moved_in(services: Services, process: BotProcess) -> list[Phone]:
    """Everybody has said `/start`, and some of them misbehave from now on."""
    admin = {"id": ADMIN_ID, "first_name": "Ibrahima", "language_code": "fr"}
    (await services.telegram.post("/__sandbox/users", json=admin)).raise_for_status()
    people = {"id": FIRST, "first_name": "Moussa", "language_code": "fr", "count": PEOPLE}
    (await services.telegram.post("/__sandbox/users", json=people)).raise_for_status()
    await process.start(ADMIN_IDS=str(ADMIN_ID), BROADCAST_RATE="100", TIMEZONE=by_day())
    phones = [Phone(services.telegram, FIRST + each) for each in range(PEOPLE)]
    await asyncio.gather(*(each.say("/start") for each in phones))
    await eventually("everybody is greeted", lambda: _greeted(services))
    for each in BLOCKED:
        # The bot is not told; it notices when it writes.
        await services.inject_faults(telegram=[fault("blocked", each)])
    await services.inject_faults(telegram=[fault("flood", each, times=1, retry_after=1) for each in FLOODED])
    await services.inject_faults(telegram=[fault("status", each, status=400) for each in FAILING])
    await services.inject_faults(telegram=[fault("drop_after", each, times=1) for each in LOST_AFTER])
    await services.inject_faults(telegram=[fault("drop_before", each, times=1) for each in LOST_BEFORE])
    return phones


def fault(kind: str, chat_id: int, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "match": {"method": "sendMessage", "chat_id": chat_id}} | more


async def _greeted(services: Services) -> bool:
    return (await services.calls()).get("sendMessage", {}).get("200", 0) >= PEOPLE


async def _has(phones: list[Phone], count: int) -> bool:
    """Whether at least `count` of the first few have it."""
    heard = [await heard_by(each, TEXT) for each in phones]
    return sum(bool(each) for each in heard) >= count


@pytest.mark.timeout(240)
async def test_after_a_kill_sending_resumes_and_nobody_gets_it_twice(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, process):
        phones = await moved_in(services, process)
        admin = Admin(services.telegram)
        await admin.broadcasts(TEXT)
        await eventually("it is well under way", lambda: _has(phones[140:160], 10), within=60)
        await process.kill()
        assert not await _has(phones[-20:], 1), "it was over before the kill"
        await process.start(ADMIN_IDS=str(ADMIN_ID), BROADCAST_RATE="100", TIMEZONE=by_day())

        report = {int(each["chat_id"]): each for each in await admin.report()}
        copies = Counter({each.chat_id: len(await heard_by(each, TEXT)) for each in phones})

        assert set(report) == {each.chat_id for each in phones}
        assert max(copies.values()) == 1
        told = tally(list(report.values()))
        assert told["blocked"] == len(BLOCKED)
        assert told["failed"] == len(FAILING)
        assert told["pending"] == told["sending"] == 0
        assert all(copies[chat] == 1 for chat, row in report.items() if row["status"] == "sent")
        assert all(copies[chat] == 0 for chat, row in report.items() if row["status"] in {"blocked", "failed"})
        assert all("fault" in report[chat]["reason"].lower() for chat in FAILING)
        assert all(report[chat]["status"] in {"sent", "unknown"} for chat in FLOODED)
        assert all(report[chat]["status"] == "unknown" for chat in (*LOST_AFTER, *LOST_BEFORE))
        assert told["unknown"] < 60, "only those whose messages were in flight"

        # Now the admin asks for the unknown to be sent to again: these, and nobody else.
        unknown = {chat for chat, row in report.items() if row["status"] == "unknown"}
        await admin.presses_button("again")
        await eventually("all of the unknown have it", lambda: _all_have(services, unknown))
        later = Counter({each.chat_id: len(await heard_by(each, TEXT)) for each in phones})
        assert all(later[chat] == copies[chat] + (chat in unknown) for chat in later)


@pytest.mark.timeout(240)
async def test_a_leader_frozen_while_it_sends_leaves_the_rest_to_the_standby(tmp_path: Path, cluster: Cluster) -> None:
    (tmp_path / "standby").mkdir()
    with postgresql_database(cluster) as database:
        async with separate_bot(tmp_path, database_url=database.url) as (services, leader):
            phones = await moved_in(services, leader)
            standby = BotProcess(tmp_path / "standby", leader.settings, database)
            try:
                await standby.start(ready=False, ADMIN_IDS=str(ADMIN_ID), BROADCAST_RATE="100", TIMEZONE=by_day())
                await eventually("it stands by", standby.is_standby)
                admin = Admin(services.telegram)
                await admin.broadcasts(TEXT)
                await eventually("it is under way", lambda: _has(phones[:10], 5), within=60)
                leader.freeze()
                assert not await _has(phones[-20:], 1), "it was over before"
                database.execute("UPDATE lease SET expires_at = 0")  # rather than wait for it
                await eventually("the standby leads", standby.is_ready_or_dead)
                leader.thaw()
                assert await leader.ended(30) == 3
                report = {int(each["chat_id"]): each for each in await admin.report()}
                copies = Counter({each.chat_id: len(await heard_by(each, TEXT)) for each in phones})
            finally:
                await standby.kill()
    told = tally(list(report.values()))
    assert max(copies.values()) == 1
    assert told["pending"] == told["sending"] == 0
    assert all(copies[chat] == 1 for chat, row in report.items() if row["status"] == "sent")
    assert told["unknown"] < 60, "only those whose messages were in flight"


async def _all_have(services: Services, chats: set[int]) -> bool:
    return all([await heard_by(Phone(services.telegram, chat), TEXT) for chat in chats])
