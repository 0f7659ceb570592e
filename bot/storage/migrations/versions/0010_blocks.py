"""Which admin blocked which chat, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it. Written out, not taken from `tables`: those move on, a migration does not."""
    op.create_table(
        "block_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("is_blocked", sa.Boolean, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("at", sa.String(19), nullable=False),
    )
    op.create_index("block_entries_chat", "block_entries", ["chat_id", "id"])
