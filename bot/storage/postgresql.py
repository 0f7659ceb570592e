"""What is PostgreSQL's alone: the session that the bot needs, its own locks and marks. Only `dialect` asks for it.

The driver is psycopg, by way of SQLAlchemy; nothing of it is loaded before an engine is made.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

OLDEST = 13
"""The oldest version that is taken; tried was 15."""
LOCK_SECONDS = 5
SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": f"{LOCK_SECONDS}s",
    # A machine that lost its power says no farewell; what it had locked is free after so long.
    "idle_in_transaction_session_timeout": "30s",
}
"""What every session begins with, whatever is the server's default: a commit is on the disk, no lock is for ever."""
WIRE = {
    # Seconds, but for one in ms: a server that vanished without a word is noticed within half a minute, not hours.
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "moncreneau-bot",
    "client_encoding": "utf8",  # a database or an environment may ask for another, which holds fewer signs
}
"""libpq's parameters; what the address itself says counts more."""
MIGRATING, RUNNING = 0x6D6F6E63, 0x6D6F6E64
"""The advisory locks of whoever migrates and of the process that works: numbers that nobody else should have."""
TRY_PROCESS_LOCK = text(f"SELECT pg_try_advisory_lock({RUNNING})")
"""Held by the session, until it ends."""
READ_ONLY, IDLE_TOO_LONG = "25006", "25P03"
PASSING = {READ_ONLY, IDLE_TOO_LONG}
"""States of the server that pass, though psycopg does not count them among the operational errors."""


def options(where: URL) -> dict[str, Any]:
    """For SQLAlchemy's engine."""
    theirs = where.query.get("options", ())
    said = (theirs,) if isinstance(theirs, str) else theirs
    session = " ".join([*said, *(f"-c {name}={value}" for name, value in SESSION.items())])
    return {
        # A server that was started anew meanwhile is met by a new connection, not by whoever reads next.
        "pool_pre_ping": True,
        # Whatever is the server's default: who waited for a lock sees what was committed meanwhile.
        "isolation_level": "READ COMMITTED",
        "use_native_hstore": False,
        "connect_args": {name: value for name, value in WIRE.items() if name not in where.query} | {"options": session},
    }


def prepare(engine: Engine) -> None:
    """Listen to what happens on its connections."""
    event.listen(engine, "connect", _look_at)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)


def _look_at(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Refuse a server on which the bot would fail later, with a citizen's name in hand."""
    info: Any = entry.driver_connection.info  # type: ignore[union-attr]
    encoding, version = info.parameter_status("server_encoding"), info.server_version // 10_000
    if encoding == "UTF8" and version >= OLDEST:
        return
    connection.close()
    if version < OLDEST:
        raise ValueError(f"PostgreSQL {version} is too old: {OLDEST} or newer is needed")
    raise ValueError(f"the database's encoding is {encoding}: make one with ENCODING 'UTF8', which can hold every name")


def _without_nul(
    _connection: Connection,
    _cursor: Any,
    words: str,
    values: Any,
    _context: Any,
    _many: bool,  # noqa: FBT001 — SQLAlchemy's own
) -> tuple[str, Any]:
    """Text in PostgreSQL holds every sign but NUL: that one becomes the sign for what cannot be shown."""
    return words, [_holdable(each) for each in values] if isinstance(values, list) else _holdable(values)


def _holdable(values: Any) -> Any:
    if isinstance(values, Mapping) and any(isinstance(each, str) and "\0" in each for each in values.values()):
        return {name: each.replace("\0", "\ufffd") if isinstance(each, str) else each for name, each in values.items()}
    return values


def lock_for_migration(connection: Connection) -> None:
    """Wait until nobody else migrates; others wait until this transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})


def wait_for_writers(connection: Connection, tables: Iterable[str]) -> None:
    """Wait until what another session was writing is committed or undone.

    A process that is killed does not take its session with it: the commit that it had sent may be on its way still.
    """
    connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE"))


SIGNATURE = "last transaction"
"""The fact under which each transaction leaves its mark."""
SIGN = text("""INSERT INTO facts (name, value) VALUES (:name, :mark)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value""")
LAST = text("""INSERT INTO facts (name, value) VALUES (:name, '')
    ON CONFLICT (name) DO UPDATE SET value = facts.value RETURNING value""")
"""Written over with what stands there: so it waits for a transaction that is still under way and has left its mark."""


def write_commit_marker(connection: Connection) -> str:
    """Leave a mark in the present transaction, exactly as durable as all else in it.

    The server's own numbers (`pg_xact_status`) would not do: after a crash it gives those anew that never reached the
    disk, and another's transaction would pass for ours.
    """
    mark = uuid4().hex
    connection.execute(SIGN, {"name": SIGNATURE, "mark": mark})
    return mark


def is_last_commit(connection: Connection, mark: str) -> bool:
    """Whether the last transaction that was committed is the one with this mark."""
    return bool(connection.scalar(LAST, {"name": SIGNATURE}) == mark)
