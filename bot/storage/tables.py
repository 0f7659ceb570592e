"""The tables. Only shapes stand here; `migrations/` brings a database to them, `store` reads and writes.

Every column type means the same in SQLite and in PostgreSQL. Times are Unix seconds.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, MetaData, SmallInteger, String, Table, Text

metadata = MetaData()

chats = Table(
    "chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("session", Text, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("is_left", Boolean, nullable=False, default=False),
    Column("seen_at", Float, nullable=False),
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

pictures = Table(
    "pictures",
    metadata,
    Column("link", String(512), primary_key=True),
    Column("file_id", String(256), nullable=False),
)
"""QR pictures that Telegram already has."""

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small facts that outlive a restart."""
