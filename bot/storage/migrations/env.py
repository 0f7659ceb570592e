"""Alembic's way in. The connection comes from `bot.storage.migrate`; nothing is read from a file."""

from alembic import context

from bot.storage.tables import metadata

connection = context.config.attributes["connection"]
# Batches let SQLite, which cannot alter a column, follow the same migrations as PostgreSQL.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
