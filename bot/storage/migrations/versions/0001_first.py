"""The first tables: chats, inbox, outbox, attempts, pictures, facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything. Written out, not taken from `tables`: those move on, a migration does not."""
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("is_left", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("done_at", sa.Float),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("inbox_open", "inbox", ["done_at", "update_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("screen", sa.BigInteger),
        sa.Column("target", sa.BigInteger),
        sa.Column("urgency", sa.SmallInteger, nullable=False),
        sa.Column("not_before", sa.Float, nullable=False),
    )
    op.create_index("outbox_chat", "outbox", ["chat_id"])
    op.create_table(
        "attempts",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("settled_at", sa.Float),
        sa.Column("outcome", sa.String(64)),
        sa.Column("appointment_id", sa.BigInteger),
    )
    op.create_index("attempts_open", "attempts", ["settled_at"])
    op.create_table(
        "pictures",
        sa.Column("link", sa.String(512), primary_key=True),
        sa.Column("file_id", sa.String(256), nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
