"""The screens of `/data` and `/privacy`, and the file with the copy of a citizen's data.

Must not know when a screen is shown, nor where the data is kept.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.core import callback_data
from bot.core.screens import AskingErase, DataCopy, DataMenu, MyData, People, Privacy
from bot.i18n import Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office, Style
from bot.views.text import WORDS, contact, department_name, lines, moment_of, paragraphs

MOST_LISTED = 5
"""Coming appointments that are listed. The number of all of them is told too."""
TABLES = (
    "chats",
    "appointments",
    "ticket_messages",
    "timers",
    "rating_questions",
    "place_alerts",
    "attempts",
    "inbox",
    "outbox",
    "recipients",
    "drafts",
    "cards",
    "deeds",
    "block_entries",
    "erased_counts",
)
"""The tables of a copy; each has its words in the catalogues, and so has each of their columns. A test compares them
with the database."""
COLUMNS = (
    "announcements",
    "appointment_id",
    "as_of",
    "asked_on",
    "asked_at",
    "at",
    "body",
    "booked_at",
    "chat_id",
    "coming_version",
    "deed",
    "department_id",
    "done_at",
    "due_at",
    "error",
    "ics_sent",
    "ics_uid",
    "id",
    "is_blocked",
    "is_cancelled",
    "is_left",
    "is_picture",
    "kind",
    "locale",
    "message",
    "message_id",
    "name",
    "not_after",
    "number",
    "opened_at",
    "origin",
    "outcome",
    "pseudonym",
    "qr_link",
    "ratings",
    "received_at",
    "reminders",
    "screen",
    "seen_at",
    "sent",
    "sent_at",
    "sent_slot",
    "session",
    "settled_at",
    "starts_at",
    "status",
    "target",
    "until",
    "update_id",
    "urgency",
    "user_id",
    "version",
    "week",
    "who",
    "withdrawn",
    "worker_id",
)


def menu(_screen: DataMenu, t: Translator) -> Message:
    """What can be done."""
    rows = (
        keys.one(t, "button.data_see", callback_data.DATA_SEE),
        keys.one(t, "button.people", callback_data.PEOPLE),
        keys.one(t, "button.data_copy", callback_data.DATA_COPY),
        keys.one(t, "button.data_erase", callback_data.ERASE, Style.DANGER),
    )
    return Message(paragraphs(t.text("data.title"), t.text("data.not_kept"), t.text("data.question")), rows)


def seen(screen: MyData, t: Translator, office: Office) -> Message:
    """What the bot knows of the citizen, on one screen."""
    name, profile = ", ".join(keys.clip(each, WORDS) for each in screen.names), keys.clip(screen.profile, WORDS)
    known = lines(
        t.text("data.name", name=name) if name else t.text("data.no_name"),
        t.text("data.profile", name=profile) if profile else None,
        t.text("language.now", name=dict(t.languages)[t.locale]),
        t.text("settings.news_on" if screen.announcements else "settings.news_off"),
        t.text("settings.reminders_on" if screen.reminders else "settings.reminders_off"),
        t.text("settings.ratings_on" if screen.ratings else "settings.ratings_off"),
    )
    coming = lines(
        t.text("data.coming", number=len(screen.tickets)),
        *(
            t.text(
                "data.appointment",
                moment=moment_of(t, each.appointment, office),
                office=department_name(t, each.department),
            )
            for each in screen.tickets[:MOST_LISTED]
        ),
    )
    text = paragraphs(t.text("data.title"), known, coming, t.text("data.not_kept"))
    return Message(text, (keys.one(t, "button.back", callback_data.DATA),))


def people(screen: People, t: Translator) -> Message:
    """The names that are offered, each with a button to remove it."""
    buttons = (
        Button(
            t.label("button.forget_name", name=keys.shorten(each.name, keys.ALONE - 2)),
            callback_data.numbered(callback_data.FORGET_NAME, each.mark),
            style=Style.DANGER,
        )
        for each in screen.names
    )
    back = keys.one(t, "button.back", callback_data.DATA)
    if not screen.names:
        return Message(paragraphs(t.text("people.title"), t.text("people.none")), (back,))
    text = paragraphs(t.text("people.title"), t.text("people.what"), t.text("people.stay"), t.text("people.question"))
    return Message(text, (*keys.grid(buttons, 1), back))


def copy(_screen: DataCopy, t: Translator) -> Message:
    """The words under the file."""
    return Message(t.text("data.copy"), (keys.appointments(t),))


def asking_erase(screen: AskingErase, t: Translator) -> Message:
    """The first question, which offers to cancel before, and the second one."""
    nothing = keys.one(t, "button.erase_nothing", callback_data.DATA)
    if screen.shown is None:
        go_on = keys.one(t, "button.erase_anyway", callback_data.ERASE_AGAIN)
        cancel = keys.one(t, "button.cancel_first", callback_data.APPOINTMENTS)
        text = paragraphs(t.text("erase.not_cancelled"), t.text("erase.lost"), t.text("erase.question"))
        return Message(text, (cancel, go_on, nothing))
    sure = callback_data.timed(callback_data.SURE, screen.shown)
    text = paragraphs(t.text("erase.final"), t.text("erase.sure"))
    return Message(text, (keys.one(t, "button.erase_sure", sure, Style.DANGER), nothing))


def privacy(_screen: Privacy, t: Translator, office: Office) -> Message:
    """What the bot keeps, why, for how long, who sees it, and what the citizen can do."""
    text = paragraphs(
        t.text("privacy.title"),
        t.text("privacy.what"),
        t.text("privacy.who"),
        t.text("privacy.how_long"),
        t.text("privacy.rights"),
        contact(t, office),
    )
    return Message(text, (keys.one(t, "button.my_data", callback_data.DATA),))


def copy_file(tables: Mapping[str, Sequence[Mapping[str, Any]]], t: Translator) -> bytes:
    """The copy as JSON with the names of tables and columns in words. A time of the machine is written in UTC."""
    words = {
        _table(t, table): [
            {_column(t, column): _readable(value) for column, value in row.items() if value is not None} for row in rows
        ]
        for table, rows in tables.items()
    }
    return json.dumps(words, ensure_ascii=False, indent=2).encode()


def _table(t: Translator, name: str) -> str:
    return t.label(f"data.table.{name}") if name in TABLES else name


def _column(t: Translator, name: str) -> str:
    return t.label(f"data.column.{name}") if name in COLUMNS else name


def _readable(value: Any) -> Any:
    """A stored time as text, and stored JSON (which may follow its version) as what it holds."""
    match value:
        case float():
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
        case str() if "{" in value:
            version, brace, rest = value.partition("{")
            try:
                return json.loads(f"{brace}{rest}") if len(version) <= len("99:") else value
            except ValueError:
                return value
        case _:
            return value
