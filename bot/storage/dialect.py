"""The one file that knows SQLite from PostgreSQL: how to connect, and how each says *insert, or else*."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 5
CONNECTIONS = 3
"""One that writes and two that read. Each costs a thread and a cache."""
STATEMENTS = 16
"""Prepared statements kept a connection. A batch's are large, and nearly every batch is of another size."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk when it is said to be; group commit makes it cost no more than NORMAL.
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
)


def engine_for(url: str) -> AsyncEngine:
    """An engine for the database at `url`; nothing is opened yet."""
    if make_url(url).get_backend_name() == "sqlite":
        kept = {"cached_statements": STATEMENTS}
        # A database in memory (tests) is one connection by nature and takes no number.
        room = {} if make_url(url).database in {None, "", ":memory:"} else {"pool_size": CONNECTIONS, "max_overflow": 0}
        engine = create_async_engine(url, connect_args=kept, **room)
    else:
        engine = create_async_engine(url)
    # Many rows in one INSERT, also where nothing is returned (see `batch` for why).
    engine.dialect.use_insertmanyvalues_wo_returning = True
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def begin_whole(connection: Connection) -> None:
    """Let the transaction begin now, tables and all.

    Python's sqlite3 begins one before the first INSERT only: what creates tables would be committed piece by piece,
    and a kill in between would leave half a database, which no later start could bring to the end.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def insert_ignore(engine: AsyncEngine, table: Table) -> Any:
    """*Insert, unless it is there*."""
    if engine.dialect.name == "sqlite":
        # Not ON CONFLICT: SQLAlchemy writes many rows as one statement only where nothing follows the VALUES.
        return sqlite.insert(table).prefix_with("OR IGNORE")
    return postgresql.insert(table).on_conflict_do_nothing()


def upsert(engine: AsyncEngine, table: Table, columns: Sequence[str]) -> Any:
    """*Insert, or else set `columns`*. No key may come twice in one execution."""
    keys = [column.name for column in table.primary_key.columns]
    if engine.dialect.name == "sqlite" and {*keys, *columns} == set(table.columns.keys()):
        return sqlite.insert(table).prefix_with("OR REPLACE")  # the whole row is given; see above
    insert = sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)
    updates = {name: insert.excluded[name] for name in columns}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=updates)


def is_passing(error: BaseException) -> bool:
    """Whether the database cannot write just now (locked, full, read-only, gone), rather than being asked wrongly."""
    wrong = isinstance(error, DBAPIError) and "no such" in str(error.orig)
    return isinstance(error, OperationalError | InterfaceError | OSError | PoolTimeout) and not wrong


def cause(error: BaseException) -> str:
    """The database's own words, without the statement and its values: those may be private."""
    return str(getattr(error, "orig", error))


class DatabaseFile:
    """The file under an open SQLite database, which can be taken away without any statement failing."""

    def __init__(self, engine: AsyncEngine) -> None:
        name = engine.url.database if engine.dialect.name == "sqlite" else None
        self._path = Path(name) if name and name != ":memory:" else None
        self._inode = self._path.stat().st_ino if self._path else 0

    def check(self) -> None:
        """Raise `OSError` where what is written would be gone with the process."""
        if self._path and (not self._path.exists() or self._path.stat().st_ino != self._inode):
            raise FileNotFoundError(f"{self._path} is gone or another file: put it back and start the bot again")
