"""The differences between SQLite and PostgreSQL: connections, upserts, and which errors are temporary."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.app.records import Change, Delivery, Kind
from bot.storage import engines
from bot.storage.store import Store
from bot.storage.tables import chats, saved_values
from bot.views.message import Message

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


async def test_every_connection_is_durable_and_waits_for_locks(tmp_path: Path) -> None:
    engine = engines.engine_for(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    async with engine.connect() as connection:
        found = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "secure_delete")
        }
    await engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


@pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o600])
async def test_only_the_owner_can_use_the_files_of_a_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, before: int | None
) -> None:
    files = [tmp_path / f"bot.db{suffix}" for suffix in ("", "-wal", "-shm")]
    url = f"sqlite+aiosqlite:///{files[0]}"
    if before is not None:
        earlier = await Store(url).open()
        for file in files:
            file.chmod(before)
    old = os.umask(0)
    try:
        store = await Store(url).open()
    finally:
        os.umask(old)
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    await store.close()
    if before is not None:
        await earlier.close()
    told = [each.message for each in caplog.records if "open to other users" in each.message]
    assert len(told) == (3 if before and before & 0o077 else 0)


def test_a_folder_in_the_place_of_a_database_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    engines.make_private(f"sqlite+aiosqlite:///{tmp_path}")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


async def test_a_deleted_name_is_nowhere_in_the_database_file(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    store = await Store(url).open()
    messages = tuple(Delivery(number, 7, Kind.SEND, Message("Aïssatou Bah " * 100)) for number in range(1, 51))
    await store.commit(Change(queued=messages))
    await store.commit(Change(sent=tuple(each.id for each in messages)))
    await store.close()
    assert "Aïssatou".encode() not in (tmp_path / "bot.db").read_bytes()


def test_upserts_exist_in_both_dialects() -> None:
    engine = engines.engine_for("sqlite+aiosqlite://")
    ignore = str(engines.insert_ignore(engine, saved_values).compile(dialect=sqlite.dialect()))
    assert "ON CONFLICT DO NOTHING" in ignore
    replace = str(engines.upsert(engine, chats, ["session"]).compile(dialect=sqlite.dialect()))
    assert "ON CONFLICT (chat_id) DO UPDATE SET session = excluded.session" in replace


@pytest.mark.parametrize(
    ("url", "reading", "writing"),
    [
        ("sqlite:///bot.db", "sqlite+aiosqlite:///bot.db", "sqlite+pysqlite:///bot.db"),
        ("sqlite+aiosqlite:////x/bot.db", "sqlite+aiosqlite:////x/bot.db", "sqlite+pysqlite:////x/bot.db"),
        *(
            (
                f"{scheme}://u:geheim@h:5433/d?sslmode=require",
                *["postgresql+psycopg://u:***@h:5433/d?sslmode=require"] * 2,
            )
            for scheme in ("postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg")
        ),
    ],
)
def test_a_database_url_with_any_driver_uses_ours(url: str, reading: str, writing: str) -> None:
    assert str(engines.address(url)) == reading
    assert str(engines.address(url, blocking=True)) == writing


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://u:geheim@h/d", "oracle is none of sqlite, postgresql"),
        ("nonsense", "the address cannot be read"),
        ("postgresql://u:geheim/d", "the address cannot be read"),
        ("postgresql://u:ge@heim@h/d", "an @ within the password is written %40"),
        ("postgresql://u:ge@heim/im@h/d", "an @ within the password is written %40"),
        ("postgresql://u:ge@heim?im@h/d", "an @ within the password is written %40"),
        ("postgresql://u:ge@heim:5432/im@h/d", "an @ within the password is written %40"),
    ],
)
def test_an_invalid_database_url_is_refused_without_showing_its_password(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        engines.engine_for(url)
    assert "heim" not in str(refused.value)
    with pytest.raises(ValueError, match=words):
        engines.writing_engine_for(url)


@pytest.mark.parametrize("table", [saved_values, chats])
def test_the_same_statements_exist_for_postgresql(table: object) -> None:
    class Elsewhere:
        """As much of an engine as tells which database it is."""

        dialect = POSTGRESQL

    statement = engines.insert_ignore(Elsewhere(), table)  # type: ignore[arg-type]
    assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=POSTGRESQL))


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OperationalError("", {}, Exception("database is locked")), True),
        (OperationalError("", {}, Exception("database or disk is full")), True),
        (OperationalError("", {}, Exception("no such table: chats")), False),
        (OperationalError("", {}, Exception("no such column: x")), False),
        (InterfaceError("", {}, Exception("connection is closed")), True),
        (ProgrammingError("", {}, Exception("gone"), connection_invalidated=True), True),
        (PoolTimeout(), True),
        (OSError("disk"), True),
        (IntegrityError("", {}, Exception("UNIQUE")), False),
        (OverflowError("int too large"), False),
        (ValueError("x"), False),
    ],
)
def test_temporary_errors_are_retried_and_lasting_ones_are_not(error: Exception, *, passing: bool) -> None:
    assert engines.is_passing(error) is passing


def test_the_cause_of_an_error_is_its_first_line_without_values() -> None:
    said = "duplicate key\nDETAIL:  Key (name)=(Aïssatou) already exists."
    assert engines.cause(IntegrityError("INSERT", {"name": "Aïssatou"}, Exception(said))) == "duplicate key"
    assert engines.cause(OSError("disk")) == "disk"
    assert engines.cause(ConnectionResetError()) == "it gives no reason"
    assert engines.cause(PermissionError(13, "Permission denied", "/x.db")) == "/x.db: Permission denied"
    missing = "its driver is not installed; in the checkout: pip install '.[postgresql]'"
    assert engines.cause(ModuleNotFoundError("No module named 'psycopg'")) == missing
