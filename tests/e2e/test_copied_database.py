"""A bot goes on on PostgreSQL with what it had begun on SQLite, after `copy-database`."""

from datetime import UTC, datetime
from pathlib import Path

from bot.storage.copy_database import copy_database
from tests.e2e.admin import Admin, heard_by, tally
from tests.e2e.citizen import CONFIRM
from tests.e2e.running_bot import stopped_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import postgresql_database

TEXT = "Demain, le service est fermé"
PEOPLE = 10
DAY_OF_REMINDER = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)


async def test_what_was_begun_on_sqlite_is_finished_on_postgresql(tmp_path: Path, cluster: Cluster) -> None:
    with postgresql_database(cluster) as server:
        async with stopped_bot(tmp_path, capacity=50) as bot:
            await bot.start(broadcast_rate=5.0)
            people = [await bot.citizen() for _ in range(PEOPLE)]
            reminded, waiting, hesitating = people[:3]
            for each in people:
                await each.says("/start")
            await reminded.reaches_days()
            for words in ("12/03/2026 14:30", "Aïssatou Bah"):
                await reminded.says(words)
            await reminded.taps_on(CONFIRM)
            summary = await hesitating.reaches_summary("N'Diaye Bah")
            (question, yes) = await waiting._find(CONFIRM, await waiting.reaches_summary())
            # The appointment is made, and the bot ends before it hears so.
            await bot.inject_api_fault("delay", "POST", when="after", seconds=60, times=1)
            await waiting.phone.do("press", message_id=question.number, data=yes)
            await eventually("it is asked for", waiting.appointments)
            admin = Admin(bot.services.telegram)
            await admin.broadcasts(TEXT)
            await eventually("the announcement is under way", lambda: heard_by(people[0].phone, TEXT))
            await bot.stop()
            assert not await heard_by(people[-1].phone, TEXT)

            await copy_database(bot.settings.database_url, server.url, lambda *_: None)
            bot.settings = bot.settings.model_copy(update={"database_url": server.url})
            await bot.start()

            await waiting.waits_for("Votre rendez-vous est confirmé")
            assert len(await waiting.appointments()) == 1
            assert "Votre rendez-vous est confirmé" in (await hesitating.taps_on(CONFIRM, summary)).text
            assert tally(await admin.report()) == {"sent": PEOPLE}
            assert [len(await heard_by(each.phone, TEXT)) for each in people] == [1] * PEOPLE
            await bot.stop()
            with bot.clock.put_forward(seconds=(DAY_OF_REMINDER - bot.clock()).total_seconds() + 1):
                await bot.start()
                await bot.app.scheduler.look()
                assert "🔔" in (await reminded.waits_for("votre rendez-vous")).text
                await bot.stop()
