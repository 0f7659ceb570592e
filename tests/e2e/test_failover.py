"""The PostgreSQL server that the bot works on is lost, and its synchronous standby takes over: nothing is lost."""

import asyncio
from pathlib import Path

from tests.e2e.running_bot import running_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import BOT, PASSWORD, serving_pair

PEOPLE = 6
DATABASE = "failover"


async def test_what_was_committed_is_there_after_a_failover_and_the_bot_goes_on(tmp_path: Path) -> None:
    with serving_pair() as (primary, standby):
        primary.execute(f"CREATE DATABASE {DATABASE} OWNER {BOT}")
        await eventually(
            "commits wait for the standby",
            lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)],
        )
        # The standby stands first: which of both leads is found out, not taken from their order.
        hosts = f"127.0.0.1:{standby.port},127.0.0.1:{primary.port}"
        async with running_bot(tmp_path, database_url=f"postgresql://{BOT}:{PASSWORD}@{hosts}/{DATABASE}") as bot:
            people = [await bot.citizen() for _ in range(PEOPLE)]
            summaries = [await each.reaches_summary() for each in people]
            await bot.inject_api_fault("delay", "POST", when="after", seconds=2, times=PEOPLE // 2)
            presses = [
                asyncio.create_task(each.taps_on("Confirmer", summary))
                for each, summary in zip(people, summaries, strict=True)
            ]
            await eventually("bookings are under way", lambda: bot.app.attempt_worker.open, pause=0.01)
            told = {number for (number,) in primary.execute("SELECT update_id FROM inbox", DATABASE)}
            opened = set(primary.execute("SELECT chat_id, number FROM attempts", DATABASE))
            primary.stop()
            await eventually("the store says so", lambda: not bot.app.store.writable)
            standby.promote()
            tickets = await asyncio.gather(*presses)

            assert ["Votre rendez-vous est confirmé" in each.text for each in tickets] == [True] * PEOPLE
            assert [len(await each.appointments()) for each in people] == [1] * PEOPLE
            assert opened
            assert opened <= set(standby.execute("SELECT chat_id, number FROM attempts", DATABASE))
            assert told <= {number for (number,) in standby.execute("SELECT update_id FROM inbox", DATABASE)}
            assert bot.app.store.writable
            await (await bot.citizen()).books()
