"""An index of the appointments by time: the coming ones are looked through every minute."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_index("appointments_time", "appointments", ["starts_at", "department_id"])
