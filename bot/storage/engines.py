"""The one file that knows SQLite from PostgreSQL: how to connect, how each says *insert, or else*, and what passes.

What only a server needs stands in `postgresql`.
"""

import contextlib
import logging
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
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
"""That read; one more writes. Each costs a thread and a cache, or a process of the server's."""
STATEMENTS = 8
"""Prepared statements kept a connection. A batch's are large, and nearly every batch is of another size."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk when it is said to be; group commit makes it cost no more than NORMAL.
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    # What is deleted (a name, a message) is overwritten, not only marked as free.
    "PRAGMA secure_delete=ON",
    # KiB of pages a connection, half of SQLite's own: the system keeps the file's pages anyway, once for all.
    "PRAGMA cache_size=-1000",
)
DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"),
    # One library both for asyncio and for the thread that writes, whichever the address names.
    "postgresql": ("postgresql+psycopg", "postgresql+psycopg"),
}
"""For asyncio, and for a thread."""


def address(url: str, *, blocking: bool = False) -> URL:
    """Where the database is, with a driver of ours. Raises `ValueError`, which repeats nothing of a password."""
    try:
        parsed = make_url(f"postgresql{url.removeprefix('postgres')}" if url.startswith("postgres:") else url)
    except (ArgumentError, ValueError):
        raise ValueError("the address cannot be read") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is none of {', '.join(DRIVERS)}")
    if backend == "postgresql" and url.count("@") > 1:
        raise ValueError("an @ within the password is written %40, a / %2F, a ? %3F, a : %3A")
    return parsed.set(drivername=DRIVERS[backend][blocking])


def engine_for(url: str) -> AsyncEngine:
    """An engine for reading the database at `url`; nothing is opened yet."""
    where = address(url)
    engine = create_async_engine(where, hide_parameters=True, **_options(where, CONNECTIONS))
    _prepare(engine.sync_engine)
    return engine


def writing_engine_for(url: str) -> Engine:
    """An engine of one connection, for what writes (`writer`)."""
    where = address(url, blocking=True)
    options = _options(where, 1)
    if where.get_backend_name() == "sqlite":
        # Values by name, as psycopg has them too: `Prepared` takes the same rows for both.
        options["paramstyle"] = "named"
        # The writer's thread begins and commits, the loop does what is between; never both at once.
        options["connect_args"]["check_same_thread"] = False
    engine = create_engine(where, hide_parameters=True, **options)
    _prepare(engine)
    if is_file(engine):
        event.listen(engine, "connect", _keep_back)
    return engine


def is_file(engine: AsyncEngine | Engine) -> bool:
    """Whether the database is a file beside us: statements then take microseconds, only commits wait."""
    return engine.dialect.name == "sqlite"


def _options(where: URL, connections: int) -> dict[str, Any]:
    # The last connection used is used again: its pages are in its cache, and the others are never opened unless they
    # are needed.
    pool = {"pool_size": connections, "max_overflow": 0, "pool_use_lifo": True}
    if where.get_backend_name() != "sqlite":
        return {**pool, **postgresql.options(where)}
    kept = {"connect_args": {"cached_statements": STATEMENTS}}
    # A database in memory (tests) is one connection by nature and takes no number.
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


def _keep_back(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """What is changed goes to the disk with the commit, in the thread, and not before it, from within the loop."""
    connection.cursor().execute("PRAGMA cache_spill=OFF")


def begin_immediate(connection: Connection) -> None:
    """Let the transaction begin now, tables and all.

    Python's sqlite3 begins one before the first INSERT only: what creates tables would be committed piece by piece,
    and a kill in between would leave half a database, which no later start could bring to the end.
    """
    if is_file(connection.engine):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def lock_for_migration(connection: Connection) -> None:
    """The same for what nobody else may do at the same time."""
    if is_file(connection.engine):
        begin_immediate(connection)
    else:
        postgresql.lock_for_migration(connection)


def wait_for_writers(connection: Connection, tables: Iterable[str]) -> None:
    """Let what a killed process had sent to a server come to its end before anybody reads; nothing waits in a file."""
    if not is_file(connection.engine):
        postgresql.wait_for_writers(connection, tables)


def write_commit_marker(connection: Connection) -> str | None:
    """A mark by which to ask later whether the transaction was committed; none in a file, where no answer is lost."""
    return None if is_file(connection.engine) else postgresql.write_commit_marker(connection)


is_last_commit = postgresql.is_last_commit


class Prepared:
    """A statement in the driver's own words, put together once; it is run with many rows.

    What SQLAlchemy does for each row of each execution takes longer than what SQLite does. So a row must hold all of
    `names`, the statement's values, and only what a driver takes: numbers, text, booleans, None.
    """

    def __init__(self, engine: Engine, statement: Any, names: Sequence[str] = ()) -> None:
        self.statement = statement
        self._words = str(statement.compile(dialect=engine.dialect, column_keys=names or None))

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Execute it once for each row."""
        connection.exec_driver_sql(self._words, list(rows))


def insert_ignore(engine: AsyncEngine | Engine, table: Table) -> Any:
    """*Insert, unless it is there*; the result's `rowcount` tells which, on both."""
    return _insert(engine, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def upsert(engine: AsyncEngine | Engine, table: Table, columns: Sequence[str]) -> Any:
    """*Insert, or else set `columns`*."""
    insert = _insert(engine, table)
    updates = {name: insert.excluded[name] for name in columns}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=updates)


def _insert(engine: AsyncEngine | Engine, table: Table) -> Any:
    if is_file(engine):
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql as words  # noqa: PLC0415 — 2 MB for those who need it

    return words.insert(table)


def is_passing(error: BaseException) -> bool:
    """Whether the database cannot write just now (locked, full, read-only, gone), rather than being asked wrongly."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in postgresql.PASSING:
            return True
        if "no such" in str(error.orig):
            return False
    return isinstance(error, OperationalError | InterfaceError | OSError | PoolTimeout)


def cause(error: BaseException) -> str:
    """The database's own words, without the statement and its values: those may be private.

    PostgreSQL repeats values too, from the second line on.
    """
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def make_private(url: str) -> None:
    """Let nobody but the owner read a SQLite file and what SQLite keeps beside it; make the file where there is none.

    SQLite gives its own files (`-wal`, `-shm`) the mode of the database. Never raises: where there is no folder or no
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
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & OTHERS:
            try:
                file.chmod(OWNER_ONLY)
            except OSError as error:
                log.warning("%s is open to other users of this machine: %s", file.name, error.strerror)
            else:
                log.warning("%s was open to other users of this machine; now only its owner can use it", file.name)


class DatabaseFile:
    """The file under an open SQLite database, which can be taken away without any statement failing."""

    def __init__(self, engine: AsyncEngine) -> None:
        name = engine.url.database if is_file(engine) else None
        self._path = Path(name) if name and name != ":memory:" else None
        self._inode = self._path.stat().st_ino if self._path else 0

    def check(self) -> None:
        """Raise `OSError` where what is written would be gone with the process."""
        if self._path and (not self._path.exists() or self._path.stat().st_ino != self._inode):
            raise FileNotFoundError(f"{self._path} is gone or another file: put it back and start the bot again")
