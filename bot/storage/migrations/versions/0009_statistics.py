"""The office's statistics, and who said that they will come."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both. Written out, not taken from `tables`: those move on, a migration does not."""
    op.add_column("appointments", sa.Column("coming_version", sa.Integer))
    op.create_table(
        "daily_counts",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("department_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(24), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
