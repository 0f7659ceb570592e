"""Migrates a database to the present tables with Alembic, at every start.

Revisions are numbered files (`0001_first.py`). A database that is up to date, as nearly every one is, costs one query:
Alembic, which takes 11 MB of memory, is imported only when there is something to migrate.

Migrations expand and contract: the release before works on the tables of this one, so that both can run beside each
other while a new release is rolled out. The database says which revisions its tables serve (`SERVES`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select, text

from bot.storage import engines
from bot.storage.tables import saved_values

if TYPE_CHECKING:
    from alembic.config import Config

SERVES_FROM = "0014"
"""The oldest revision whose release works on the newest tables. Raise it in a commit whose migration takes away what
that release reads or writes; never above the newest revision of the release before (CONTRIBUTING.md)."""
SERVES = "tables serve revisions from"
"""The name of a saved value: the `SERVES_FROM` and the newest revision of the release that migrated the database."""
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

    Raises `ValueError` for the database of a newer version, unless its tables serve this one too.
    """
    present, wanted = current_revision(connection)
    if revision == "head" and present == wanted:
        return
    if not is_usable(connection, present):
        raise ValueError(f"its revision {present} is newer than this version of the bot, which knows {wanted}")
    if present not in {None, *revisions()}:
        return
    from alembic import command  # noqa: PLC0415 — only where there is something to do

    engines.lock_for_migration(connection)
    command.upgrade(_config(connection), revision)
    if revision == "head":
        values = {"name": SERVES, "value": f"{SERVES_FROM} {wanted}"}
        connection.execute(engines.upsert(connection.engine, saved_values, ["value"]), values)


def is_usable(connection: Connection, present: str | None) -> bool:
    """Whether this version works on a database of the revision `present`, perhaps after migrating it."""
    if present is None or present in revisions():
        return True
    said = connection.scalar(select(saved_values.c.value).where(saved_values.c.name == SERVES)) or ""
    served, _, revision = said.partition(" ")
    return revision == present and served <= newest()


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 — see `upgrade`

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
