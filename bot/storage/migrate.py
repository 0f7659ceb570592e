"""Migrates a database to the present tables with Alembic, at every start.

Revisions are numbered files (`0001_first.py`). A database that is up to date, as nearly every one is, costs one query:
Alembic, which takes 11 MB of memory, is imported only when there is something to migrate.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from bot.storage import engines

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent / "migrations"


def revisions() -> frozenset[str]:
    """The revisions that the present code knows."""
    return frozenset(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))


def newest() -> str:
    """The revision that the present code needs."""
    return max(revisions())


def current_revision(connection: Connection) -> tuple[str | None, str]:
    """The revision that the database has (None for an empty one), and the newest there is."""
    known = inspect(connection).has_table("alembic_version")
    return connection.scalar(text("SELECT version_num FROM alembic_version")) if known else None, newest()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations in the connection's transaction.

    Raises `ValueError` for the database of a newer version, whose tables this one does not know.
    """
    present, wanted = current_revision(connection)
    if revision == "head" and present == wanted:
        return
    if present is not None and present not in revisions():
        raise ValueError(f"its revision {present} is newer than this version of the bot, which knows {wanted}")
    from alembic import command  # noqa: PLC0415 — only where there is something to do

    engines.lock_for_migration(connection)
    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 — see `upgrade`

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
