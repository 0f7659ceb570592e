"""Messages: text and buttons."""

from dataclasses import FrozenInstanceError

import pytest

from bot.views.message import Button, Message


def test_a_message_is_frozen() -> None:
    message = Message("x")
    with pytest.raises(FrozenInstanceError):
        message.text = "y"  # type: ignore[misc]


def test_a_message_may_have_no_buttons_and_no_picture() -> None:
    assert Message("x") == Message("x", rows=(), qr_link=None)


def test_a_button_asks_something_or_opens_an_address() -> None:
    assert Button("Book", "book").url is None
    assert Button("Open", url="https://t.me/x").action == ""
