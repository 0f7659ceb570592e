"""PostgreSQL: session settings, characters that text can hold, commit markers, and which servers are refused."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.app.records import Change, StoredChat
from bot.storage import engines, postgresql
from bot.storage.diagnostics import examine
from bot.storage.store import Store
from bot.storage.writer import Writer
from tests.e2e.waiting import eventually
from tests.storage.broadcast_examples import broadcast_feature
from tests.storage.cluster import Cluster
from tests.storage.databases import Database, postgresql_database
from tests.storage.values import update


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with postgresql_database(cluster) as here:
        yield here


async def test_every_session_is_durable_and_waits_for_locks_whatever_the_servers_defaults(
    cluster: Cluster, database: Database
) -> None:
    cluster.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    cluster.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = serializable")
    wanted = {"synchronous_commit": "on", "lock_timeout": "5s", "transaction_isolation": "read committed"}
    reading, writing = engines.engine_for(database.url), engines.writing_engine_for(database.url)
    async with reading.connect() as connection:
        assert {name: await connection.scalar(text(f"SHOW {name}")) for name in wanted} == wanted
    await reading.dispose()
    with writing.connect() as connection:
        assert {name: connection.scalar(text(f"SHOW {name}")) for name in wanted} == wanted
    writing.dispose()


def test_options_in_the_database_url_are_kept() -> None:
    where = make_url("postgresql://u@h/d?connect_timeout=30&options=-c%20search_path%3Dbot")
    asked = postgresql.options(where)["connect_args"]
    assert "connect_timeout" not in asked
    assert (
        asked["options"]
        == "-c search_path=bot -c synchronous_commit=on -c lock_timeout=5s -c idle_in_transaction_session_timeout=8s"
    )


@pytest.mark.parametrize(
    ("url", "hosts", "ports", "sessions"),
    [
        ("postgresql://u:p@a:5433,b/d", "a,b", "5433,5432", "read-write"),
        ("postgres://a,b", "a,b", "5432,5432", "read-write"),
        ("postgresql+psycopg2://u@[::1]:5433,[::2]/d", "::1,::2", "5433,5432", "read-write"),
        ("postgresql://u:p@/d?host=a:5433&host=b:5434", "a,b", "5433,5434", "read-write"),
        ("postgresql://u@a,b/d?target_session_attrs=any", "a,b", "5432,5432", "any"),
        ("postgresql://u:p,@a:5433/d?application_name=x,y", "a", 5433, None),
    ],
)
def test_of_several_servers_in_the_address_the_one_that_can_be_written_is_used(
    url: str, hosts: str, ports: str | int, sessions: str | None
) -> None:
    where = engines.address(url)
    dialect: Any = where.get_dialect()()
    _, asked = dialect.create_connect_args(where)
    asked = postgresql.options(where)["connect_args"] | asked
    assert (asked["host"], asked["port"], asked.get("target_session_attrs")) == (hosts, ports, sessions)


@pytest.mark.parametrize("hosts", ["a:x,b", "a:1:2,b"])
def test_a_wrong_port_of_several_is_an_address_that_cannot_be_read(hosts: str) -> None:
    with pytest.raises(ValueError, match=r"^the address cannot be read$"):
        engines.address(f"postgresql://u:geheim@{hosts}/d")


async def test_nul_characters_are_replaced_because_postgresql_cannot_store_them(database: Database) -> None:
    async with broadcast_feature(database) as db:
        store = db.store
        await asyncio.gather(
            store.receive((update(1, body='{"text": "\0"}'), update(2))),
            store.commit(Change(chat=StoredChat(7, "A\0B", "fr"), saved_values=(("na\0me", "100 %s %(x)s %"),))),
            store.commit(Change(chat=StoredChat(8, "whole", "fr"))),
            db.repository.write(db.repository.keep_draft(900, "dr\0aft")),
        )
        assert [each.body for each in await store.open_updates()] == ['{"text": "\ufffd"}', '{"message": {}}']
        assert await store.chat(7) == StoredChat(7, "A\ufffdB", "fr")
        assert await store.chat(8) == StoredChat(8, "whole", "fr")
        assert await store.saved_value("na\0me") == "100 %s %(x)s %", "found by the same name"
        assert await db.repository.draft(900) == "dr\ufffdaft"


async def test_text_with_a_lone_surrogate_fails_without_failing_the_rest_of_its_batch(database: Database) -> None:
    store = await Store(database.url).open()
    half, whole = await asyncio.gather(
        store.commit(Change(chat=StoredChat(7, "\ud83d", "fr"))),
        store.commit(Change(chat=StoredChat(8, "whole", "fr"))),
        return_exceptions=True,
    )
    assert isinstance(half, UnicodeEncodeError), "as with SQLite; nobody hands one in (`telegram.transport`)"
    assert whole is None
    assert await store.chat(8) == StoredChat(8, "whole", "fr")
    await store.close()


async def test_a_database_that_is_not_utf8_is_refused(cluster: Cluster) -> None:
    cluster.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    for each in (Store(cluster.url("latin")).open, engines.engine_for(cluster.url("latin")).connect().start):
        with pytest.raises(ValueError, match="encoding is LATIN1: make one with ENCODING 'UTF8'"):
            await each()
    cluster.execute("DROP DATABASE latin WITH (FORCE)")


async def test_a_server_that_is_too_old_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "OLDEST", 99)
    with pytest.raises(ValueError, match=r"^PostgreSQL \d+ is too old: 99 or newer is needed$"):
        await Store(database.url).open()


@pytest.mark.parametrize(
    ("state", "passing"),
    [
        ("40001", True),  # a serialization failure
        ("40P01", True),  # a deadlock
        ("53100", True),  # the disk is full
        ("53300", True),  # too many connections
        ("55P03", True),  # a lock
        ("57P03", True),  # starting up
        ("58030", True),  # an I/O error
        ("25006", True),  # read-only
        ("22001", False),  # too long
        ("23505", False),  # there already
        ("42P01", False),  # no such table
    ],
)
async def test_temporary_errors_are_told_by_their_sqlstate(state: str, database: Database, *, passing: bool) -> None:
    writer = Writer(database.url)
    words = text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}', DETAIL = 'of somebody'; END $$")
    with pytest.raises(DBAPIError) as raised:
        await writer.transact(lambda connection: connection.execute(words))
    assert engines.is_passing(raised.value) is passing
    assert engines.cause(raised.value) == "no"
    await writer.close()


async def test_a_start_waits_for_the_open_transaction_of_a_killed_process(database: Database) -> None:
    await (await Store(database.url).open()).close()
    with database.connected() as killed:
        killed.execute("BEGIN")
        killed.execute("INSERT INTO inbox (update_id, chat_id, body, received_at) VALUES (5, 7, '{}', 1)")
        opening = asyncio.create_task(Store(database.url).open())
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        await eventually("it waits", lambda: database.rows(waiting))
        assert not opening.done()
        killed.execute("COMMIT")
        store = await opening
    assert [each.update_id for each in await store.open_updates()] == [5]
    await store.close()


@pytest.mark.parametrize("held", ["SELECT pg_advisory_xact_lock(:migrating)", "LOCK TABLE inbox IN ROW EXCLUSIVE MODE"])
async def test_a_start_waits_longer_for_a_lock_than_other_statements_do(
    held: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "inbox" in held:
        await (await Store(database.url).open()).close()
    monkeypatch.setitem(postgresql.SESSION, "lock_timeout", "50ms")
    with database.connected() as other:
        other.execute("BEGIN")
        other.execute(held.replace(":migrating", str(postgresql.MIGRATING)))
        starting = asyncio.ensure_future(Store(database.url).open())
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > '200ms'"
        await eventually("it has waited for longer", lambda: database.rows(waits) or starting.done())
        assert not starting.done()
        other.execute("ROLLBACK")
    await (await starting).close()


async def test_a_commit_is_recognised_by_its_marker(database: Database) -> None:
    await (await Store(database.url).open()).close()
    writer = Writer(database.url)
    with writer.engine.connect() as connection:
        dropped = postgresql.write_commit_marker(connection)
        connection.rollback()
        kept = postgresql.write_commit_marker(connection)
        connection.commit()
        assert postgresql.is_last_commit(connection, kept)
        assert not postgresql.is_last_commit(connection, dropped)
        connection.commit()
        assert postgresql.is_last_commit(connection, kept), "to ask changes nothing"
    await writer.close()


async def test_looking_for_a_marker_waits_for_the_transaction_that_wrote_it(database: Database) -> None:
    await (await Store(database.url).open()).close()
    writer = Writer(database.url)
    lost, asking = writer.engine.connect(), Writer(database.url)
    mark = postgresql.write_commit_marker(lost)
    asked = asyncio.ensure_future(asking.transact(lambda connection: postgresql.is_last_commit(connection, mark)))
    await eventually("it waits", lambda: database.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
    assert not asked.done()
    lost.commit()
    assert await asked
    lost.close()
    await writer.close()
    await asking.close()


async def test_a_commit_that_the_server_lost_is_repeated(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await Store(database.url).open()
    commit = Connection.commit

    def lose(connection: Connection) -> None:
        monkeypatch.setattr(Connection, "commit", commit)
        connection.rollback()
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(Connection, "commit", lose)
    assert await store.receive((update(5),)) == (update(5),)
    assert [each.update_id for each in await store.open_updates()] == [5]
    await store.close()


async def test_an_empty_database_that_allows_no_tables_fails_the_check(cluster: Cluster, database: Database) -> None:
    assert (await examine(database.url, 5)).revision is None
    assert database.rows("SELECT 1 FROM pg_class WHERE relname = 'moncreneau_check'") == []
    cluster.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with pytest.raises(DBAPIError, match="read-only"):
        await examine(database.url, 5)
    cluster.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = off")


@pytest.mark.parametrize("theirs", ["LATIN1", "SQL_ASCII"])
async def test_names_keep_their_characters_whatever_the_client_encoding(
    cluster: Cluster, database: Database, theirs: str
) -> None:
    cluster.execute(f"ALTER DATABASE {database.name} SET client_encoding = '{theirs}'")
    store = await Store(database.url).open()
    await store.commit(Change(chat=StoredChat(7, "🏛 ߒߞߏ Aïssatou", "fr")))
    assert await store.chat(7) == StoredChat(7, "🏛 ߒߞߏ Aïssatou", "fr")
    await store.close()
