"""Timers of the appointments; what the citizen was told of them, their calendar files, who made them and when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add everything. Written out, not taken from `tables`: those move on, a migration does not.

    The bot sets the timers of the known appointments when it starts, because they follow from its rules.
    """
    op.add_column("chats", sa.Column("reminders", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("appointments", sa.Column("ics_uid", sa.String(64)))
    op.add_column("appointments", sa.Column("ics_sent", sa.Integer))
    op.add_column("appointments", sa.Column("booked_at", sa.String(16)))
    op.add_column("appointments", sa.Column("origin", sa.String(8)))
    op.add_column("appointments", sa.Column("qr_link", sa.Text))
    op.create_table(
        "timers",
        sa.Column("appointment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String(16), nullable=False),
        sa.Column("not_after", sa.String(16), nullable=False),
    )
    op.create_index("timers_due", "timers", ["due_at"])
