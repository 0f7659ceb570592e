"""The whole bot on PostgreSQL: booked, cancelled, announced, killed; and the server restarted under it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import SIGQUIT

import pytest

from tests.e2e.admin import Admin, citizens, heard_by, tally
from tests.e2e.crash_run import SEED, Scale, run_with_crashes, seed_of_this_run
from tests.e2e.phone import new_phone
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.services import separate_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database

LIMIT = 200
KILLED = Scale(citizens=6, bookings=8, kills=3, seconds=LIMIT, long_lifetimes=100)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with postgresql_database(cluster) as services:
        yield services


@pytest.fixture
async def bot(tmp_path: Path, database: Database) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path, database_url=database.url) as services:
        yield services


async def test_a_booking_is_made_found_again_after_a_restart_and_cancelled(bot: RunningBot, database: Database) -> None:
    citizen = await bot.citizen()
    number = await citizen.books("N'Diaye")
    await bot.restart()
    assert "N'Diaye" in (await citizen.says("/appointments")).text
    assert f": {number}" in (await citizen.taps_on("08:00")).text
    await citizen.says("/cancel")
    assert "Ce rendez-vous est annulé." in (await citizen.taps_on("Oui, annuler")).text
    assert [each["status"] for each in await citizen.appointments()] == ["CANCELLED"]
    assert database.rows("SELECT appointment_id, is_cancelled FROM appointments") == [(number, True)]
    await eventually("nothing is left to send", lambda: database.rows("SELECT count(*) FROM outbox") == [(0,)])


async def test_an_announcement_reaches_everybody_once(bot: RunningBot) -> None:
    people = await citizens(bot, 5)
    admin = Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)
    await admin.broadcasts("Demain, 100 % fermé")
    assert tally(await admin.report()) == {"sent": 5}
    assert [len(await heard_by(each, "100 % fermé")) for each in people] == [1] * 5


async def test_a_restart_of_the_server_during_bookings_loses_none_and_doubles_none(
    bot: RunningBot, cluster: Cluster
) -> None:
    people = [await bot.citizen() for _ in range(5)]
    summaries = [await each.reaches_summary() for each in people]
    with cluster.stopped(SIGQUIT):
        presses = [
            asyncio.create_task(each.taps_on("Confirmer", summary))
            for each, summary in zip(people, summaries, strict=True)
        ]
        await eventually("the store says so", lambda: not bot.app.store.writable)
        assert [await each.appointments() for each in people] == [[]] * 5, "an attempt is stored before it is made"
    tickets = await asyncio.gather(*presses)
    assert ["Votre rendez-vous est confirmé" in each.text for each in tickets] == [True] * 5
    assert [len(await each.appointments()) for each in people] == [1] * 5


@pytest.mark.timeout(LIMIT + 40)
async def test_after_repeated_kills_everybody_has_exactly_what_they_confirmed(
    tmp_path: Path, database: Database
) -> None:
    seed = seed_of_this_run()
    report = await run_with_crashes(tmp_path, seed, KILLED, database)
    assert not report.faults, "\n".join([f"{SEED}={seed}", *report.faults, report.log[-5000:]])
    assert report.ledger_check.bookings >= KILLED.bookings


async def test_a_stop_while_the_server_is_down_loses_no_update(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    async with separate_bot(tmp_path, database_url=database.url) as (services, process):
        await process.start()
        phone = await new_phone(services.telegram, "Moussa", "fr")
        with cluster.stopped(SIGQUIT):
            await phone.say("/start")
            await eventually("it waits", lambda: any("nothing is lost" in line for line in process.log_messages))
            assert await process.stop() == 0
            assert await services.pending() == 1
        await process.start()
        await eventually("it is answered", phone.look)
        assert database.rows("SELECT count(*) FROM chats") == [(1,)]


async def test_a_missing_server_ends_the_start_with_one_line_without_the_password(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with separate_bot(tmp_path) as (_services, process):
        await process.start(ready=False, DATABASE_URL="postgresql://bot:geheim@127.0.0.1:9/bot")
        assert await process.ended(60) == 1
        await process.start(ready=False, DATABASE_URL=cluster.url("nowhere"))
        assert await process.ended(60) == 1
        refused, unknown = process.log.splitlines()
        assert "the database cannot be used (DATABASE_URL): connection " in refused
        assert 'database "nowhere" does not exist' in unknown
        assert "geheim" not in process.log
