"""The alerts of citizens who want to be told of an earlier place."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "place_alerts",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("department_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("appointment_id", sa.BigInteger),
        sa.Column("worker_id", sa.BigInteger),
        sa.Column("asked_at", sa.String(19), nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.String(19)),
        sa.Column("sent_slot", sa.String(16)),
    )
