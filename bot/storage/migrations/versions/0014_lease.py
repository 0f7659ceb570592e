"""The lease: which of several processes on one PostgreSQL database leads."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the first leader writes its row."""
    op.create_table(
        "lease",
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("replica", sa.String(48), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("renewed_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("is_released", sa.Boolean, nullable=False),
        sa.Column("takeovers", sa.BigInteger, nullable=False),
        sa.Column("clock_gap", sa.Float, nullable=False),
    )
