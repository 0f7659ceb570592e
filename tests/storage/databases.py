"""An empty database, SQLite or PostgreSQL, with its URL for the bot and direct access as another process has it.

Tests of whole bots run on SQLite, and all of them on PostgreSQL where TEST_DATABASE=postgresql.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from bot.storage import engines
from tests.storage.cluster import RESET_DATABASE, Cluster, serving_cluster

ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
_at_end = ExitStack()


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is what the bot gets; `place` is the file (SQLite) or the URL of the server's owner (PostgreSQL)."""

    url: str
    place: str

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite database."""
        return self.url.startswith("sqlite")

    @property
    def name(self) -> str:
        """The name of the database on its server."""
        return str(make_url(self.url).database)

    @classmethod
    def at(cls, url: str) -> "Database":
        """The one with this URL."""
        where = engines.address(url)
        return cls(url, str(where.database) if where.get_backend_name() == "sqlite" else url)

    def rows(self, query: str) -> list[Any]:
        """Run a query from outside the bot."""
        return self.execute(query)

    def empty(self) -> None:
        """Remove everything from it; the bot is stopped."""
        if self.is_file:
            for suffix in ("", "-wal", "-shm", ".lock"):
                Path(self.place + suffix).unlink(missing_ok=True)
        else:
            self.execute(RESET_DATABASE.format(name=self.name, bot=make_url(self.url).username))

    def shape(self) -> list[Any]:
        """The schema: all tables and indexes with their columns."""
        if self.is_file:
            return self.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
        return self.execute("""SELECT relname, attname, atttypid FROM pg_class
            JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace ORDER BY relname, attname""")

    def execute(self, words: str, *values: Any) -> list[Any]:
        """Run a statement from outside the bot, with values for each `?`, and commit it; returns the rows."""
        with self.connected() as connection:
            placed = words if self.is_file or not values else words.replace("?", "%s")
            cursor = connection.execute(placed, *([values] if values else []))
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def locked(self, table: str = "inbox") -> Iterator[None]:
        """Lock the database (SQLite) or this table (PostgreSQL) against writes by others until the block ends."""
        begin = ("BEGIN IMMEDIATE",) if self.is_file else ("BEGIN", f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        with self.connected() as other:
            for words in begin:
                other.execute(words)
            try:
                yield
            finally:
                other.execute("ROLLBACK")

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A connection from outside the bot, in autocommit mode."""
        connection: Any
        if self.is_file:
            connection = sqlite3.connect(self.place, timeout=30, isolation_level=None)
        else:
            connection = psycopg.connect(self.place, autocommit=True)
        with closing(connection):
            yield connection


def sqlite_database(folder: Path) -> Database:
    """A SQLite database in this folder."""
    return Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}", str(folder / "bot.db"))


@contextmanager
def postgresql_database(cluster: Cluster) -> Iterator[Database]:
    """An empty database on this server."""
    with cluster.database() as name:
        yield Database(cluster.url(name), cluster.url(name, cluster.owner))


@cache
def shared_cluster() -> Cluster:
    """The server of this pytest process, started when first needed."""
    return _at_end.enter_context(serving_cluster())


def stop_shared_cluster() -> None:
    """Stop it, if it was started."""
    _at_end.close()


@contextmanager
def database_of_this_run(folder: Path, url: str = "") -> Iterator[Database]:
    """The database at the URL, else an empty one of the kind that whole bots are tested on."""
    if url:
        yield Database.at(url)
    elif not ON_POSTGRESQL:
        yield sqlite_database(folder)
    else:
        with postgresql_database(shared_cluster()) as database:
            yield database
