"""Stores appointments and credits in a SQLite file, so that a kill loses nothing that was acknowledged.

The appointment book keeps everything in memory and writes each change through; the file is read once, at the start.
This module must not know the rules of booking.
"""

import sqlite3
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Appointment:
    """One appointment; times are office time. `key` is the API key that created it, or `office`.

    `name` is None only where a fault stores it so.
    """

    id: int
    department_id: int
    at: datetime
    name: str | None
    status: str
    external_user_id: str | None
    worker_id: int | None
    key: str
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None


_COLUMNS = tuple(field.name for field in fields(Appointment))
_TABLES = """
CREATE TABLE IF NOT EXISTS appointments (
  id INTEGER PRIMARY KEY, department_id INTEGER NOT NULL, at TEXT NOT NULL, name TEXT, status TEXT NOT NULL,
  external_user_id TEXT, worker_id INTEGER, key TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, cancelled_at TEXT, cancelled_by TEXT, cancel_reason TEXT
);
CREATE TABLE IF NOT EXISTS credits (id INTEGER PRIMARY KEY CHECK (id = 1), balance INTEGER NOT NULL);
"""
_ADDED_COLUMNS = ("cancelled_by", "cancel_reason")
"""Columns that files of older versions lack."""
_NAMES = ", ".join(_COLUMNS)
_LOAD = f"SELECT {_NAMES} FROM appointments ORDER BY id"  # noqa: S608 — the names are our own
_SAVE_APPOINTMENT = f"INSERT OR REPLACE INTO appointments ({_NAMES}) VALUES (?{', ?' * (len(_COLUMNS) - 1)})"  # noqa: S608
_SAVE_CREDITS = "INSERT OR REPLACE INTO credits VALUES (1, ?)"


class Store:
    """The SQLite file; without a path nothing is stored. A second process on the same file is refused."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def load(self) -> tuple[list[Appointment], int | None]:
        """Return all appointments in order of id, and the balance of credits if the file has one.

        Raises sqlite3.OperationalError if the file cannot be opened or another process holds it.
        """
        if self._path is None:
            return [], None
        appointments = [_appointment(row) for row in self._open().execute(_LOAD)]
        row = self._open().execute("SELECT balance FROM credits").fetchone()
        return appointments, row and row[0]

    def save(self, balance: int, appointment: Appointment | None = None) -> None:
        """Commit the balance and an appointment in one transaction."""
        if self._path is None:
            return
        connection = self._open()
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SAVE_CREDITS, (balance,))
            if appointment is not None:
                values = (v.isoformat() if isinstance(v, datetime) else v for v in astuple(appointment))
                connection.execute(_SAVE_APPOINTMENT, tuple(values))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None and self._path is not None:
            # The app may be created in one thread and served in another, but never by two at once.
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=0)
            try:
                # The process keeps the state in memory, so no other process may write to the file.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                # In every mode a commit survives a kill of the process, so the fastest one is enough here.
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(_TABLES)
                present = {row[1] for row in connection.execute("PRAGMA table_info(appointments)")}
                for name in _ADDED_COLUMNS:
                    if name not in present:
                        connection.execute(f"ALTER TABLE appointments ADD COLUMN {name} TEXT")
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        assert self._connection is not None  # noqa: S101 — only called with a path
        return self._connection


def _appointment(row: tuple[Any, ...]) -> Appointment:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in ("at", "created_at", "updated_at", "cancelled_at"):
        if values[name] is not None:
            values[name] = datetime.fromisoformat(str(values[name]))
    return Appointment(**values)
