"""The question after a visit: who may be asked, who was asked when, open questions, and the ratings without a chat."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add everything."""
    op.add_column("chats", sa.Column("ratings", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("chats", sa.Column("asked_on", sa.String(10)))
    op.create_table(
        "rating_questions",
        sa.Column("appointment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("department_id", sa.BigInteger, nullable=False),
        sa.Column("week", sa.String(10), nullable=False),
    )
    op.create_index("rating_questions_chat", "rating_questions", ["chat_id"])
    op.create_table(
        "ratings",
        sa.Column("department_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("week", sa.String(10), primary_key=True),
        sa.Column("score", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("total", sa.Integer, nullable=False),
    )
