"""What the log may say: our own lines in UTC, and nothing from libraries that would quote what citizens wrote."""

import logging
from collections.abc import Iterator

import pytest

from bot import logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Leave logging as other tests know it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize("library", ["aiosqlite", "psycopg", "sqlalchemy.engine", "httpx", "telegram.Bot"])
def test_a_library_that_would_quote_a_name_is_silent_even_when_debugging(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG")
    logging.getLogger(library).info("INSERT … 'Aïssatou Bah'")
    assert capsys.readouterr().err == ""


def test_a_line_of_ours_tells_the_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("bot.app").info("ready")
    assert capsys.readouterr().err.endswith("Z INFO bot.app: ready\n")
