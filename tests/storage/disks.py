"""Disks that are full or read-only, and locked databases.

Where tests may mount a file system, the disk is a small tmpfs. Elsewhere file size limits and modes have its effect.
"""

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
SHORT_LOCK_PRAGMAS = ("PRAGMA busy_timeout=500", "PRAGMA journal_mode=DELETE")
"""For `engines.PRAGMAS`: a writer locks out readers too, and connections wait for a lock for 500 ms only. A write of
the bot takes less."""


@dataclass(slots=True)
class Disk:
    """A small disk; `is_mounted` tells whether it is a file system of its own."""

    folder: Path
    is_mounted: bool

    @property
    def can_be_read_only(self) -> bool:
        """Whether `make_read_only` has an effect: root ignores file modes."""
        return self.is_mounted or os.geteuid() != 0

    @property
    def url(self) -> str:
        """The URL of the database on this disk."""
        return f"sqlite+aiosqlite:///{self.folder / 'bot.db'}"

    def fill(self) -> None:
        """Use up all free space."""
        if not self.is_mounted:
            # From here on no file of this process may grow. Python ignores the signal SIGXFSZ, so the write fails.
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
        """Free the space again."""
        if self.is_mounted:
            (self.folder / "ballast").unlink(missing_ok=True)
            return
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def make_read_only(self) -> None:
        """Make the disk read-only."""
        if self.is_mounted:
            _run("mount", "-o", "remount,ro", str(self.folder))
            return
        for path in (*self.folder.iterdir(), self.folder):
            path.chmod(0o555 if path.is_dir() else 0o444)

    def make_writable(self) -> None:
        """Make the disk writable again."""
        if self.is_mounted:
            _run("mount", "-o", "remount,rw", str(self.folder))
            return
        for path in (self.folder, *self.folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of 4 MB at `folder`, which must not exist yet."""
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
            disk.make_writable()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Lock the database exclusively; the bot must have opened it with `SHORT_LOCK_PRAGMAS`."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def _run(*command: str) -> bool:
    """Run a command; returns whether it succeeded. Mounting needs privileges."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 — fixed arguments
    except FileNotFoundError:
        return False
