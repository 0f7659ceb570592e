"""Whom a broadcast reaches, as conditions on the table of chats. Knows both shapes and nothing of when they are asked.

Always without those who left and those who want no announcements; cancelled appointments do not count.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, false, true

from bot.broadcast.model import Audience, Dated, Everyone, Speakers, Visitors
from bot.storage.mappers import office_text
from bot.storage.tables import appointments, chats


def reached(audience: Audience, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a chat gets it; `now` is office time."""
    open_to_it = (chats.c.is_left == false(), chats.c.announcements == true())
    match audience:
        case Everyone():
            return open_to_it
        case Speakers(locale=locale):
            return (*open_to_it, chats.c.locale == locale)
        case Visitors(department_id=department):
            coming = appointments.c.starts_at >= office_text(now)
            return (*open_to_it, _with_appointment(appointments.c.department_id == department, coming))
        case Dated(first=first, last=last):
            after = last + timedelta(days=1)
            days = (appointments.c.starts_at >= first.isoformat(), appointments.c.starts_at < after.isoformat())
            return (*open_to_it, _with_appointment(*days))


def _with_appointment(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    theirs = (appointments.c.chat_id == chats.c.chat_id, appointments.c.is_cancelled == false())
    return exists().where(*theirs, *conditions)
