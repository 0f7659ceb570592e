"""The tables of the database. `migrations/` creates and changes them; a test checks that both agree.

Every column type has the same meaning in SQLite and in PostgreSQL. Times are Unix seconds unless said otherwise. Four
tables have an older name in the database than in the code: `facts`, `deeds` and `cards` (of release 0.1), and `hooks`.
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

LINK_LENGTH, FILE_ID_LENGTH, EVENT_LENGTH, WHO = 512, 256, 128, 128
"""Characters. PostgreSQL refuses longer values; SQLite would store them."""
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
    Column("reminders", Boolean, nullable=False, default=True, server_default=true()),
    Column("ratings", Boolean, nullable=False, default=True, server_default=true()),
    Column("asked_on", String(10)),
    Index("chats_reached", "is_left", "announcements", "chat_id", "locale"),
)
"""Every private chat that ever wrote to the bot, with its session (JSON). `locale` is that of the last screen.

`ratings` is whether it may be asked about a visit, `asked_on` the day (office time) on which it last was.
"""

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("body", Text),
    Column("received_at", Float, nullable=False),
    Column("done_at", Float),
    Column("error", Text),
    Index("inbox_open", "done_at", "update_id"),
)
"""Updates from Telegram as JSON. When an update is done, its body is deleted; its id stays for two days, because
Telegram may deliver it again. `error` is set if it was set aside."""

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
    Index("outbox_chat", "chat_id"),
)
"""Messages that wait to be sent, or whose sending was not confirmed. They are sent in the order of their ids."""

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
"""Every confirmed booking and cancellation. When it is settled, its body (which has the name) is deleted and its
outcome stored."""

appointments = Table(
    "appointments",
    metadata,
    Column("appointment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("department_id", BigInteger, nullable=False),
    Column("starts_at", String(16), nullable=False),
    Column("is_cancelled", Boolean, nullable=False, default=False),
    Column("status", String(16), nullable=False, default="SCHEDULED", server_default="SCHEDULED"),
    Column("version", Integer, nullable=False, default=0, server_default="0"),
    Column("as_of", String(19)),
    Column("name", Text),
    Column("worker_id", BigInteger),
    Column("ics_uid", String(64)),
    Column("ics_sent", Integer),
    Column("booked_at", String(16)),
    Column("origin", String(8)),
    Column("qr_link", Text),
    Column("coming_version", Integer),
    Index("appointments_chat", "chat_id", "starts_at"),
    Index("appointments_time", "starts_at", "department_id"),
)
"""The appointment book (`bot.core.appointment_book.BookEntry`). Times are office time (ISO, to the minute or second).

`name` is emptied when the day is over. `coming_version` is the version of which the citizen said that they will come.
"""

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
    Column("what", String(24), primary_key=True),
    Column("count", Integer, nullable=False),
)
"""The office's statistics (`bot.core.statistics.Count`): how often something happened on a day. It knows no chat."""

ticket_messages = Table(
    "ticket_messages",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message", BigInteger, primary_key=True, autoincrement=False),
    Column("appointment_id", BigInteger, nullable=False),
    Column("is_picture", Boolean, nullable=False),
    Index("ticket_messages_appointment", "chat_id", "appointment_id"),
)
"""The messages that show a ticket or its QR picture, so that they can be changed when they become untrue."""

timers = Table(
    "timers",
    metadata,
    Column("appointment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("due_at", String(16), nullable=False),
    Column("not_after", String(16), nullable=False),
    Index("timers_due", "due_at"),
)
"""Messages to send later about an appointment (`bot.core.reminders.Timer`). Times are office time (to the minute).

Not rows of the outbox: that is strictly ordered for each chat, so a message of a later day would hold up all others.
"""

rating_questions = Table(
    "rating_questions",
    metadata,
    Column("appointment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("department_id", BigInteger, nullable=False),
    Column("week", String(10), nullable=False),
    Index("rating_questions_chat", "chat_id"),
)
"""The questions about a visit that are not answered yet (`bot.core.rating.RatingQuestion`). An answer deletes its row,
so that it counts once."""

ratings = Table(
    "ratings",
    metadata,
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
    Column("week", String(10), primary_key=True),
    Column("score", SmallInteger, primary_key=True, autoincrement=False),
    Column("total", Integer, nullable=False),
)
"""How often each score was given to a department in a week (`bot.core.rating.RatingCount`). It knows no chat, and not
even the order of the answers."""
place_alerts = Table(
    "place_alerts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
    Column("appointment_id", BigInteger),
    Column("worker_id", BigInteger),
    Column("asked_at", String(19), nullable=False),
    Column("sent", Integer, nullable=False),
    Column("sent_at", String(19)),
    Column("sent_slot", String(16)),
)
"""Who wants to be told of an earlier place (`bot.core.earlier_places.PlaceAlert`), until the alert ends.

Times are office time (to the second, `sent_slot` to the minute).
"""

webhooks = Table(
    "hooks",
    metadata,
    Column("event_id", String(EVENT_LENGTH), primary_key=True),
    Column("body", Text),
    Column("received_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("done_at", Float),
    Column("error", String(64)),
    Index("hooks_open", "done_at", "due_at"),
)
"""The service's webhooks. A done one keeps its id for 30 days, since it may come again, and loses its body."""

pictures = Table(
    "pictures",
    metadata,
    Column("link", String(LINK_LENGTH), primary_key=True),
    Column("file_id", String(FILE_ID_LENGTH), nullable=False),
)
"""QR pictures that were uploaded to Telegram, by their link."""

saved_values = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Single values that outlive a restart, such as the quota and which operator alerts were sent."""

lease = Table(
    "lease",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("replica", String(48), nullable=False),
    Column("since", Float, nullable=False),
    Column("renewed_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("is_released", Boolean, nullable=False),
    Column("takeovers", BigInteger, nullable=False),
    Column("clock_gap", Float, nullable=False),
    Column("server_started", Float),
)
"""One row on PostgreSQL: which process leads (`bot.storage.lease`), empty on SQLite. Times are by the database's clock;
`clock_gap` is how many seconds the leader's is ahead of it. `server_started` tells in which run of the server the lease
was renewed last."""

drafts = Table(
    "drafts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)
"""The broadcast that each admin is composing (JSON)."""

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
    Column("department_id", BigInteger),
)
"""Every confirmed broadcast, with the department whose staff sends it, if one does. While recipients are listed,
`prepared_to` is the last chat id checked. `figures` are the recipients by status (JSON), as counted when the run last
paused or ended. `starts_at` is office time."""

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
"""The recipients of each broadcast, each with a status and, once sent, the id of the message."""

history_entries = Table(
    "deeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("who", String(WHO), nullable=False),
    Column("deed", String(16), nullable=False),
    Column("at", String(19), nullable=False),
    Index("deeds_number", "number", "id"),
)
"""The history of each broadcast: which admin did what, and when (office time)."""

block_entries = Table(
    "block_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("is_blocked", Boolean, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("who", String(WHO), nullable=False),
    Column("at", String(19), nullable=False),
    Index("block_entries_chat", "chat_id", "id"),
)
"""Which admin blocked or unblocked a chat, and when (office time). The last entry of a chat counts.

After the chat was erased `chat_id` is its pseudonym (`bot.app.pseudonyms`)."""

erased_counts = Table(
    "erased_counts",
    metadata,
    Column("pseudonym", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("until", String(16), primary_key=True),
    Column("number", Integer, nullable=False),
)
"""What still counts of erased chats: so many coming appointments (`open`) until each begins, and so many bookings of a
day (`booked`) until it ends, in office time. Otherwise erasing would make room for more (`bot.app.pseudonyms`)."""

progress_messages = Table(
    "cards",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, nullable=False),
    Column("locale", String(16), nullable=False),
)
"""The progress messages: one for each admin and broadcast, edited while it runs."""
