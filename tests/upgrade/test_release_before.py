"""Migrations expand and contract: the release before reads and writes the present tables as if they were its own."""

from pathlib import Path

import pytest

from bot.core.session import read_session, write_session
from bot.storage import migrate
from bot.storage.tables import metadata
from tests.core.examples import STATES, given, known
from tests.e2e.bot_process import BotProcess
from tests.e2e.crash_run import seed_of_this_run
from tests.e2e.deployments import DeploymentScale, run_deployments
from tests.e2e.services import separate_bot
from tests.storage.cluster import Cluster
from tests.storage.databases import postgresql_database
from tests.upgrade.release_before import ReleaseBefore


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> ReleaseBefore:
    return ReleaseBefore.unpacked(tmp_path_factory.mktemp("before"))


def test_no_table_and_no_column_that_it_knows_is_gone_renamed_or_of_another_type(before: ReleaseBefore) -> None:
    present = {
        (table.name, column.name): (str(column.type), column.primary_key)
        for table in metadata.sorted_tables
        for column in table.columns
    }
    known = {(table, name): each for table, columns in before.tables.items() for name, each in columns.items()}
    assert {where: present.get(where) for where in known} == known


def test_it_can_write_rows_without_the_columns_that_are_new(before: ReleaseBefore) -> None:
    demanded = [
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if table.name in before.tables and column.name not in before.tables[table.name]
        if column.primary_key or not (column.nullable or column.server_default is not None)
    ]
    assert demanded == []


def test_the_present_tables_serve_it(before: ReleaseBefore) -> None:
    assert migrate.SERVES_FROM <= before.newest <= migrate.newest()


def test_it_reads_every_session_and_what_it_writes_is_read_here(before: ReleaseBefore) -> None:
    sessions = {name: given(state, names=known("Aïssatou Bah")) for name, state in STATES.items()}
    reread = before.reads_sessions([write_session(each) for each in sessions.values()])
    assert [name for name, text in zip(sessions, reread, strict=True) if text is None] == []
    for text, session in zip(reread, sessions.values(), strict=True):
        back = read_session(text or "")
        assert back
        assert (type(back.state), back.screen, back.names) == (type(session.state), session.screen, session.names)


@pytest.mark.timeout(280)
async def test_both_releases_take_turns_on_one_database_and_nothing_is_lost(
    before: ReleaseBefore, tmp_path: Path, cluster: Cluster
) -> None:
    scale = DeploymentScale(deployments=2, citizens=3, seed=seed_of_this_run())
    with postgresql_database(cluster) as database:
        report = await run_deployments(tmp_path, database, before.folder, scale)
    assert not report.faults, "\n".join([*report.faults, report.log[-5000:]])
    assert report.ledger_check.bookings


async def test_it_stands_down_once_the_tables_no_longer_serve_it(
    before: ReleaseBefore, tmp_path: Path, cluster: Cluster
) -> None:
    folder = tmp_path / "before"
    folder.mkdir()
    with postgresql_database(cluster) as database:
        async with separate_bot(tmp_path, database_url=database.url) as (services, _):
            process = BotProcess(folder, services.settings, database, before.folder)
            await process.start()
            try:
                database.execute("UPDATE alembic_version SET version_num = '9999'")
                database.execute("UPDATE facts SET value = '9999 9999' WHERE name = ?", migrate.SERVES)
                assert await process.ended(60) == 3
                await process.start(ready=False)
                assert await process.ended(60) == 1
            finally:
                await process.kill()
            assert "its revision 9999 is newer than this version of the bot" in process.log.splitlines()[-1]
            assert "Traceback" not in process.log
