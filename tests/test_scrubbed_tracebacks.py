"""Tracebacks without what a citizen wrote."""

import traceback

import pytest

from bot.logs import scrubbed


def test_the_place_stays_and_the_words_go() -> None:
    try:
        int("Aïssatou Bah")
    except ValueError as error:
        shown = scrubbed(error)
    assert isinstance(shown, ValueError)
    text = "".join(traceback.format_exception(shown))
    assert "Aïssatou" not in "".join(traceback.format_exception_only(shown))
    assert "test_scrubbed_tracebacks" in text


def test_an_error_that_cannot_be_made_without_its_message_is_none() -> None:
    assert scrubbed(None) is None
    assert scrubbed(pytest.UsageError("Aïssatou Bah")) is None
    assert scrubbed(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no")) is None
