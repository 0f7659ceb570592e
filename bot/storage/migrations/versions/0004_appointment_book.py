"""The appointment book: what is known of each appointment, and since when; and the service's webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add everything. Written out, not taken from `tables`: those move on, a migration does not."""
    status = sa.Column("status", sa.String(16), nullable=False, server_default="SCHEDULED")
    version = sa.Column("version", sa.Integer, nullable=False, server_default="0")
    op.add_column("appointments", status)
    op.add_column("appointments", version)
    op.add_column("appointments", sa.Column("as_of", sa.String(19)))
    op.add_column("appointments", sa.Column("name", sa.Text))
    op.add_column("appointments", sa.Column("worker_id", sa.BigInteger))
    op.execute("UPDATE appointments SET status = 'CANCELLED' WHERE is_cancelled")
    op.create_table(
        "hooks",
        sa.Column("event_id", sa.String(128), primary_key=True),
        sa.Column("body", sa.Text),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("done_at", sa.Float),
        sa.Column("error", sa.String(64)),
    )
    op.create_index("hooks_open", "hooks", ["done_at", "due_at"])
