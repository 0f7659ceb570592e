"""Converts broadcast values to rows of the tables and back. Knows nothing of transactions."""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, or_

from bot.broadcast.lifecycle import ENDED, PAST, TO_COME, UNDER_WAY, ListCursor
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastStatus,
    HistoryEntry,
    Plan,
    RecipientCounts,
    RecipientStatus,
    write_plan,
)
from bot.broadcast.model import read_plan as read_plan_text
from bot.broadcast.ports import Admin, ProgressMessage, Recipient, StatusUpdate
from bot.storage.mappers import Values, office_text
from bot.storage.tables import broadcasts

NAME = 32
"""Characters of an admin's name that are compared. A message shows about as many."""
_ENDED = broadcasts.c.status.in_([each.value for each in ENDED])
_TO_COME = (broadcasts.c.status == BroadcastStatus.SCHEDULED.value) & broadcasts.c.starts_at.is_not(None)
_RANK: ColumnElement[int] = case((_ENDED, PAST), (_TO_COME, TO_COME), else_=UNDER_WAY)
_STARTS: ColumnElement[str] = case((_TO_COME, broadcasts.c.starts_at), else_="")
LISTING = (_RANK, _STARTS, broadcasts.c.number.desc())
"""The order of the list: `ListCursor.key` in SQL."""


def after_cursor(cursor: ListCursor) -> ColumnElement[bool]:
    """The condition for a broadcast to come after this place in the list."""
    same_start = and_(cursor.starts <= _STARTS, broadcasts.c.number < cursor.number)
    same_rank = and_(cursor.rank <= _RANK, or_(cursor.starts < _STARTS, same_start))
    return or_(cursor.rank < _RANK, same_rank)


def plan_row(plan: Plan) -> Values:
    """The row of a broadcast that has just been confirmed."""
    return {
        "number": plan.number,
        "status": BroadcastStatus.PREPARING.value,
        "plan": write_plan(plan),
        "starts_at": office_text(plan.starts) if plan.starts else None,
        "at_night": plan.at_night,
        "prepared_to": 0,
        "is_reported": False,
        "department_id": plan.department_id,
    }


def read_plan(row: Row[Any]) -> Plan:
    """The plan; `at_night` may have changed since it was confirmed, so it has a column."""
    return replace(read_plan_text(row.plan), at_night=row.at_night)


def read_broadcast(row: Row[Any], history: Iterable[HistoryEntry]) -> Broadcast:
    """The broadcast, with the counts that were last written."""
    stored = json.loads(row.figures) if row.figures else {}
    counts = RecipientCounts(tuple((RecipientStatus(name), number) for name, number in stored.items()))
    return Broadcast(read_plan(row), BroadcastStatus(row.status), counts, tuple(history))


def write_counts(counts: RecipientCounts) -> str:
    """The counts as JSON."""
    return json.dumps({status.value: number for status, number in counts.by_status})


def history_row(number: int, admin: Admin, entry: HistoryEntry) -> Values:
    """The row of a history entry."""
    at = entry.at.isoformat(timespec="seconds")
    return {"number": number, "user_id": admin.user_id, "who": entry.who[:128], "deed": entry.action.value, "at": at}


def read_history_entry(row: Row[Any], namesakes: Collection[str]) -> HistoryEntry:
    """The reverse of `history_row`.

    `namesakes` are the names that several admins share, cut to `NAME` characters. Only their entries get a user id.
    """
    user_id = row.user_id if row.who[:NAME] in namesakes else None
    return HistoryEntry(row.who, AdminAction(row.deed), datetime.fromisoformat(row.at), user_id)


def status_values(number: int, status_update: StatusUpdate, now: float) -> Values:
    """The bind parameters of the statement that records a new status."""
    return {
        "which": number,
        "whom": status_update.chat_id,
        "new_status": status_update.status.value,
        "message": status_update.message_id,
        "reason": status_update.error,
        "now": now,
    }


def read_status(row: Row[Any]) -> StatusUpdate:
    """The status of a recipient's row."""
    return StatusUpdate(row.chat_id, RecipientStatus(row.status), row.message_id, row.error)


def read_recipient(row: Any) -> Recipient:
    """A recipient with the present language, consent and reachability of their chat."""
    recipient = Recipient(
        row.chat_id, "", message_id=row.message_id or 0, status=RecipientStatus(row.status), at=row.at or 0.0
    )
    return with_chat(recipient, row if row.locale is not None else None)


def with_chat(recipient: Recipient, row: Any) -> Recipient:
    """The recipient with the values of their chat's row; without a row they count as not wanting broadcasts."""
    if row is None:
        return replace(recipient, locale="", wanted=False)
    return replace(recipient, locale=row.locale, left=row.is_left, wanted=row.announcements)


def progress_row(progress: ProgressMessage) -> Values:
    """The row of a progress message."""
    return {
        "number": progress.number,
        "chat_id": progress.chat_id,
        "message_id": progress.message_id,
        "locale": progress.locale,
    }
