"""The differences between SQLite and PostgreSQL: connecting, upserts, locks, and which errors are temporary.

What only PostgreSQL needs is in `postgresql`. All other files of this package are the same for both databases.
"""

import contextlib
import logging
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.storage import postgresql

log = logging.getLogger(__name__)
OWNER_ONLY = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO
BUSY_SECONDS = 5
CONNECTIONS = 2
"""Connections for reading; the writer has one more. Each costs a thread and a cache, or a server process."""
STATEMENTS = 8
"""Prepared statements cached for each connection. Few, since nearly every batch has statements of another size."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk when it is said to be; group commit makes it cost no more than NORMAL.
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    # What is deleted (a name, a message) is overwritten, not only marked as free.
    "PRAGMA secure_delete=ON",
    # KiB for each connection, half of SQLite's default: the operating system caches the file's pages anyway.
    "PRAGMA cache_size=-1000",
)
DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"),
    # One library for asyncio and for the writer's thread, whichever driver the address names.
    "postgresql": ("postgresql+psycopg", "postgresql+psycopg"),
}
"""The drivers for asyncio and for the writer's thread."""


def address(url: str, *, blocking: bool = False) -> URL:
    """The database's address with one of our drivers. Raises `ValueError` without repeating the password."""
    try:
        parsed = postgresql.parsed(url)
    except (ArgumentError, ValueError):
        raise ValueError("the address cannot be read") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is none of {', '.join(DRIVERS)}")
    if backend == "postgresql" and url.count("@") > 1:
        raise ValueError("an @ within the password is written %40, a / %2F, a ? %3F, a : %3A")
    return parsed.set(drivername=DRIVERS[backend][blocking])


def engine_for(url: str) -> AsyncEngine:
    """An engine for asyncio, where a few statements now and then are run; it connects at first use."""
    where = address(url)
    engine = create_async_engine(where, hide_parameters=True, **_options(where, CONNECTIONS))
    _prepare(engine.sync_engine)
    return engine


def writing_engine_for(url: str) -> Engine:
    """An engine with one connection, for `Writer`."""
    return _blocking_engine(url, 1)


def reading_engine_for(url: str) -> Engine:
    """An engine for `RetryingReader`."""
    return _blocking_engine(url, CONNECTIONS)


def _blocking_engine(url: str, connections: int) -> Engine:
    where = address(url, blocking=True)
    engine = create_engine(where, hide_parameters=True, **_options(where, connections))
    _prepare(engine)
    return engine


def is_file(engine: AsyncEngine | Engine) -> bool:
    """Whether the database is a SQLite file."""
    return engine.dialect.name == "sqlite"


def _options(where: URL, connections: int) -> dict[str, Any]:
    # LIFO: the connection used last has the warmest cache, and the second is opened only when it is needed.
    pool = {"pool_size": connections, "max_overflow": 0, "pool_use_lifo": True}
    if where.get_backend_name() != "sqlite":
        return {**pool, **postgresql.options(where)}
    kept = {"connect_args": {"cached_statements": STATEMENTS}}
    # A database in memory always has a single connection, so the pool takes no size.
    return kept if where.database in {None, "", ":memory:"} else {**kept, **pool}


def _prepare(engine: Engine) -> None:
    if is_file(engine):
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        postgresql.prepare(engine)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def begin_immediate(connection: Connection) -> None:
    """Begin a SQLite transaction now, so that it covers CREATE TABLE too.

    Python's sqlite3 begins one only before the first INSERT. Without this a migration would be committed statement by
    statement, and a kill in between would leave a half-migrated database.
    """
    if is_file(connection.engine):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def lock_for_migration(connection: Connection) -> None:
    """Begin a transaction that no other migration can run beside."""
    if is_file(connection.engine):
        begin_immediate(connection)
    else:
        postgresql.lock_for_migration(connection)


def wait_for_writers(connection: Connection, tables: Iterable[str]) -> None:
    """On a server, wait until transactions of a killed process have ended. SQLite leaves none behind."""
    if not is_file(connection.engine):
        postgresql.wait_for_writers(connection, tables)


def write_commit_marker(connection: Connection) -> str | None:
    """Mark the transaction, to find out later whether it was committed; None for SQLite, where no answer gets lost."""
    return None if is_file(connection.engine) else postgresql.write_commit_marker(connection)


is_last_commit = postgresql.is_last_commit


def insert_ignore(engine: AsyncEngine | Engine, table: Table) -> Any:
    """INSERT … ON CONFLICT DO NOTHING; the result's `rowcount` is the number of new rows on both databases."""
    return _insert(engine, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def upsert(engine: AsyncEngine | Engine, table: Table, columns: Sequence[str]) -> Any:
    """INSERT … ON CONFLICT DO UPDATE of `columns`."""
    insert = _insert(engine, table)
    updates = {name: insert.excluded[name] for name in columns}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=updates)


def add(engine: AsyncEngine | Engine, table: Table, column: str) -> Any:
    """INSERT … ON CONFLICT DO UPDATE that adds to `column`."""
    insert = _insert(engine, table)
    total = table.c[column] + insert.excluded[column]
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_={column: total})


def _insert(engine: AsyncEngine | Engine, table: Table) -> Any:
    if is_file(engine):
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql as dialect  # noqa: PLC0415 — 2 MB, only where it is used

    return dialect.insert(table)


def advance_sequence(connection: Connection, table: Table) -> None:
    """Let the numbers that the database gives to new rows continue after the present ones; SQLite always does."""
    if not is_file(connection.engine):
        postgresql.advance_sequence(connection, table)


def is_passing(error: BaseException) -> bool:
    """Whether retrying may help (locked, full, read-only, gone); False for a wrong statement or value."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in postgresql.PASSING:
            return True
        if "no such" in str(error.orig):
            return False
    return isinstance(error, OperationalError | InterfaceError | OSError | PoolTimeout)


def cause(error: BaseException) -> str:
    """The database's own message, without the statement and its values, which may be private.

    Only the first line: PostgreSQL repeats values from the second line on.
    """
    if isinstance(error, ModuleNotFoundError):
        return "its driver is not installed; in the checkout: pip install '.[postgresql]'"
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else "it gives no reason"


def make_private(url: str) -> None:
    """Let nobody but the owner read a SQLite file and what SQLite keeps beside it; make the file if there is none.

    SQLite gives its own files (`-wal`, `-shm`) the mode of the database. Never raises: if there is no folder or no
    right, opening the database says it better.
    """
    where = address(url)
    if where.get_backend_name() != "sqlite" or where.database in {None, "", ":memory:"}:
        return
    database = Path(str(where.database))
    if not database.exists():
        with contextlib.suppress(OSError):
            database.touch(OWNER_ONLY)
    for file in (database, *(database.with_name(database.name + suffix) for suffix in ("-wal", "-shm"))):
        try:
            mode = file.stat().st_mode
        except OSError:  # not there: a process that closes the database deletes the last two at any moment
            continue
        if stat.S_ISREG(mode) and stat.S_IMODE(mode) & OTHERS:
            try:
                file.chmod(OWNER_ONLY)
            except OSError as error:
                log.warning("%s is open to other users of this machine: %s", file.name, error.strerror)
            else:
                log.warning("%s was open to other users of this machine; now only its owner can use it", file.name)


class DatabaseFile:
    """Notices when the file of an open SQLite database was removed or replaced, which no statement reports."""

    def __init__(self, engine: AsyncEngine | Engine) -> None:
        name = engine.url.database if is_file(engine) else None
        self._path = Path(name) if name and name != ":memory:" else None
        self._inode = self._path.stat().st_ino if self._path else 0

    def check(self) -> None:
        """Raise `OSError` if the file is gone: what is written now would be lost with the process."""
        if self._path and (not self._path.exists() or self._path.stat().st_ino != self._inode):
            raise FileNotFoundError(f"{self._path} is gone or another file: put it back and start the bot again")
