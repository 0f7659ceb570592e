"""Between the values of broadcasts and their tables' rows. Knows both shapes and nothing of transactions."""

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
"""So many characters of a name are compared: a card has no room for much more."""
_ENDED = broadcasts.c.status.in_([each.value for each in ENDED])
_TO_COME = (broadcasts.c.status == BroadcastStatus.SCHEDULED.value) & broadcasts.c.starts_at.is_not(None)
_RANK: ColumnElement[int] = case((_ENDED, PAST), (_TO_COME, TO_COME), else_=UNDER_WAY)
_STARTS: ColumnElement[str] = case((_TO_COME, broadcasts.c.starts_at), else_="")
LISTING = (_RANK, _STARTS, broadcasts.c.number.desc())
"""`ListCursor.key` in SQL."""


def behind(place: ListCursor) -> ColumnElement[bool]:
    """Those that come after this place in the list."""
    same_start = and_(place.starts <= _STARTS, broadcasts.c.number < place.number)
    same_rank = and_(place.rank <= _RANK, or_(place.starts < _STARTS, same_start))
    return or_(place.rank < _RANK, same_rank)


def plan_row(plan: Plan) -> Values:
    """The row of a broadcast that was confirmed now."""
    return {
        "number": plan.number,
        "status": BroadcastStatus.PREPARING.value,
        "plan": write_plan(plan),
        "starts_at": office_text(plan.starts) if plan.starts else None,
        "at_night": plan.at_night,
        "prepared_to": 0,
        "is_reported": False,
    }


def read_plan(row: Row[Any]) -> Plan:
    """The plan, with what was changed since it was confirmed."""
    return replace(read_plan_text(row.plan), at_night=row.at_night)


def read_broadcast(row: Row[Any], history: Iterable[HistoryEntry]) -> Broadcast:
    """The broadcast with its figures as they were written last."""
    counts = json.loads(row.figures) if row.figures else {}
    figures = RecipientCounts(tuple((RecipientStatus(name), number) for name, number in counts.items()))
    return Broadcast(read_plan(row), BroadcastStatus(row.status), figures, tuple(history))


def write_figures(figures: RecipientCounts) -> str:
    """The figures as JSON."""
    return json.dumps({status.value: number for status, number in figures.counts})


def deed_row(number: int, admin: Admin, done: HistoryEntry) -> Values:
    """The row of something that an admin did."""
    at = done.at.isoformat(timespec="seconds")
    return {"number": number, "user_id": admin.user_id, "who": done.who[:128], "deed": done.action.value, "at": at}


def read_deed(row: Row[Any], namesakes: Collection[str]) -> HistoryEntry:
    """The reverse of `deed_row`; `namesakes` are the beginnings of names that several admins have."""
    user_id = row.user_id if row.who[:NAME] in namesakes else None
    return HistoryEntry(row.who, AdminAction(row.deed), datetime.fromisoformat(row.at), user_id)


def entry_values(number: int, entry: StatusUpdate, now: float) -> Values:
    """What is written when something became of a recipient."""
    return {
        "which": number,
        "whom": entry.chat_id,
        "fate": entry.status.value,
        "shown": entry.message_id,
        "why": entry.error,
        "now": now,
    }


def read_entry(row: Row[Any]) -> StatusUpdate:
    """The reverse of `entry_values`."""
    return StatusUpdate(row.chat_id, RecipientStatus(row.status), row.message_id, row.error)


def read_recipient(row: Any) -> Recipient:
    """A recipient and what is known of them now."""
    recipient = Recipient(
        row.chat_id, "", message_id=row.message_id or 0, status=RecipientStatus(row.status), at=row.at or 0.0
    )
    return as_known(recipient, row if row.locale is not None else None)


def as_known(recipient: Recipient, row: Any) -> Recipient:
    """The recipient as their chat's row says (None: the chat is not known any more, and wants nothing)."""
    if row is None:
        return replace(recipient, locale="", wanted=False)
    return replace(recipient, locale=row.locale, left=row.is_left, wanted=row.announcements)


def card_row(card: ProgressMessage) -> Values:
    """The row of a card."""
    return {
        "number": card.number,
        "chat_id": card.chat_id,
        "message_id": card.message_id,
        "locale": card.locale,
    }
