"""What still counts of erased chats, under their pseudonyms."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "erased_counts",
        sa.Column("pseudonym", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("until", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
