"""The run of the server in which the lease was renewed last: a restarted process need not wait until it expires."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it is unknown until the next renewal."""
    op.add_column("lease", sa.Column("server_started", sa.Float))
