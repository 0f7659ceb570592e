"""Bring a database to the present tables by Alembic, at every start. Knows where the migrations stand, nothing else."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, inside the connection's transaction."""
    command.upgrade(_config(connection), revision)


def standing(connection: Connection) -> tuple[str | None, str | None]:
    """The revision that the database has, and the newest there is."""
    present = MigrationContext.configure(connection).get_current_revision()
    return present, ScriptDirectory.from_config(_config(connection)).get_current_head()
