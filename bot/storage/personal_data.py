"""All that the database has of one chat: a copy of it, and its erasing.

What erasing must not undo stays under the chat's pseudonym: a block, and the counts that the caps need. A test goes
through all tables, and fails if one that knows a chat is missing here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from time import time as unix_time
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, false, func, or_, select, update

from bot.app.pseudonyms import Pseudonyms
from bot.app.records import AttemptKind, CopiedTables
from bot.storage import engines
from bot.storage.tables import (
    appointments,
    attempts,
    block_entries,
    broadcasts,
    chats,
    drafts,
    erased_counts,
    history_entries,
    inbox,
    outbox,
    place_alerts,
    progress_messages,
    rating_questions,
    recipients,
    ticket_messages,
    timers,
)

CHAT_OF: dict[Table, Column[Any]] = {
    chats: chats.c.chat_id,
    appointments: appointments.c.chat_id,
    ticket_messages: ticket_messages.c.chat_id,
    timers: timers.c.chat_id,
    rating_questions: rating_questions.c.chat_id,
    place_alerts: place_alerts.c.chat_id,
    attempts: attempts.c.chat_id,
    inbox: inbox.c.chat_id,
    outbox: outbox.c.chat_id,
    recipients: recipients.c.chat_id,
    drafts: drafts.c.chat_id,
    progress_messages: progress_messages.c.chat_id,
    history_entries: history_entries.c.user_id,
    block_entries: block_entries.c.chat_id,
    erased_counts: erased_counts.c.pseudonym,
}
"""The tables that know a chat, and the column that names it. A private chat has the id of its user."""
KEPT = frozenset({history_entries, block_entries, erased_counts})
"""What erasing leaves: the office's record of what its admins did, and what stands under the chat's pseudonym."""
OPEN, BOOKED = "open", "booked"
"""The kinds of `erased_counts`."""
OF_ADMINS = {block_entries: frozenset({"user_id", "who"})}
"""Columns that are about an admin, not about the chat. They are not copied."""


def copy_of(connection: Connection, chat_id: int, pseudonym: int) -> CopiedTables:
    """All rows of all tables that are about this chat, also under its pseudonym; tables without any are left out."""
    found: CopiedTables = {}
    for table in CHAT_OF:
        columns = [each for each in table.columns if each.name not in OF_ADMINS.get(table, ())]
        rows = connection.execute(select(*columns).where(_is_of(table, [chat_id, pseudonym])))
        if copied := [dict(row._mapping) for row in rows]:  # noqa: SLF001 — its public name
            found[table.name] = copied
    return found


def midnight_before(now: datetime) -> float:
    """The beginning of the office's day, in Unix seconds of this machine."""
    return unix_time() - (now - datetime.combine(now.date(), time())).total_seconds()


def erase(
    connection: Connection,
    chat_ids: Sequence[int],
    now: datetime,
    pseudonyms: Pseudonyms,
    keep: Collection[int] = (),
) -> None:
    """Delete what is known of these chats, except the deliveries in `keep`: the last words, which wait to be sent.

    Updates that arrived meanwhile stay too: they are the beginning of a new conversation. `now` is office time.
    """
    for chat_id in chat_ids:
        _keep_what_counts(connection, chat_id, now, pseudonyms.of(chat_id))
    for table in CHAT_OF.keys() - KEPT - {inbox, outbox}:
        connection.execute(delete(table).where(_is_of(table, chat_ids)))
    connection.execute(delete(outbox).where(_is_of(outbox, chat_ids), outbox.c.id.not_in(keep)))
    # The id of an update must stay for some days, because Telegram may deliver it again.
    over = or_(inbox.c.done_at.is_not(None), inbox.c.error.is_not(None))
    nobody = {"chat_id": 0, "body": None}
    connection.execute(update(inbox).where(_is_of(inbox, chat_ids), over).values(nobody))


def _keep_what_counts(connection: Connection, chat_id: int, now: datetime, pseudonym: int) -> None:
    """Put the chat's block and its counts under its pseudonym."""
    connection.execute(update(block_entries).where(block_entries.c.chat_id == chat_id).values(chat_id=pseudonym))
    coming = (
        select(appointments.c.starts_at, func.count().label("number"))
        .where(
            appointments.c.chat_id == chat_id,
            appointments.c.is_cancelled == false(),
            appointments.c.starts_at > now.isoformat(timespec="minutes"),
        )
        .group_by(appointments.c.starts_at)
    )
    rows = [
        {"pseudonym": pseudonym, "kind": OPEN, "until": row.starts_at, "number": row.number}
        for row in connection.execute(coming)
    ]
    if rows:
        # An appointment that the chat brought back from the service since it was last erased is the same one.
        connection.execute(engines.upsert(connection.engine, erased_counts, ["number"]), rows)
    booked = select(func.count()).where(
        attempts.c.chat_id == chat_id,
        attempts.c.kind == AttemptKind.BOOK.value,
        attempts.c.appointment_id.is_not(None),
        attempts.c.opened_at >= midnight_before(now),
    )
    if number := connection.scalar(booked):
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time()).isoformat(timespec="minutes")
        row = {"pseudonym": pseudonym, "kind": BOOKED, "until": tomorrow, "number": number}
        connection.execute(engines.add(connection.engine, erased_counts, "number"), row)


def _is_of(table: Table, chat_ids: Sequence[int]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = CHAT_OF[table].in_(chat_ids)
    if table is recipients:  # its index begins with the number, so this avoids reading millions of rows
        condition = condition & recipients.c.number.in_(select(broadcasts.c.number))
    return condition
