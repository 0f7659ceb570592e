"""The log has our own lines in UTC, and nothing from libraries that would quote what citizens wrote."""

import logging

import pytest

from bot import logs

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.mark.parametrize("library", ["aiosqlite", "psycopg", "sqlalchemy.engine", "httpx", "telegram.Bot"])
def test_a_library_that_would_quote_a_name_is_silent_even_when_debugging(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG")
    logging.getLogger(library).info("INSERT … 'Aïssatou Bah'")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Bad Request:\nWARNING bot: forged", "Bad Request:\\nWARNING bot: forged"),
        ("a\rb\x1b[31mc\u2028d\u202ee\x85f", "a\\rb\\x1b[31mc\\u2028d\\u202ee\\x85f"),
        (
            "https://api.telegram.org/bot7000000001:S4ndb0xS4ndb0xS4ndb0x/getMe",
            "https://api.telegram.org/bot<token>/getMe",
        ),
        ("bot7000000001%3AS4ndb0xS4ndb0xS4ndb0x", "bot<token>"),
        ("the key mk_live_1 was refused", "the key <secret> was refused"),
        ("Conakry, 26 nov. à 10:30:00 — « é »", "Conakry, 26 nov. à 10:30:00 — « é »"),
    ],
)
def test_a_services_error_is_logged_in_one_line_without_secrets(
    text: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", ["mk_live_1", ""])
    logging.getLogger("bot.app").warning("Telegram: %s", text)
    assert capsys.readouterr().err.endswith(f"WARNING bot.app: Telegram: {line}\n")


def test_a_traceback_keeps_its_lines_and_loses_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", ["mk_live_1"])
    error = ValueError("mk_live_1 and 7000000001:S4ndb0xS4ndb0xS4ndb0x")
    error.__cause__ = KeyError("first")
    logging.getLogger("bot.app").error("failed", exc_info=error)
    said = capsys.readouterr().err.splitlines()
    assert len(said) > 3
    assert said[-1] == "ValueError: <secret> and <token>"


def test_a_line_of_ours_tells_the_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("bot.app").info("ready")
    assert capsys.readouterr().err.endswith("Z INFO bot.app: ready\n")
