"""An empty database, SQLite or PostgreSQL, with its URL for the bot and direct access as another process has it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from tests.storage.cluster import Cluster


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

    def rows(self, query: str) -> list[Any]:
        """Run a query from outside the bot."""
        return self.execute(query)

    def shape(self) -> list[Any]:
        """The schema: all tables and indexes with their columns."""
        if self.is_file:
            return self.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
        return self.execute("""SELECT relname, attname, atttypid FROM pg_class
            JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace ORDER BY relname, attname""")

    def execute(self, words: str) -> list[Any]:
        """Run a statement from outside the bot and commit it; returns the rows."""
        with self.connected() as connection:
            cursor = connection.execute(words)
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
