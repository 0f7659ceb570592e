"""A database of either kind, empty, as the bot is told of it and as another process sees it."""

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
    """`place` is the file, or the address of whoever owns the server."""

    url: str
    place: str

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite's."""
        return self.url.startswith("sqlite")

    @property
    def name(self) -> str:
        """What the server calls it."""
        return str(make_url(self.url).database)

    def rows(self, query: str) -> list[Any]:
        """What another process would read."""
        return self.says(query)

    def shape(self) -> list[Any]:
        """All tables and indexes, column by column."""
        if self.is_file:
            return self.says("SELECT name, sql FROM sqlite_master ORDER BY name")
        return self.says("""SELECT relname, attname, atttypid FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace ORDER BY relname, attname""")

    def says(self, words: str) -> list[Any]:
        """What another process hears when saying this, and it is committed."""
        with self.connected() as connection:
            cursor = connection.execute(words)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def held(self, table: str = "inbox") -> Iterator[None]:
        """Somebody else keeps all others from writing (SQLite) or from using this table (PostgreSQL)."""
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
        """Another process's connection, in which nothing begins by itself: what is said is committed."""
        connection: Any
        if self.is_file:
            connection = sqlite3.connect(self.place, timeout=30, isolation_level=None)
        else:
            connection = psycopg.connect(self.place, autocommit=True)
        with closing(connection):
            yield connection


def file_in(folder: Path) -> Database:
    """SQLite's."""
    return Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}", str(folder / "bot.db"))


@contextmanager
def on(cluster: Cluster) -> Iterator[Database]:
    """PostgreSQL's."""
    with cluster.database() as name:
        yield Database(cluster.url(name), cluster.url(name, cluster.owner))
