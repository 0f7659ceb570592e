"""Session settings, advisory locks and commit markers, which only PostgreSQL needs. Used by `engines` alone.

The driver is psycopg, through SQLAlchemy; it is imported when the first engine is made.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, Table, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

OLDEST = 13
"""The oldest accepted version. Tested with PostgreSQL 15."""
LOCK_SECONDS = 5
SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": f"{LOCK_SECONDS}s",
    # A machine that lost power, or a frozen process, never ends its transaction. The server does after this time, which
    # is shorter than a lease (`bot.storage.lease.TTL`).
    "idle_in_transaction_session_timeout": "8s",
}
"""Settings of every session, whatever the server's defaults: commits are durable and no lock lasts for ever."""
PROGRAM = "moncreneau-bot"
WIRE = {
    # Seconds, `tcp_user_timeout` in ms. A server that vanished is noticed within half a minute instead of hours.
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": PROGRAM,
    "client_encoding": "utf8",  # a database or the environment may ask for one that cannot hold every name
}
"""libpq's parameters; those in the address win."""
MIGRATING, RUNNING = 0x6D6F6E63, 0x6D6F6E64
"""The keys of the advisory locks of a migration and of the working process; no other application should use them."""
TRY_PROCESS_LOCK = text(f"SELECT pg_try_advisory_lock({RUNNING})")
"""Held by the session, until it ends."""
RELEASE_PROCESS_LOCK = text(f"SELECT pg_advisory_unlock({RUNNING})")
READ_ONLY, IDLE_TOO_LONG = "25006", "25P03"
PASSING = {READ_ONLY, IDLE_TOO_LONG}
"""SQLSTATEs that are temporary although psycopg does not class them as operational errors."""


HOST_AND_PORT, DEFAULT_PORT = re.compile(r"(\[[^]]+\]|[^:]*)(?::(\d+))?"), "5432"
SEVERAL_HOSTS = re.compile(r"(postgres\w*(?:\+\w+)?://(?:[^@/?]*@)?)([^@/?]+,[^@/?]*)((?:[/?].*)?)", re.DOTALL)


def parsed(url: str) -> URL:
    """The address as SQLAlchemy reads it; also with `postgres:`, and in libpq's form with several hosts: `a:5432,b`.

    Raises `ValueError` and SQLAlchemy's `ArgumentError`.
    """
    if url.startswith("postgres:"):
        url = f"postgresql{url.removeprefix('postgres')}"
    if found := SEVERAL_HOSTS.fullmatch(url):
        parts = [HOST_AND_PORT.fullmatch(each) for each in found[2].split(",")]
        hosts = ",".join(each[1].strip("[]") for each in parts if each)
        ports = ",".join(each[2] or DEFAULT_PORT for each in parts if each)
        if not all(parts):
            raise ValueError(url)
        return make_url(found[1] + found[3]).update_query_dict({"host": hosts, "port": ports})
    return make_url(url)


def _has_several_hosts(where: URL) -> bool:
    given = where.query.get("host", "")
    return not isinstance(given, str) or "," in given


def url_with(url: str, parameters: Mapping[str, str]) -> str:
    """The address with these parameters of libpq; those that it has win."""
    where = parsed(url)
    added = {name: value for name, value in parameters.items() if name not in where.query}
    return where.update_query_dict(added).render_as_string(hide_password=False)


def url_of_replica(url: str, replica: str) -> str:
    """The address for one process of several: its sessions carry its name, so that another can find and end them."""
    where = parsed(url).update_query_dict({"application_name": f"{PROGRAM} {replica}"})
    return where.render_as_string(hide_password=False)


def options(where: URL) -> dict[str, Any]:
    """Arguments for SQLAlchemy's engine."""
    theirs = where.query.get("options", ())
    said = (theirs,) if isinstance(theirs, str) else theirs
    # Of several servers one can be written: the one that leads after a failover.
    wire = WIRE | ({"target_session_attrs": "read-write"} if _has_several_hosts(where) else {})
    session = " ".join([*said, *(f"-c {name}={value}" for name, value in SESSION.items())])
    return {
        # After a server restart a stale connection is replaced instead of failing the next read.
        "pool_pre_ping": True,
        # Whatever the server's default: after waiting for a lock, statements must see what was committed meanwhile.
        "isolation_level": "READ COMMITTED",
        "use_native_hstore": False,
        "connect_args": {name: value for name, value in wire.items() if name not in where.query} | {"options": session},
    }


def prepare(engine: Engine) -> None:
    """Check each new connection, and clean the values of each statement."""
    event.listen(engine, "connect", _check_server)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)


def _check_server(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Refuse a server that is too old or cannot store every name. Raises `ValueError`."""
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
    statement: str,
    values: Any,
    _context: Any,
    _many: bool,  # noqa: FBT001 — SQLAlchemy's own
) -> tuple[str, Any]:
    """Replace NUL, which PostgreSQL's text cannot hold, by U+FFFD."""
    return statement, [_replace_nul(each) for each in values] if isinstance(values, list) else _replace_nul(values)


def _replace_nul(values: Any) -> Any:
    if isinstance(values, Mapping) and any(isinstance(each, str) and "\0" in each for each in values.values()):
        return {name: each.replace("\0", "\ufffd") if isinstance(each, str) else each for name, each in values.items()}
    return values


def lock_for_migration(connection: Connection) -> None:
    """Wait until no other process migrates, however long; others wait until this transaction ends."""
    _lock(connection, f"SELECT pg_advisory_xact_lock({MIGRATING})")


def wait_for_writers(connection: Connection, tables: Iterable[str]) -> None:
    """Wait until transactions of other sessions are committed or rolled back.

    A killed process does not take its session with it: a commit that it sent may still be under way. The server ends
    those that a frozen process left open (`idle_in_transaction_session_timeout`).
    """
    _lock(connection, f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")


def _lock(connection: Connection, statement: str) -> None:
    """Wait for a lock longer than other statements may: a start that gave up would only be repeated."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(statement))
    connection.execute(text(f"SET LOCAL lock_timeout = '{SESSION['lock_timeout']}'"))


def advance_sequence(connection: Connection, table: Table) -> None:
    """Set the sequence of the table's key, if it has one, to the highest key that is there."""
    key = table.autoincrement_column
    if key is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, key.name)
    connection.execute(select(func.setval(sequence, func.max(key))).having(func.max(key).is_not(None)))


MARKER_NAME = "last transaction"
"""The name of the saved value that holds the marker of the last committed transaction."""
WRITE_MARKER = text("""INSERT INTO facts (name, value) VALUES (:name, :mark)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value""")
READ_MARKER = text("""INSERT INTO facts (name, value) VALUES (:name, '')
    ON CONFLICT (name) DO UPDATE SET value = facts.value RETURNING value""")
"""An UPDATE to the same value instead of a SELECT, so that it waits for a transaction that is still under way."""


def write_commit_marker(connection: Connection) -> str:
    """Write a marker in the present transaction; it is committed with it or not at all.

    PostgreSQL's own transaction ids (`pg_xact_status`) do not serve: after a crash the server gives ids that never
    reached the disk to other transactions.
    """
    marker = uuid4().hex
    connection.execute(WRITE_MARKER, {"name": MARKER_NAME, "mark": marker})
    return marker


def is_last_commit(connection: Connection, marker: str) -> bool:
    """Whether the last committed transaction is the one with this marker."""
    return bool(connection.scalar(READ_MARKER, {"name": MARKER_NAME}) == marker)
