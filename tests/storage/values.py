"""Builders of short values to store."""

import sqlite3
from pathlib import Path
from typing import Any

from bot.app.records import AttemptKind, Change, Delivery, Kind, StoredAttempt, StoredChat, StoredUpdate
from bot.views.message import Button, Message

CHAT = 77


def update(number: int, chat_id: int = CHAT, body: str = '{"message": {}}') -> StoredUpdate:
    return StoredUpdate(number, chat_id, body)


def delivery(number: int, chat_id: int = CHAT) -> Delivery:
    message = Message("Bonjour <b>Aïssatou</b>", ((Button("Oui", "yes"), Button("Lien", url="https://x.gn")),))
    return Delivery(number, chat_id, Kind.SEND, message, screen=3)


def attempt(number: int, chat_id: int = CHAT) -> StoredAttempt:
    return StoredAttempt(chat_id, number, AttemptKind.BOOK, '{"name": "Aïssatou Bah"}')


def turn(done: int, *queued: int, opened: int | None = None, chat_id: int = CHAT) -> Change:
    """The changes of one turn: update `done` processed, messages `queued`, attempt `opened`."""
    return Change(
        done=(done,),
        chat=StoredChat(chat_id, f"session after {done}", "fr"),
        queued=tuple(delivery(each, chat_id) for each in queued),
        opened=() if opened is None else (attempt(opened, chat_id),),
    )


def rows(database: Path, query: str) -> list[Any]:
    """Run a query from outside the bot."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()
