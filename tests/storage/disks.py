"""Disks that are full or read-only, for real where tests may mount one, else as good as that; and locked databases."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE = "4m"
BLOCK = b"\0" * 4096
HASTY = ("PRAGMA busy_timeout=500", "PRAGMA journal_mode=DELETE")
"""For `dialect.PRAGMAS`: a database that a writer locks for readers too, and connections that wait for it for a
moment only (ms): longer than a write of our own takes."""


@dataclass(slots=True)
class Disk:
    """A small disk. `fill` takes all its room, `clear` gives it back; `is_real` tells a mounted one."""

    folder: Path
    is_real: bool

    @property
    def obeys(self) -> bool:
        """Whether `forbid` stops anybody: root writes where only modes forbid it."""
        return self.is_real or os.geteuid() != 0

    @property
    def url(self) -> str:
        """Of the database on it."""
        return f"sqlite+aiosqlite:///{self.folder / 'bot.db'}"

    def fill(self) -> None:
        """Leave no room for anything."""
        if not self.is_real:
            # No file of this process may grow from here on; Python ignores the signal, the write fails.
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            return
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for block in (BLOCK, b"\0"):
                try:
                    while ballast.write(block):
                        pass
                except OSError:
                    continue

    def clear(self) -> None:
        """Make room."""
        if self.is_real:
            (self.folder / "ballast").unlink(missing_ok=True)
            return
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def forbid(self) -> None:
        """Let nothing on it be written any more."""
        if self.is_real:
            _run("mount", "-o", "remount,ro", str(self.folder))
            return
        for path in (*self.folder.iterdir(), self.folder):
            path.chmod(0o555 if path.is_dir() else 0o444)

    def allow(self) -> None:
        """The reverse of `forbid`."""
        if self.is_real:
            _run("mount", "-o", "remount,rw", str(self.folder))
            return
        for path in (self.folder, *self.folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of four megabytes at `folder`, which must not exist yet."""
    folder.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    disk = Disk(folder, mounted)
    try:
        yield disk
    finally:
        disk.clear()
        if mounted:
            _run("umount", "-l", str(folder))
        else:
            disk.allow()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else has the database for themselves; it must have been opened with `HASTY`."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def _run(*command: str) -> bool:
    """Whether it could be done: not everybody may mount."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 — our own words
    except FileNotFoundError:
        return False
