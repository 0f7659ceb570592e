"""A copy has every row of every table as it was, also in the other kind of database; or nothing of it is there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, SmallInteger, String, Table, insert, select

from bot.__main__ import main
from bot.settings import Settings
from bot.storage import copy_database as module
from bot.storage import engines, migrate
from bot.storage.copy_database import COPIED, CopyError, copy_database
from bot.storage.lease import Lease
from bot.storage.process_lock import only_process
from bot.storage.store import Store, execute
from bot.storage.tables import chats, history_entries, metadata
from tests.documents import ROOT
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database, sqlite_database

TEXTS = ("", "N'Diaye “%s” \\ ; --", "Aïssatou 👩🏿‍⚕️ 𞤆𞤵𞤤𞤢𞤪", "a\r\nb\tc", '{"ключ": null}')
INTEGERS: dict[type[Any], tuple[int, int]] = {
    SmallInteger: (-(2**15), 2**15 - 1),
    Integer: (-(2**31), 2**31 - 1),
    BigInteger: (-(2**63), 2**63 - 1),
}
FLOATS = (0.1, -1e-308, 1.7976931348623157e308, 1764205076.123456, 0.0)
KINDS = ("sqlite", "postgresql")


def value_of(column: Column[Any], number: int) -> Any:
    """The value of row `number`: the strangest that the column's type can hold; keys are told apart by the number."""
    if column.nullable and number % 4 == 3:
        return None
    match column.type:
        case Boolean():
            return number % 2 == 0
        case Float():
            return FLOATS[number % len(FLOATS)]
        case Integer():
            least, most = INTEGERS[type(column.type)]
            return (most - number, least + number)[number % 2]
        case String(length=length):
            text = TEXTS[number % len(TEXTS)]
            return f"{number}{text}"[:length] if column.primary_key else text[:length]
    raise AssertionError(column)


def rows_of(table: Table, count: int) -> list[dict[str, Any]]:
    return [{column.name: value_of(column, number) for column in table.columns} for number in range(count)]


async def fill(database: Database, count: int = 11) -> None:
    """Strange rows in every table."""
    store = await Store(database.url).open()
    for table in COPIED:
        await execute(store, table.delete())
        await execute(store, insert(table), rows_of(table, count))
    await store.close()


async def contents(database: Database) -> dict[str, list[Any]]:
    """All rows as the bot reads them, in one order."""
    engine = engines.engine_for(database.url)
    async with engine.connect() as connection:
        found = {}
        for table in COPIED:
            rows = [tuple(row) for row in await connection.execute(select(table))]
            found[table.name] = sorted(rows, key=repr)
    await engine.dispose()
    return found


def tables(database: Database) -> list[Any]:
    """The names of the tables that are there."""
    if database.is_file:
        return database.rows("SELECT name FROM sqlite_master")
    return database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def silent(_table: str, _done: int, _total: int) -> None:
    pass


@contextmanager
def a_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    if kind == "sqlite":
        folder.mkdir()
        yield sqlite_database(folder)
    else:
        with postgresql_database(request.getfixturevalue("cluster")) as database:
            yield database


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path / "source", request) as database:
        yield database


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path / "target", request) as database:
        yield database


@pytest.fixture
def file(tmp_path: Path) -> Database:
    return sqlite_database(tmp_path)


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Database]:
    with postgresql_database(cluster) as database:
        yield database


async def test_every_row_of_every_table_arrives_as_it_was(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    await fill(source)
    before = await contents(source)
    seen: list[tuple[str, int, int]] = []
    copied = await copy_database(source.url, target.url, lambda *args: seen.append(args))
    assert copied == sum(map(len, before.values()))
    assert await contents(target) == before == await contents(source)
    assert [(done, total) for name, done, total in seen if name == "chats"] == [(0, 11), (4, 11), (8, 11), (11, 11)]
    assert target.rows("SELECT version_num FROM alembic_version") == [(migrate.newest(),)]


async def test_numbers_that_the_database_gives_continue_after_the_copied_ones(
    source: Database, target: Database
) -> None:
    store = await Store(source.url).open()
    entry = {"number": 1, "user_id": 2, "who": "Mme Bah", "deed": "sent", "at": "2026-03-02T08:00:00"}
    await execute(store, insert(history_entries), [entry | {"id": number} for number in (3, 40)])
    await store.close()
    await copy_database(source.url, target.url, silent)
    store = await Store(target.url).open()
    await execute(store, insert(history_entries), [entry])
    await store.close()
    assert sorted(target.rows("SELECT id FROM deeds")) == [(3,), (40,), (41,)]


async def test_a_nul_becomes_the_sign_that_the_bot_writes_for_it_on_postgresql(
    file: Database, server: Database
) -> None:
    store = await Store(file.url).open()
    await execute(store, insert(chats), [{"chat_id": 1, "session": "a\0b", "locale": "fr", "seen_at": 1.0}])
    await store.close()
    await copy_database(file.url, server.url, silent)
    assert server.rows("SELECT session FROM chats") == [("a\N{REPLACEMENT CHARACTER}b",)]
    assert file.rows("SELECT hex(session) FROM chats") == [("610062",)]


async def test_the_copy_in_a_file_can_be_read_by_its_owner_alone(server: Database, file: Database) -> None:
    await fill(server, 1)
    await copy_database(server.url, file.url, silent)
    assert os.stat(file.place).st_mode & 0o777 == 0o600  # noqa: PTH116 — it takes no time


async def test_a_target_that_has_been_used_is_refused_and_not_changed(source: Database, target: Database) -> None:
    await fill(source, 1)
    await (await Store(target.url).open()).close()
    before = await contents(target)
    with pytest.raises(CopyError, match="TO is not empty, it has the table alembic_version: name an empty database"):
        await copy_database(source.url, target.url, silent)
    assert await contents(target) == before


async def test_who_led_before_is_not_copied(server: Database, file: Database) -> None:
    await fill(server, 1)
    async with Lease(server.url, "first", lambda _why: None).held():
        pass
    await copy_database(server.url, file.url, silent)
    assert file.rows("SELECT * FROM lease") == []


@pytest.mark.parametrize("busy", ["FROM", "TO"])
async def test_a_bot_that_still_works_on_either_is_named(
    busy: str, source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT", 0.0)
    await fill(source, 1)
    async with only_process(source.url if busy == "FROM" else target.url):
        with pytest.raises(CopyError, match=rf"^{busy}: another process.* works on the database: stop the bot first$"):
            await copy_database(source.url, target.url, silent)
    assert tables(target) == []


@pytest.mark.parametrize(
    ("revision", "words"),
    [("9999", "its revision 9999 is newer than"), ("0001", "its revision is 0001, .*: start this version of the bot")],
)
async def test_a_source_of_another_revision_is_refused(
    revision: str, words: str, source: Database, target: Database
) -> None:
    await fill(source, 1)
    source.execute(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 — a number of ours
    with pytest.raises(CopyError, match=f"^FROM: {words}"):
        await copy_database(source.url, target.url, silent)
    assert tables(target) == []


async def test_a_source_without_anything_is_refused(source: Database, target: Database) -> None:
    with source.connected():
        pass  # a SQLite file is there now, without a table
    with pytest.raises(CopyError, match=r"^FROM: (there is nothing of the bot|there is no file)"):
        await copy_database(source.url, target.url, silent)
    assert tables(target) == []


async def test_a_missing_file_is_not_made(tmp_path: Path, file: Database) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises(CopyError, match=f"^FROM: there is no file {missing}$"):
        await copy_database(f"sqlite:///{missing}", file.url, silent)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 — as above


async def test_the_same_database_twice_is_refused(file: Database, server: Database, tmp_path: Path) -> None:
    await fill(file, 1)
    (tmp_path / "link.db").symlink_to("bot.db")
    for source, target in ((server.url, server.url), (file.url, f"sqlite:///{tmp_path / 'link.db'}")):
        with pytest.raises(CopyError, match="FROM and TO are the same database"):
            await copy_database(source, target, silent)


async def test_the_same_database_by_two_addresses_is_refused_as_a_used_one(server: Database) -> None:
    await fill(server, 1)
    before = await contents(server)
    with pytest.raises(CopyError, match="TO is not empty"):
        await copy_database(server.url, f"{server.url}&connect_timeout=9", silent)
    assert await contents(server) == before


async def test_a_value_that_the_target_cannot_hold_names_its_table_and_not_the_value(
    file: Database, server: Database
) -> None:
    await fill(file, 1)
    file.execute("UPDATE chats SET locale = 'Aissatou-Bah-of-Conakry'")  # SQLite knows no longest text
    with pytest.raises(CopyError, match=r"^TO, table chats: .*value too long for type character varying\(16\)$"):
        await copy_database(file.url, server.url, silent)
    assert tables(server) == []


async def test_rows_that_come_during_the_copy_are_noticed(
    file: Database, server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(file, 1)

    def add(table: str, _done: int, _total: int) -> None:
        if table == "attempts":
            file.execute("DELETE FROM drafts")

    monkeypatch.setattr(module, "BATCH", 1)
    with pytest.raises(CopyError, match="FROM changed while it was copied"):
        await copy_database(file.url, server.url, add)
    assert tables(server) == []


async def test_a_connection_that_is_lost_leaves_the_target_empty(file: Database, server: Database) -> None:
    await fill(file)

    def cut(table: str, done: int, _total: int) -> None:
        if (table, done) == ("timers", 0):
            server.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'""")

    with pytest.raises(CopyError, match=r"^TO, table timers: the database cannot be used: "):
        await copy_database(file.url, server.url, cut)
    assert tables(server) == []


KILLED = """import asyncio, os, signal, sys
from bot.storage.copy_database import copy_database
def kill(table, done, total):
    if table == "timers" and done:
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(copy_database(sys.argv[1], sys.argv[2], kill))"""


async def test_a_kill_leaves_the_target_empty_and_the_copy_can_be_repeated(source: Database, target: Database) -> None:
    await fill(source)
    killed = subprocess.run([sys.executable, "-c", KILLED, source.url, target.url], check=False)  # noqa: ASYNC221, S603
    assert killed.returncode == -signal.SIGKILL
    await copy_database(source.url, target.url, silent)
    assert await contents(target) == await contents(source)


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def ran(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "bot", "copy-database", *arguments]
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False)  # noqa: S603


async def test_the_command_says_what_it_copied_and_takes_the_target_from_the_settings(
    file: Database, server: Database
) -> None:
    await fill(file, 2)
    secrets = {"TELEGRAM_BOT_TOKEN": "1:sandbox", "MONCRENEAU_API_KEY": "mk_sandbox"}
    done = ran(file.url, **secrets, DATABASE_URL=server.url)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert lines == [f"{table.name}: 2 of 2" for table in COPIED]
    assert last.startswith(f"copied: {2 * len(lines)} rows. Set DATABASE_URL")
    again = ran(file.url, server.url)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("nothing was copied: TO is not empty")
    assert again.stderr.count("\n") == 1


@pytest.mark.usefixtures("_no_settings", "restored_logging")
@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("postgresql://bot:geheim@127.0.0.1:9/bot", 1, "TO: the database cannot be used: connection "),
        ("postgresql://bot:geh@im@127.0.0.1:9/bot", 2, "TO: an @ within the password is written %40"),
        ("mysql://bot:geheim@localhost/bot", 2, "TO: mysql is none of sqlite, postgresql"),
        ("bot.db", 2, "TO: the address cannot be read; it begins with sqlite:/// or postgresql://"),
        ("sqlite://", 2, "TO: a database in memory cannot be copied"),
        ("sqlite:////none/bot.db", 1, "TO: the database cannot be used: unable to open database file"),
    ],
)
def test_what_is_wrong_is_one_line_without_the_password(
    target: str, code: int, words: str, file: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.connected() as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute(f"INSERT INTO alembic_version VALUES ('{migrate.newest()}')")  # noqa: S608 — ours
        for table in metadata.sorted_tables:
            connection.execute(f"CREATE TABLE {table.name} (x)")
    assert main(["copy-database", file.url, target]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"nothing was copied: {words}")
    assert said.err.count("\n") == 1
    assert "geheim" not in said.err


@pytest.mark.usefixtures("_no_settings", "restored_logging")
def test_without_a_target_the_settings_are_needed(file: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["copy-database", file.url]) == 2
    assert "TELEGRAM_BOT_TOKEN is required" in capsys.readouterr().err
