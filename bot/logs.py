"""Logs: one line per event on standard error, time in UTC; a traceback may follow it.

Whatever a service says in an error may hold line breaks, control characters and the token that it echoes: the first two
are escaped here, the last is replaced. Libraries that would print addresses or secrets are silenced. An error of our
own may quote what a citizen wrote, so tracebacks go without the error's message.
"""

import logging
import re
import time
from collections.abc import Collection

CHATTY = (
    "aiosqlite",
    "psycopg",
    "sqlalchemy",
    "httpx",
    "httpcore",
    "telegram",
    "alembic",
    "uvicorn.access",
    "uvicorn.error",
    "asyncio",
)


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TOKEN = re.compile(r"\d{5,}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
"""Anything that looks like a bot token."""


def one_line(text: str) -> str:
    """The text with line breaks and control characters escaped, and without what looks like a bot token."""
    return _TOKEN.sub("<token>", _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text))


class _Formatter(logging.Formatter):
    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self._secrets = [each for each in secrets if each]

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the standard library's name
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        text = _TOKEN.sub("<token>", super().format(record))
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        return text


def configure(level: str, secrets: Collection[str] = ()) -> None:
    """Set logging up for a process of ours. `secrets` are replaced wherever a line would hold one."""
    formatter = _Formatter(secrets)
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def scrubbed(error: BaseException | None) -> BaseException | None:
    """The same kind of error at the same place, without its words; None if such a one cannot be made."""
    if error is None or type(error).__module__ != "builtins":
        return None
    try:
        return type(error)("…").with_traceback(error.__traceback__)
    except TypeError:  # some, such as UnicodeEncodeError, want more than words
        return None
