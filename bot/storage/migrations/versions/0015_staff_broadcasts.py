"""The department whose staff sends a broadcast."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it. Admins send those that have none."""
    op.add_column("broadcasts", sa.Column("department_id", sa.BigInteger))
