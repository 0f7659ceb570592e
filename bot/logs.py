"""Logs: one line an event on standard error, time in UTC. Silences libraries that would print addresses or secrets.

Tracebacks for the operator's log. An error's message may quote what a citizen wrote, so it stays out.
"""

import logging
import time

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


def configure(level: str) -> None:
    """Set logging up for a process of ours."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def scrubbed(error: BaseException | None) -> BaseException | None:
    """The same kind of error at the same place, without its words; None where such a one cannot be made."""
    if error is None or type(error).__module__ != "builtins":
        return None
    try:
        return type(error)("…").with_traceback(error.__traceback__)
    except TypeError:  # some, such as UnicodeEncodeError, want more than words
        return None
