"""Values are the same after they were converted to rows and back."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Row

from bot.app.records import AttemptKind, Delivery, Kind, StoredAttempt, StoredUpdate, Urgency
from bot.storage import mappers
from bot.storage.tables import chats
from bot.views.message import Button, Message, Place, Style

NIGHT = datetime.fromisoformat("2026-03-02T21:00")


def row(values: mappers.Values) -> Row[Any]:
    """The row as the database returns it."""
    return cast("Row[Any]", SimpleNamespace(**values))


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(1, 7, Kind.SEND, Message("x")),
        Delivery(6, -7, Kind.SEND, Message("x"), topic=12),
        Delivery(7, 7, Kind.EDIT, Message("x"), target=1, amends=True),
        Delivery(8, 7, Kind.DOCUMENT, Message("x"), document="broadcast-1.csv"),
        Delivery(9, 7, Kind.PREPARED, Message(""), prepared='["sendMessage",{}]'),
        Delivery(2**60, -7, Kind.EDIT, Message("<b>é😀</b>"), screen=0, target=1),
        Delivery(3, 7, Kind.PICTURE, Message("x", (), "https://x.gn/1"), urgency=Urgency.BULK),
        Delivery(4, 7, Kind.SEND, Message("x", ((Button("a", "b"), Button("c", url="d")), (Button("e", "f"),)))),
        Delivery(6, 7, Kind.EDIT, Message("x"), target=3, amends=True),
        Delivery(9, 7, Kind.VENUE, Message("x", place=Place(9.5, -13.7, "Passeports", "Kaloum")), ticket=5),
        Delivery(7, 7, Kind.SEND, Message("x"), ticket=12345, topic=4),
        Delivery(8, 7, Kind.SEND, Message("x"), silent=True, not_after=NIGHT, about=((50, 3), (51, 0))),
        Delivery(5, 7, Kind.SEND, Message("x", ((Button("a", "b", style=Style.DANGER), Button("c", url="d")),))),
    ],
)
def test_a_delivery_is_read_as_it_was_stored(delivery: Delivery) -> None:
    assert mappers.read_delivery(row(mappers.delivery_row(delivery))) == delivery


def test_an_attempt_is_read_as_it_was_stored() -> None:
    for attempt in (StoredAttempt(7, 1, AttemptKind.BOOK, "{}"), StoredAttempt(7, 2, AttemptKind.CANCEL, "é", True)):  # noqa: FBT003
        assert mappers.read_attempt(row(mappers.attempt_row(attempt, 1.0) | {"outcome": None})) == attempt


def test_an_update_is_read_with_and_without_its_body() -> None:
    update = StoredUpdate(1, 7, '{"é": 1}')
    assert mappers.read_update(row(mappers.update_row(update, 1.0))) == update
    assert mappers.read_update(row({**mappers.update_row(update, 1.0), "body": None})).body == ""


def test_the_row_of_a_chat_has_every_column() -> None:
    from bot.app.records import StoredChat  # noqa: PLC0415 — only here

    written = mappers.chat_row(StoredChat(7, "s", "fr"), 1.0).keys() | {"asked_on"}  # that of a question
    assert written == {column.name for column in chats.columns}
