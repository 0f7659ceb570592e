"""Broadcasts: who wants announcements, who has which appointment, what is composed, sent, done to it, and shown."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add everything. Written out, not taken from `tables`: those move on, a migration does not."""
    op.add_column("chats", sa.Column("announcements", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_index("chats_reached", "chats", ["is_left", "announcements", "chat_id", "locale"])
    op.create_table(
        "appointments",
        sa.Column("appointment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("department_id", sa.BigInteger, nullable=False),
        sa.Column("starts_at", sa.String(16), nullable=False),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
    )
    op.create_index("appointments_chat", "appointments", ["chat_id", "starts_at"])
    op.create_table(
        "drafts",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "broadcasts",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("starts_at", sa.String(16)),
        sa.Column("at_night", sa.Boolean, nullable=False),
        sa.Column("prepared_to", sa.BigInteger, nullable=False),
        sa.Column("figures", sa.Text),
        sa.Column("is_reported", sa.Boolean, nullable=False),
    )
    op.create_table(
        "recipients",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("at", sa.Float),
    )
    op.create_table(
        "deeds",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("deed", sa.String(16), nullable=False),
        sa.Column("at", sa.String(19), nullable=False),
    )
    op.create_index("deeds_number", "deeds", ["number", "id"])
    op.create_table(
        "cards",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
    )
