"""Logs: one line an event on standard error, time in UTC. Silences libraries that would print addresses or secrets."""

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
