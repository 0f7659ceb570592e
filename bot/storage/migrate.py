"""Bring a database to the present tables by Alembic, at every start. Knows where the migrations stand, nothing else.

Revisions are numbered files (`0001_first.py`), so that a database which is up to date, as nearly every one is that a
bot starts on, costs one look and not the 11 MB that Alembic takes in memory for as long as the bot runs.
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
    """Run what is missing, inside the connection's transaction.

    Raises `ValueError` for a database of a newer version: this one does not know its tables.
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
