"""Columns that were written and never read: when a message may be sent, how often an update was tried."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop them; SQLite before 3.35 needs the table made again for it."""
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("not_before")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("tries")
