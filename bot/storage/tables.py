"""The tables. Only shapes stand here; `migrations/` brings a database to them, `store` reads and writes.

Every column type means the same in SQLite and in PostgreSQL. Times are Unix seconds.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    true,
)

LINK, FILE_ID = 512, 256
"""Characters that PostgreSQL keeps to; SQLite does not."""
metadata = MetaData()

chats = Table(
    "chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("session", Text, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("is_left", Boolean, nullable=False, default=False),
    Column("seen_at", Float, nullable=False),
    Column("announcements", Boolean, nullable=False, default=True, server_default=true()),
    Index("chats_reached", "is_left", "announcements", "chat_id", "locale"),
)
"""Everyone who ever wrote to the bot, with their session."""

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("body", Text),
    Column("received_at", Float, nullable=False),
    Column("done_at", Float),
    Column("tries", SmallInteger, nullable=False, default=0),
    Column("error", Text),
    Index("inbox_open", "done_at", "update_id"),
)
"""Updates as they came. A done one keeps its number for two days (Telegram may deliver it again) and loses its body."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("screen", BigInteger),
    Column("target", BigInteger),
    Column("urgency", SmallInteger, nullable=False),
    Column("not_before", Float, nullable=False),
    Index("outbox_chat", "chat_id"),
)
"""Messages that are not surely sent yet, in order of id."""

attempts = Table(
    "attempts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text),
    Column("opened_at", Float, nullable=False),
    Column("withdrawn", Boolean, nullable=False, default=False),
    Column("settled_at", Float),
    Column("outcome", String(64)),
    Column("appointment_id", BigInteger),
    Index("attempts_open", "settled_at"),
)
"""Every confirmed booking and cancelling. A settled one loses its body (the name) and keeps its outcome."""

appointments = Table(
    "appointments",
    metadata,
    Column("appointment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("department_id", BigInteger, nullable=False),
    Column("starts_at", String(16), nullable=False),
    Column("is_cancelled", Boolean, nullable=False, default=False),
    Column("ticket_message", BigInteger),
    Index("appointments_chat", "chat_id", "starts_at"),
)
"""The appointments that were booked here, for whom they matter: no names. `starts_at` is office time (ISO, minutes).

`ticket_message` is the number of the message that shows the ticket, so that it can be changed when it becomes untrue.
"""

pictures = Table(
    "pictures",
    metadata,
    Column("link", String(LINK), primary_key=True),
    Column("file_id", String(FILE_ID), nullable=False),
)
"""QR pictures that Telegram already has."""

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small facts that outlive a restart."""

drafts = Table(
    "drafts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)
"""Broadcasts that admins are composing, one a chat."""

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("status", String(16), nullable=False),
    Column("plan", Text, nullable=False),
    Column("starts_at", String(16)),
    Column("at_night", Boolean, nullable=False, default=False),
    Column("prepared_to", BigInteger, nullable=False, default=0),
    Column("figures", Text),
    Column("is_reported", Boolean, nullable=False, default=False),
)
"""Every confirmed broadcast. `prepared_to` is the last chat looked at; `figures` are those of the last rest."""

recipients = Table(
    "recipients",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("status", String(16), nullable=False),
    Column("message_id", BigInteger),
    Column("error", Text),
    Column("at", Float),
)
"""What became of everyone whom a broadcast is for."""

deeds = Table(
    "deeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("who", String(128), nullable=False),
    Column("deed", String(16), nullable=False),
    Column("at", String(19), nullable=False),
    Index("deeds_number", "number", "id"),
)
"""Which admin did what to which broadcast, and when (office time)."""

cards = Table(
    "cards",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, nullable=False),
    Column("locale", String(16), nullable=False),
)
"""The messages that show admins how a broadcast gets on, one an admin and broadcast."""
