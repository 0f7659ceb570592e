"""Looks at a database without changing it: can it be written, which revision has it, what was set aside in it.

Looks at the tables that no citizen waits for: what was set aside. Reads only.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Executable, Integer, MetaData, Table, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateTable

from bot.storage import engines, migrate
from bot.storage.tables import facts, inbox


@dataclass(frozen=True, slots=True)
class SetAsideUpdate:
    """An update on which our own code failed for the last time; `at` in Unix seconds, `error` is its name."""

    update_id: int
    error: str
    at: float


async def set_aside(engine: AsyncEngine) -> int:
    """How many updates were set aside."""
    query = select(func.count()).select_from(inbox).where(inbox.c.error.is_not(None))
    async with engine.connect() as connection:
        return await connection.scalar(query) or 0


async def poison(engine: AsyncEngine, most: int) -> tuple[SetAsideUpdate, ...]:
    """The updates that were set aside, the newest first, at most so many."""
    query = select(inbox.c.update_id, inbox.c.error, inbox.c.done_at).where(inbox.c.error.is_not(None))
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(inbox.c.done_at.desc()).limit(most))
        return tuple(SetAsideUpdate(row.update_id, row.error, row.done_at or 0.0) for row in rows)


MARK = "checked"
TRIAL = Table("moncreneau_check", MetaData(), Column("x", Integer))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found. `revision` is None for a database that is not there yet or empty."""

    revision: str | None
    newest: str
    known: bool = False
    """Whether this version knows the revision."""
    set_aside: int = 0
    poison: tuple[SetAsideUpdate, ...] = ()
    """The newest of those that were set aside."""


async def examine(url: str, most: int) -> Diagnosis:
    """Look at the database at `url`. Raises the database's errors where it cannot be used, or not be written."""
    engine = engines.engine_for(url)
    try:
        if not _exists(engine):
            return Diagnosis(None, migrate.newest())
        async with engine.connect() as connection:
            present, newest = await connection.run_sync(migrate.current_revision)
        if present is None and not engines.is_file(engine):  # where a table that is taken back leaves nothing
            await _try(engine, CreateTable(TRIAL))
        if present is None or present not in migrate.revisions():
            return Diagnosis(present, newest)
        await _try(engine, engines.upsert(engine, facts, ["value"]).values(name=MARK, value=""))
        return Diagnosis(
            present, newest, known=True, set_aside=await set_aside(engine), poison=await poison(engine, most)
        )
    finally:
        await engine.dispose()


async def remembered(url: str, name: str) -> str | None:
    """A fact that the bot stored there; None where there is none, or no database that could tell."""
    engine = engines.engine_for(url)
    try:
        if not _exists(engine):
            return None
        async with engine.connect() as connection:
            found: str | None = await connection.scalar(select(facts.c.value).where(facts.c.name == name))
            return found
    except (SQLAlchemyError, OSError):
        return None
    finally:
        await engine.dispose()


def _exists(engine: AsyncEngine) -> bool:
    """SQLite would make a file that is not there. Raises OSError where it could not, as a try shows."""
    name = engine.url.database
    if not engines.is_file(engine) or not name or name == ":memory:" or Path(name).exists():
        return True
    try:
        with tempfile.TemporaryFile(dir=Path(name).absolute().parent):
            return False
    except OSError as error:
        raise OSError(f"{name} is not there, and its folder cannot be written: {error.strerror}") from None


async def _try(engine: AsyncEngine, statement: Executable) -> None:
    """Write, and take it back."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        try:
            await connection.execute(statement)
        finally:
            await transaction.rollback()
