"""Examines a database for `python -m bot check` and `/status`, without changing it.

Whether it can be written, which revision it has, and which updates were set aside.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, Executable, Integer, MetaData, Table, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateTable

from bot.storage import engines, migrate
from bot.storage.tables import inbox, saved_values


@dataclass(frozen=True, slots=True)
class SetAsideUpdate:
    """An update whose processing failed every time; `at` in Unix seconds, `error` is the name of the exception."""

    update_id: int
    error: str
    at: float


def set_aside(connection: Connection) -> int:
    """How many updates are set aside."""
    return connection.scalar(select(func.count()).select_from(inbox).where(inbox.c.error.is_not(None))) or 0


def set_aside_updates(connection: Connection, most: int) -> tuple[SetAsideUpdate, ...]:
    """The updates that are set aside, newest first, at most `most`."""
    query = select(inbox.c.update_id, inbox.c.error, inbox.c.done_at).where(inbox.c.error.is_not(None))
    rows = connection.execute(query.order_by(inbox.c.done_at.desc()).limit(most))
    return tuple(SetAsideUpdate(row.update_id, row.error, row.done_at or 0.0) for row in rows)


MARK = "checked"
TRIAL = Table("moncreneau_check", MetaData(), Column("x", Integer))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result. `revision` is None for a database that is empty or does not exist yet."""

    revision: str | None
    newest: str
    known: bool = False
    """Whether this version can use a database of this revision."""
    set_aside: int = 0
    newest_set_aside: tuple[SetAsideUpdate, ...] = ()


async def examine(url: str, most: int) -> Diagnosis:
    """Examine the database at `url`. Raises the database's errors if it cannot be read or written."""
    engine = engines.engine_for(url)
    try:
        if not _exists(engine):
            return Diagnosis(None, migrate.newest())
        async with engine.connect() as connection:
            present, newest = await connection.run_sync(migrate.current_revision)
            is_usable = await connection.run_sync(migrate.is_usable, present)
        if present is None and not engines.is_file(engine):  # where a table that is taken back leaves nothing
            await _try(engine, CreateTable(TRIAL))
        if present is None or not is_usable:
            return Diagnosis(present, newest)
        await _try(engine, engines.upsert(engine, saved_values, ["value"]).values(name=MARK, value=""))
        async with engine.connect() as connection:
            return Diagnosis(
                present,
                newest,
                known=True,
                set_aside=await connection.run_sync(set_aside),
                newest_set_aside=await connection.run_sync(set_aside_updates, most),
            )
    finally:
        await engine.dispose()


async def saved_value(url: str, name: str) -> str | None:
    """A saved value; None if there is none of this name or no usable database."""
    engine = engines.engine_for(url)
    try:
        if not _exists(engine):
            return None
        async with engine.connect() as connection:
            found: str | None = await connection.scalar(select(saved_values.c.value).where(saved_values.c.name == name))
            return found
    except (SQLAlchemyError, OSError):
        return None
    finally:
        await engine.dispose()


def _exists(engine: AsyncEngine) -> bool:
    """Whether there is a database. Raises `OSError` if SQLite could not create a missing one."""
    name = engine.url.database
    if not engines.is_file(engine) or not name or name == ":memory:" or Path(name).exists():
        return True
    try:
        with tempfile.TemporaryFile(dir=Path(name).absolute().parent):
            return False
    except OSError as error:
        raise OSError(f"{name} is not there, and its folder cannot be written: {error.strerror}") from None


async def _try(engine: AsyncEngine, statement: Executable) -> None:
    """Run a statement and roll it back."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        try:
            await connection.execute(statement)
        finally:
            await transaction.rollback()
