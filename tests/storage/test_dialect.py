"""Where SQLite and PostgreSQL differ: the connection, *insert, or else*, and which errors pass."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.storage import dialect
from bot.storage.tables import chats, facts

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


async def test_every_connection_is_durable_and_waits_for_a_lock(tmp_path: Path) -> None:
    engine = dialect.engine_for(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    async with engine.connect() as connection:
        found = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    await engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}


def test_insert_or_else_is_said_in_both_tongues() -> None:
    engine = dialect.engine_for("sqlite+aiosqlite://")
    ignore = str(dialect.insert_ignore(engine, facts).compile(dialect=sqlite.dialect()))
    assert "ON CONFLICT DO NOTHING" in ignore
    replace = str(dialect.upsert(engine, chats, ["session"]).compile(dialect=sqlite.dialect()))
    assert "ON CONFLICT (chat_id) DO UPDATE SET session = excluded.session" in replace


@pytest.mark.parametrize("table", [facts, chats])
def test_the_same_statements_exist_for_postgresql(table: object) -> None:
    class Elsewhere:
        """As much of an engine as tells which database it is."""

        dialect = POSTGRESQL

    statement = dialect.insert_ignore(Elsewhere(), table)  # type: ignore[arg-type]
    assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=POSTGRESQL))


def test_a_prepared_statement_is_run_for_every_row(tmp_path: Path) -> None:
    engine = dialect.writing_engine_for(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    put = dialect.Prepared(engine, dialect.upsert(engine, facts, ["value"]))
    with engine.begin() as connection:
        facts.create(connection)
        put.run(connection, [{"name": "a", "value": "1"}, {"name": "b", "value": "é'"}, {"name": "a", "value": "2"}])
        assert {tuple(row) for row in connection.execute(facts.select())} == {("a", "2"), ("b", "é'")}
    engine.dispose()


def test_a_row_that_lacks_a_value_is_refused(tmp_path: Path) -> None:
    engine = dialect.writing_engine_for(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    put = dialect.Prepared(engine, dialect.insert_ignore(engine, facts))
    with engine.begin() as connection:
        facts.create(connection)
        with pytest.raises(ProgrammingError, match="value"):
            put.run(connection, [{"name": "a"}])
    engine.dispose()


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OperationalError("", {}, Exception("database is locked")), True),
        (OperationalError("", {}, Exception("database or disk is full")), True),
        (OperationalError("", {}, Exception("no such table: chats")), False),
        (OperationalError("", {}, Exception("no such column: x")), False),
        (InterfaceError("", {}, Exception("connection is closed")), True),
        (PoolTimeout(), True),
        (OSError("disk"), True),
        (IntegrityError("", {}, Exception("UNIQUE")), False),
        (OverflowError("int too large"), False),
        (ValueError("x"), False),
    ],
)
def test_what_passes_is_waited_for_and_what_is_wrong_is_not(error: Exception, *, passing: bool) -> None:
    assert dialect.is_passing(error) is passing
