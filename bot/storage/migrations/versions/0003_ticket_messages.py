"""The message that shows an appointment's ticket, so that it can be changed when it becomes untrue."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of older tickets the message is not known."""
    op.add_column("appointments", sa.Column("ticket_message", sa.BigInteger))
