"""The commands of the page, as they stand there, back up a running bot and restore it; it goes on and books.

What happened after the backup is known again as the table "What a restored bot knows" says.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.e2e.running_bot import RunningBot, running_bot
from tests.pretended_machine import Machine
from tests.storage.cluster import Cluster, binaries
from tests.storage.databases import Database

PAGE, ROLE = "docs/operating.md", "moncreneau"
WHERE = {"sqlite": "/var/lib/moncreneau-bot/", "postgresql": "sudo -u postgres "}
"""The words by which the commands for each database are known, all of them for systemd."""


class Operator:
    """Somebody who works with this database through the page."""

    def __init__(self, machine: Machine, kind: str) -> None:
        self._machine = machine
        self._words = WHERE[kind]

    def pastes(self, heading: str) -> None:
        """The one block under the heading that is for this database."""
        (block,) = [each for each in blocks(PAGE, "sh") if each.heading == heading and self._words in each.text]
        self._machine.run(block.text)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Operator, Database]]:
    """An installation by the page, with its database."""
    if request.param == "sqlite":
        machine = Machine(tmp_path)
        file = machine.path("/var/lib/moncreneau-bot/bot.db")
        database = Database(f"sqlite+aiosqlite:///{file}", str(file))
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        machine = Machine(tmp_path, binaries(), PGHOST=str(cluster.folder), PGUSER=cluster.owner)
        database = Database(cluster.url(ROLE, ROLE), cluster.url(ROLE, cluster.owner))
    for block in blocks(PAGE, "sh"):
        if block.heading == "Run it with systemd":
            machine.run(block.text)
    operator = Operator(machine, request.param)
    if request.param == "sqlite":
        yield operator, database
        return
    operator.pastes("PostgreSQL on the same machine")
    try:
        yield operator, database
    finally:
        cluster.execute(f"DROP DATABASE {ROLE} WITH (FORCE)")
        cluster.execute(f"DROP ROLE {ROLE}")


async def an_hour_passes(bot: RunningBot) -> None:
    bot.clock.pass_(timedelta(hours=1, minutes=1))
    await bot.app.reconciler.read_due()
    await bot.wait_until_idle()


async def test_a_restored_bot_goes_on_and_finds_again_what_the_page_says(
    place: tuple[Operator, Database], tmp_path: Path
) -> None:
    operator, database = place

    def known() -> set[int]:
        return {number for (number,) in database.rows("SELECT appointment_id FROM appointments")}

    async with running_bot(tmp_path, database_url=database.url, capacity=50) as bot:
        aissatou = await bot.citizen()
        before = await aissatou.books()
        operator.pastes("Back up")
        after = await aissatou.books("Mariama Sow")  # a second one in the same name would be asked about
        newcomer = await bot.citizen("fr", "Moussa", "Camara")
        unknown = await newcomer.books("Moussa Camara")
        screen = await aissatou.reaches_summary()
        assert known() == {before, after, unknown}
        await bot.stop()
        operator.pastes("Restore")
        await bot.start()

        assert known() == {before}
        pressed = await aissatou.taps_on("✅ Confirm", screen)
        assert "est confirmé" not in pressed.text, "a button that the backup does not know changes nothing"
        assert len(await aissatou.appointments()) == 2
        await an_hour_passes(bot)
        assert known() == {before, after}, "the day is read, and only known chats count"
        assert str(unknown) in str(await newcomer.appointments())
        assert "Moussa Camara" in (await newcomer.says("/appointments")).text
        assert known() == {before, after, unknown}
        booked = await aissatou.books()
        assert known() == {before, after, unknown, booked}
