"""Converts the values of `app.records` to rows of the tables and back. Knows nothing of transactions."""

import json
from dataclasses import astuple
from datetime import date, datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Row

from bot.app.records import (
    AttemptKind,
    Delivery,
    DepartmentDay,
    Kind,
    Replaced,
    Settled,
    StoredAttempt,
    StoredChat,
    StoredUpdate,
    StoredWebhook,
    Urgency,
)
from bot.core.appointment_book import BookEntry, Origin
from bot.core.model import AppointmentStatus
from bot.core.rating import RatingCount, RatingQuestion, Score
from bot.core.reminders import Timer, TimerKind
from bot.core.statistics import Count, Counted
from bot.storage.tables import EVENT_LENGTH, FILE_ID_LENGTH, LINK_LENGTH
from bot.views.message import Button, Message, Place, Style

Values = dict[str, Any]
ACCEPTED = "accepted"
"""The outcome of an attempt that is still open because the API accepted it with a response that cannot be read."""
REPLACED = "booked"
"""The outcome of a move that is still open because its old appointment is not cancelled yet."""
ENTRY = (
    "appointment_id", "chat_id", "department_id", "starts_at", "is_cancelled", "status", "version", "as_of", "name",
    "worker_id", "ics_uid", "ics_sent", "booked_at", "origin", "qr_link",
)  # fmt: skip


def read_chat(row: Row[Any]) -> StoredChat:
    """The reverse of `chat_row`."""
    asked_on = date.fromisoformat(row.asked_on) if row.asked_on else None
    wanted = (row.announcements, row.reminders, row.ratings)
    return StoredChat(row.chat_id, row.session, row.locale, row.is_left, *wanted, asked_on)


def chat_row(chat: StoredChat, now: float) -> Values:
    """The row of a chat whose person wrote or pressed something now."""
    return {
        "chat_id": chat.chat_id,
        "session": chat.session,
        "locale": chat.locale,
        "is_left": chat.left,
        "announcements": chat.announcements,
        "reminders": chat.reminders,
        "ratings": chat.ratings,
        "seen_at": now,
    }


def update_row(update: StoredUpdate, now: float) -> Values:
    """The row of an update that arrived now."""
    return {
        "update_id": update.update_id,
        "chat_id": update.chat_id,
        "body": update.body,
        "received_at": now,
    }


def done_row(update_id: int, now: float) -> Values:
    """The row of an update that is done, for an insert or an update: its id without any content."""
    return {"update_id": update_id, "chat_id": 0, "body": None, "received_at": now, "done_at": now}


def webhook_row(webhook: StoredWebhook, error: str | None) -> Values:
    """The row of a webhook that arrived. One with an error counts as done, and loses its content."""
    return {
        "event_id": webhook.event_id[:EVENT_LENGTH],
        "body": webhook.body if error is None else None,
        "received_at": webhook.received_at,
        "due_at": webhook.received_at,
        "done_at": None if error is None else webhook.received_at,
        "error": error,
    }


def read_update(row: Row[Any]) -> StoredUpdate:
    """The reverse of `update_row`."""
    return StoredUpdate(row.update_id, row.chat_id, row.body or "")


RARE = ("topic", "amends", "document", "prepared", "ticket", "silent", "calendar", "supersedes", "not_after", "about")
"""Fields that few deliveries have. They are stored only if set."""
PLACE = "place"
"""The place of a delivery's message, stored with them."""


def delivery_row(delivery: Delivery) -> Values:
    """The row of a message that waits to be sent."""
    message = delivery.message
    rows = [[_button_row(button) for button in row] for row in message.rows]
    return {
        "id": delivery.id,
        "chat_id": delivery.chat_id,
        "kind": str(delivery.kind),
        "body": to_json((message.text, rows, message.qr_link, *_more(delivery))).decode(),
        "screen": delivery.screen,
        "target": delivery.target,
        "urgency": int(delivery.urgency),
    }


def read_delivery(row: Row[Any]) -> Delivery:
    """The reverse of `delivery_row`."""
    text, rows, qr_link, *more = json.loads(row.body)
    rare = more[0] if more else {}
    if "not_after" in rare:
        rare["not_after"] = datetime.fromisoformat(rare["not_after"])
    if "about" in rare:
        rare["about"] = tuple(map(tuple, rare["about"]))
    place = Place(*rare.pop(PLACE)) if PLACE in rare else None
    buttons = tuple(tuple(_read_button(*each) for each in row) for row in rows)
    return Delivery(
        id=row.id,
        chat_id=row.chat_id,
        kind=Kind(row.kind),
        message=Message(text, buttons, qr_link, place),
        screen=row.screen,
        target=row.target,
        urgency=Urgency(row.urgency),
        **rare,
    )


def _more(delivery: Delivery) -> tuple[Values, ...]:
    """The rare fields that are set; a delivery without any is stored in the form of earlier releases."""
    more = {name: getattr(delivery, name) for name in RARE if getattr(delivery, name)}
    if place := delivery.message.place:
        more[PLACE] = astuple(place)
    return (more,) if more else ()


def _button_row(button: Button) -> tuple[str | None, ...]:
    """A button without a style is stored in the form of earlier releases, which had no styles."""
    plain = (button.label, button.action, button.url)
    return (*plain, button.style) if button.style else plain


def _read_button(label: str, action: str, url: str | None, style: str | None = None) -> Button:
    return Button(label, action, url, Style(style) if style else None)


def attempt_row(attempt: StoredAttempt, now: float) -> Values:
    """The row of an attempt that was confirmed now."""
    return {
        "chat_id": attempt.chat_id,
        "number": attempt.number,
        "kind": attempt.kind.value,
        "body": attempt.body,
        "opened_at": now,
        "withdrawn": attempt.withdrawn,
    }


def replaced_rows(step: Replaced | None) -> tuple[Values, ...]:
    """The bind parameters of the statement that stores the next phase of a move, which stays open; none if none."""
    if step is None:
        return ()
    row = {
        "key": step.attempt.chat_id,
        "which": step.attempt.number,
        "text": step.attempt.body,
        "how": REPLACED,
        "made": step.appointment_id,
    }
    return (row,)


def settled_row(end: Settled, now: float) -> Values:
    """The bind parameters of the statement that closes an attempt with its outcome."""
    return {
        "key": end.chat_id,
        "which": end.number,
        "at": now,
        "how": end.outcome,
        "made": end.appointment_id,
    }


def entry_row(entry: BookEntry) -> Values:
    """The row of an appointment. `is_cancelled` says once more what its status says, for those who count."""
    return {
        "appointment_id": entry.appointment_id,
        "chat_id": entry.chat_id,
        "department_id": entry.department_id,
        "starts_at": office_text(entry.at),
        "is_cancelled": entry.status is AppointmentStatus.CANCELLED,
        "status": entry.status.value,
        "version": entry.version,
        "as_of": entry.as_of.isoformat(timespec="seconds") if entry.as_of else None,
        "name": entry.name,
        "worker_id": entry.worker_id,
        "ics_uid": entry.ics_uid,
        "ics_sent": entry.ics_sent,
        "booked_at": office_text(entry.booked_at) if entry.booked_at else None,
        "origin": entry.origin,
        "qr_link": entry.qr_link,
    }


def read_entry(row: Row[Any]) -> BookEntry:
    """The reverse of `entry_row`."""
    return BookEntry(
        row.appointment_id,
        row.chat_id,
        row.department_id,
        datetime.fromisoformat(row.starts_at),
        AppointmentStatus(row.status),
        row.version,
        datetime.fromisoformat(row.as_of) if row.as_of else None,
        row.name,
        row.worker_id,
        row.ics_uid,
        row.ics_sent,
        datetime.fromisoformat(row.booked_at) if row.booked_at else None,
        Origin(row.origin) if row.origin else None,
        row.qr_link,
    )


def timer_row(timer: Timer) -> Values:
    """The row of a timer."""
    return {
        "appointment_id": timer.appointment_id,
        "kind": timer.kind.value,
        "chat_id": timer.chat_id,
        "version": timer.version,
        "due_at": office_text(timer.due_at),
        "not_after": office_text(timer.not_after),
    }


def read_timer(row: Row[Any]) -> Timer:
    """The reverse of `timer_row`."""
    due_at, not_after = datetime.fromisoformat(row.due_at), datetime.fromisoformat(row.not_after)
    return Timer(row.chat_id, TimerKind(row.kind), row.appointment_id, row.version, due_at, not_after)


def question_row(question: RatingQuestion) -> Values:
    """The row of a question about a visit."""
    return {
        "appointment_id": question.appointment_id,
        "chat_id": question.chat_id,
        "department_id": question.department_id,
        "week": question.week.isoformat(),
    }


def read_rating(row: Row[Any]) -> RatingCount:
    """A row of the ratings."""
    return RatingCount(row.department_id, date.fromisoformat(row.week), Score(row.score), row.total)


def read_department_day(row: Row[Any]) -> DepartmentDay:
    """A day of a department; `as_of` counts if every appointment has one."""
    as_of = datetime.fromisoformat(row.as_of) if row.dated == row.count else None
    return DepartmentDay(row.department_id, date.fromisoformat(row.day), as_of)


def fits_picture_row(link: str, file_id: str) -> bool:
    """Whether both fit into their columns. A picture that is not stored is drawn and uploaded again."""
    return len(link) <= LINK_LENGTH and len(file_id) <= FILE_ID_LENGTH


def office_text(at: datetime) -> str:
    """Office time as ISO 8601 text, which sorts chronologically."""
    return at.isoformat(timespec="minutes")


def day_in(text: str) -> date:
    """The day of such a text."""
    return datetime.fromisoformat(text).date()


def read_count(row: Row[Any]) -> Count:
    """A count of the statistics."""
    return Count(date.fromisoformat(row.day), row.department_id, Counted(row.what), row._mapping["count"])  # noqa: SLF001 — its public name


def read_attempt(row: Row[Any]) -> StoredAttempt:
    """The reverse of `attempt_row`; also tells whether the API has accepted the attempt since."""
    accepted = row.outcome == ACCEPTED
    return StoredAttempt(row.chat_id, row.number, AttemptKind(row.kind), row.body, row.withdrawn, accepted)
