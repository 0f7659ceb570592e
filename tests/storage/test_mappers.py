"""Values become rows and come back the same."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Row

from bot.app.records import AttemptKind, Delivery, Kind, StoredAttempt, StoredUpdate, Urgency
from bot.storage import mappers
from bot.storage.tables import chats
from bot.views.message import Button, Message, Style


def row(values: mappers.Values) -> Row[Any]:
    """As the database would hand it back."""
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
        Delivery(3, 7, Kind.PICTURE, Message("x", (), "https://x.gn/1"), urgency=Urgency.BULK, not_before=1.5),
        Delivery(4, 7, Kind.SEND, Message("x", ((Button("a", "b"), Button("c", url="d")), (Button("e", "f"),)))),
        Delivery(6, 7, Kind.EDIT, Message("x"), target=3, amends=True),
        Delivery(7, 7, Kind.SEND, Message("x"), ticket=12345, topic=4),
        Delivery(5, 7, Kind.SEND, Message("x", ((Button("a", "b", style=Style.DANGER), Button("c", url="d")),))),
    ],
)
def test_a_delivery(delivery: Delivery) -> None:
    assert mappers.read_delivery(row(mappers.delivery_row(delivery))) == delivery


def test_an_attempt() -> None:
    for attempt in (StoredAttempt(7, 1, AttemptKind.BOOK, "{}"), StoredAttempt(7, 2, AttemptKind.CANCEL, "é", True)):  # noqa: FBT003
        assert mappers.read_attempt(row(mappers.attempt_row(attempt, 1.0) | {"outcome": None})) == attempt


def test_an_update_and_one_that_has_lost_its_body() -> None:
    update = StoredUpdate(1, 7, '{"é": 1}', 2)
    assert mappers.read_update(row(mappers.update_row(update, 1.0))) == update
    assert mappers.read_update(row({**mappers.update_row(update, 1.0), "body": None})).body == ""


def test_a_chats_row_has_every_column_of_its_table() -> None:
    from bot.app.records import StoredChat  # noqa: PLC0415 — only here

    assert mappers.chat_row(StoredChat(7, "s", "fr"), 1.0).keys() == {column.name for column in chats.columns}
