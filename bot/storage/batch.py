"""Many turns' changes as few statements: each kind of change is gathered and executed once for the whole batch.

Where it can be, that is one statement for all rows and not one a row: between two statements the database's thread
must win Python's lock back from a busy loop, which costs more than the statement.

What follows from the order of the changes is kept: within a kind they run in the order in which they were made, and
the kinds touch different tables or run in the order below. Knows SQL, not when or how often a batch is committed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app.records import Change, StoredUpdate
from bot.storage import dialect, rows
from bot.storage.tables import appointments, attempts, chats, facts, inbox, outbox, pictures

Write = tuple[Any, list[rows.Values] | rows.Values]


class Statements:
    """The prepared statements, each run with a list of rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.receive = dialect.insert_ignore(engine, inbox)
        self.done = (
            update(inbox)
            .where(inbox.c.update_id.in_(bindparam("keys", expanding=True)))
            .values(done_at=bindparam("at"), body=None)
        )
        self.failed = (
            update(inbox)
            .where(inbox.c.update_id == bindparam("key"))
            .values(done_at=bindparam("at"), tries=inbox.c.tries + 1, error=bindparam("why"))
        )
        self.chat = dialect.upsert(engine, chats, ["session", "locale", "is_left", "announcements", "seen_at"])
        self.presence = update(chats).where(chats.c.chat_id == bindparam("key")).values(is_left=bindparam("gone"))
        self.drop_queue = delete(outbox).where(outbox.c.chat_id == bindparam("key"))
        self.queue = dialect.insert_ignore(engine, outbox)
        self.sent = delete(outbox).where(outbox.c.id.in_(bindparam("keys", expanding=True)))
        self.open = dialect.insert_ignore(engine, attempts)
        self.withdraw = (
            update(attempts)
            .where(attempts.c.chat_id == bindparam("key"), attempts.c.number == bindparam("which"))
            .values(withdrawn=True)
        )
        self.accept = (
            update(attempts)
            .where(attempts.c.chat_id == bindparam("key"), attempts.c.number == bindparam("which"))
            .values(outcome=rows.ACCEPTED)
        )
        self.settle = (
            update(attempts)
            .where(attempts.c.chat_id == bindparam("key"), attempts.c.number == bindparam("which"))
            .values(settled_at=bindparam("at"), outcome=bindparam("how"), appointment_id=bindparam("made"), body=None)
        )
        self.made = dialect.upsert(engine, appointments, ["starts_at", "is_cancelled"])
        self.gone = (
            update(appointments).where(appointments.c.appointment_id == bindparam("key")).values(is_cancelled=True)
        )
        self.picture = dialect.upsert(engine, pictures, ["file_id"])
        self.remember = dialect.upsert(engine, facts, ["value"])

    def writes(self, changes: Iterable[Change], now: float) -> list[Write]:
        """What to execute for these changes, in order, without the empty ones."""
        chats_now: dict[int, rows.Values] = {}  # of several changes of one chat the last counts
        done: list[int] = []
        sent: list[int] = []
        gathered: list[tuple[Any, list[rows.Values]]] = [
            (statement, [])
            for statement in (
                self.presence,
                self.drop_queue,
                self.queue,
                self.open,
                self.withdraw,
                self.accept,
                self.settle,
                self.made,
                self.gone,
                self.picture,
                self.remember,
                self.failed,
            )
        ]
        presence, drop, queue, opened, withdraw, accept, settle, made, gone, picture, remember, failed = (
            values for _, values in gathered
        )
        for change in changes:
            if change.chat:
                chats_now[change.chat.chat_id] = rows.chat_row(change.chat, now)
            if change.returned is not None:
                presence.append({"key": change.returned, "gone": False})
            if change.left is not None:
                presence.append({"key": change.left, "gone": True})
                drop.append({"key": change.left})
            queue.extend(rows.delivery_row(each) for each in change.queued)
            sent.extend(change.sent)
            opened.extend(rows.attempt_row(each, now) for each in change.opened)
            if change.withdrawn:
                withdraw.append({"key": change.withdrawn[0], "which": change.withdrawn[1]})
            if change.accepted:
                accept.append({"key": change.accepted[0], "which": change.accepted[1]})
            if (end := change.settled) is not None:
                settle.append(
                    {
                        "key": end.chat_id,
                        "which": end.number,
                        "at": now,
                        "how": end.outcome,
                        "made": end.appointment_id,
                    }
                )
                made.extend([rows.made_row(end.chat_id, end.made)] if end.made else [])
                gone.extend([{"key": end.cancelled}] if end.cancelled is not None else [])
            if change.picture:
                picture.append({"link": change.picture[0], "file_id": change.picture[1]})
            remember.extend({"name": name, "value": value} for name, value in change.remembered)
            done.extend(change.done)
            failed.extend({"key": each.update_id, "at": now, "why": each.error} for each in change.failed)
        first: list[Write] = [(self.chat, list(chats_now.values()))] if chats_now else []
        last: list[Write] = [(self.sent, {"keys": sent})] if sent else []
        if done:
            last.append((self.done, {"keys": done, "at": now}))
        return [*first, *((statement, values) for statement, values in gathered if values), *last]

    def insert_new(
        self, connection: Connection, updates: Sequence[StoredUpdate], now: float
    ) -> dict[int, StoredUpdate]:
        """Put updates into the inbox; those that were not there before come back, by id."""
        ids = [each.update_id for each in updates]
        known = set(connection.scalars(select(inbox.c.update_id).where(inbox.c.update_id.in_(ids))))
        new = {each.update_id: each for each in updates if each.update_id not in known}
        if new:
            connection.execute(self.receive, [rows.update_row(each, now) for each in new.values()])
        return new


def claimed(updates: tuple[StoredUpdate, ...], new: dict[int, StoredUpdate]) -> tuple[StoredUpdate, ...]:
    """Those of `updates` that are new, by id; each is claimed by the first who brought it."""
    ids = sorted({each.update_id for each in updates} & new.keys())
    return tuple(new.pop(each) for each in ids)
