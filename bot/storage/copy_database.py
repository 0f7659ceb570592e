"""Copies a whole database into an empty one, also from SQLite to PostgreSQL and back. No bot may work on either.

Everything is written in one transaction: after a kill, a full disk or a lost connection the target is as empty as
before. The source is only read. Rows pass in batches, so memory does not grow with the database.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, Table, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage import engines, migrate
from bot.storage.process_lock import DatabaseInUseError, only_process
from bot.storage.tables import lease, metadata

COPIED = tuple(each for each in metadata.sorted_tables if each is not lease)
"""All tables but the one that says which process leads: none does while the copy is made."""
BATCH = 1000
"""Rows in memory at a time."""
WAIT = 5.0
"""Seconds to wait for the lock of a database: a server needs a moment to notice that a process was killed."""
SOURCE, TARGET = "FROM", "TO"
IN_MEMORY = {None, "", ":memory:"}
Progress = Callable[[str, int, int], None]
"""Called with a table's name, its rows written so far, and all its rows."""


class CopyError(Exception):
    """The copy was not made, and the target is still empty. The text says in one line why, and what to do."""


async def copy_database(source: str, target: str, progress: Progress) -> int:
    """Copy every row of every table; returns the number of rows. Raises `CopyError`, and `ValueError` for an address.

    The source must have the newest revision, and the target none of the bot's tables.
    """
    _refuse_same(_address(source, SOURCE), _address(target, TARGET))
    async with contextlib.AsyncExitStack() as stack:
        reading, writing = _engine(stack, source, SOURCE), _engine(stack, target, TARGET)
        _refuse_missing(reading)
        with _telling(SOURCE):
            await stack.enter_async_context(only_process(source, WAIT))
        with _telling(TARGET):
            engines.make_private(target)
            _refuse_unopenable(writing)
            # Before its lock too: if both addresses lead to one database, that is ours and not another process's.
            await _refuse_used(writing)
            await stack.enter_async_context(only_process(target, WAIT))
        with _telling(SOURCE):
            rows = await stack.enter_async_context(reading.connect())
            await rows.run_sync(_refuse_other_revision)
            expected = await _counts(rows)
        with _telling(TARGET):
            await _refuse_used(writing)
            into = await stack.enter_async_context(writing.connect())
            await into.run_sync(migrate.upgrade)
            for table in COPIED:
                await into.execute(table.delete())  # what the migrations themselves note
        for table in COPIED:
            await _copy_table(table, rows, into, expected[table.name], progress)
        with _telling(SOURCE):
            await rows.rollback()  # a server ends sessions that are idle within a transaction
        with _telling(TARGET):
            await into.run_sync(_advance_sequences)
            found = await _counts(into)
            if found != expected:
                raise CopyError(f"{SOURCE} changed while it was copied: stop what writes to it, and try again")
            await into.commit()
        return sum(expected.values())


def _address(url: str, name: str) -> URL:
    """The address. Raises `ValueError` with the argument's name, for one that no database can have."""
    try:
        where = engines.address(url)
    except ValueError as error:
        raise ValueError(f"{name}: {error}; it begins with sqlite:/// or postgresql://") from None
    if where.get_backend_name() == "sqlite" and where.database in IN_MEMORY:
        raise ValueError(f"{name}: a database in memory cannot be copied; name a file: sqlite:///bot.db")
    return where


def _engine(stack: contextlib.AsyncExitStack, url: str, name: str) -> AsyncEngine:
    with _telling(name):
        engine = engines.engine_for(url)
    stack.push_async_callback(engine.dispose)
    return engine


def _refuse_same(source: URL, target: URL) -> None:
    if source.get_backend_name() == target.get_backend_name() == "sqlite":
        same = os.path.realpath(str(source.database)) == os.path.realpath(str(target.database))
    else:
        same = source == target
    if same:
        raise CopyError(f"{SOURCE} and {TARGET} are the same database")


@contextlib.contextmanager
def _telling(name: str) -> Iterator[None]:
    """Turn the errors of a database into one line that says whose they are; never with the address or a value."""
    try:
        yield
    except DatabaseInUseError as error:
        raise CopyError(f"{name}: {error}: stop the bot first") from None
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        raise CopyError(f"{name}: the database cannot be used: {engines.cause(error)}") from None


def _refuse_other_revision(connection: Connection) -> None:
    present, wanted = migrate.current_revision(connection)
    if present is None:
        raise CopyError(f"{SOURCE}: there is nothing of the bot in this database")
    if present not in migrate.revisions():
        raise CopyError(f"{SOURCE}: its revision {present} is newer than {wanted}, which this version of the bot knows")
    if present != wanted:
        advice = "start this version of the bot on it once, stop it, and copy then"
        raise CopyError(f"{SOURCE}: its revision is {present}, and this version of the bot needs {wanted}: {advice}")


def _refuse_missing(engine: AsyncEngine) -> None:
    """SQLite would make a missing file by opening it."""
    if engines.is_file(engine) and not Path(str(engine.url.database)).is_file():
        raise CopyError(f"{SOURCE}: there is no file {engine.url.database}")


def _refuse_unopenable(engine: AsyncEngine) -> None:
    """Raise `CopyError` for a file that could not be made. aiosqlite's thread may outlive an attempt to open it."""
    if engines.is_file(engine) and not Path(str(engine.url.database)).is_file():
        raise CopyError(f"{TARGET}: the database cannot be used: unable to open database file")


async def _refuse_used(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        there = set(await connection.run_sync(lambda each: inspect(each).get_table_names()))
    if used := sorted(there & {*metadata.tables, "alembic_version"}):
        raise CopyError(f"{TARGET} is not empty, it has the table {used[0]}: name an empty database")


async def _counts(connection: AsyncConnection) -> dict[str, int]:
    """The number of rows of each table."""
    found = {}
    for table in COPIED:
        found[table.name] = await connection.scalar(select(func.count()).select_from(table)) or 0
    return found


async def _copy_table(
    table: Table, source: AsyncConnection, target: AsyncConnection, total: int, progress: Progress
) -> None:
    done = 0
    progress(table.name, done, total)
    with _telling(f"{SOURCE}, table {table.name}"):
        result = await source.stream(select(table))
    while True:
        with _telling(f"{SOURCE}, table {table.name}"):
            batch = await result.mappings().fetchmany(BATCH)
        if not batch:
            return
        with _telling(f"{TARGET}, table {table.name}"):
            await target.execute(insert(table), [dict(each) for each in batch])
        done += len(batch)
        progress(table.name, done, total)


def _advance_sequences(connection: Connection) -> None:
    """Numbers that the database gives continue after the copied ones."""
    for table in COPIED:
        engines.advance_sequence(connection, table)
