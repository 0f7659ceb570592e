"""All messages that show a ticket, instead of the last one: each of them must be changed when it becomes untrue."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the known messages into a table of their own; SQLite before 3.35 needs the old one made again for it."""
    op.create_table(
        "ticket_messages",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("message", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("appointment_id", sa.BigInteger, nullable=False),
        sa.Column("is_picture", sa.Boolean, nullable=False),
    )
    op.create_index("ticket_messages_appointment", "ticket_messages", ["chat_id", "appointment_id"])
    op.execute(
        "INSERT INTO ticket_messages (chat_id, message, appointment_id, is_picture) "
        "SELECT chat_id, ticket_message, max(appointment_id), false FROM appointments "
        "WHERE ticket_message IS NOT NULL GROUP BY chat_id, ticket_message"
    )
    with op.batch_alter_table("appointments") as appointments:
        appointments.drop_column("ticket_message")
