"""Starts a PostgreSQL server in a temporary folder for tests, not as root, and stops it by its process id.

Its collation is French, unlike SQLite's: a query that relies on an order by accident fails its test.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.needs import lacks

OWNER, BOT, PASSWORD = "postgres", "bot", "geheim"
FAST_OPTIONS = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=40")
"""Durability after a power cut is not needed."""
START_TIMEOUT = 60.0
RESET_DATABASE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION {bot};
ALTER DATABASE {name} RESET ALL;
ALTER DATABASE {name} CONNECTION LIMIT -1"""
"""Empties a database so that it can be used again. It takes a tenth of the time of creating one."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Without them the test is skipped, and fails in CI."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        lacks("no PostgreSQL: install one (Debian: postgresql)")
    return (found[-1] if found else Path(str(on_path)).resolve()).parent


class Cluster:
    """A PostgreSQL server, reached through a socket file in its folder, and with a `port` on 127.0.0.1 too."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port
        self._programs = binaries()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._free: list[str] = []
        self.owner = OWNER
        # PostgreSQL refuses to run as root.
        self._user = next((name for name in (OWNER, "nobody") if _is_user(name)), None) if os.geteuid() == 0 else None

    def make(self) -> None:
        """Create the files of the server, start it, and create the bot's role."""
        self._own_folder()
        sorting = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=fr")
        made = self._run("initdb", "-D", "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync", *sorting)
        assert made.returncode == 0, made.stderr.decode()
        self.start()
        self.execute(f"CREATE ROLE {BOT} LOGIN PASSWORD '{PASSWORD}'")

    def make_standby(self, primary: "Cluster") -> None:
        """Copy the files of the running primary, and start as its standby; its commits wait for this one."""
        self._own_folder()
        where = ("-h", str(primary.folder), *primary._at_port, "-U", OWNER)
        made = self._run("pg_basebackup", *where, "-D", "data", "-R", "--checkpoint=fast", "--no-sync")
        assert made.returncode == 0, made.stderr.decode()
        self.start()
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Let the standby take over; returns when it accepts writes."""
        assert self.execute("SELECT pg_promote()") == [(True,)]

    def _own_folder(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user)

    @property
    def _at_port(self) -> tuple[str, ...]:
        return () if self.port is None else ("-p", str(self.port))

    def start(self) -> None:
        """Start the server; returns when it accepts connections."""
        options = ("-c", f"listen_addresses={'127.0.0.1' if self.port else ''}", *self._at_port, *FAST_OPTIONS)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 — fixed arguments
                [self._programs / "postgres", "-D", "data", "-k", self.folder, *options],
                cwd=self.folder,
                user=self._user,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_TIMEOUT
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, (self.folder / "log").read_text()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop the server: like a crash (SIGQUIT), or in order, without waiting for clients (SIGINT)."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def stopped(self, how: signal.Signals = signal.SIGINT) -> Iterator[None]:
        """Stop the server until the block ends."""
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    def execute(self, words: str, database: str = "postgres") -> list[Any]:
        """Run a statement as the owner of the server; returns the rows."""
        with psycopg.connect(self.url(database, OWNER), autocommit=True) as connection:
            cursor = connection.execute(words.encode())
            return cursor.fetchall() if cursor.description else []

    def url(self, database: str, user: str = BOT) -> str:
        """The URL of a database on the server."""
        port = f"&port={self.port}" if self.port else ""
        return f"postgresql://{user}:{PASSWORD}@/{database}?host={self.folder}{port}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of an empty database, which is emptied again afterwards."""
        name = self._free.pop() if self._free else self._new()
        try:
            yield name
        finally:
            self.execute(RESET_DATABASE.format(name=name, bot=BOT), name)
            self._free.append(name)

    def _new(self) -> str:
        self._made += 1
        name = f"bot{self._made}"
        self.execute(f"CREATE DATABASE {name} OWNER {BOT}")
        return name

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self.folder), *self._at_port).returncode == 0

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [str(self._programs / program), *arguments]
        return subprocess.run(command, cwd=self.folder, user=self._user, capture_output=True, check=False)  # noqa: S603


def _is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


@contextmanager
def serving_cluster() -> Iterator[Cluster]:
    """A running server. Its folder is not pytest's, because the path of a socket file must be short."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        cluster = Cluster(Path(folder))
        try:
            cluster.make()
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def serving_pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its synchronous standby, both on ports of 127.0.0.1."""
    with tempfile.TemporaryDirectory(prefix="pg-") as first, tempfile.TemporaryDirectory(prefix="pg-") as second:
        primary, standby = Cluster(Path(first), free_port()), Cluster(Path(second), free_port())
        try:
            primary.make()
            standby.make_standby(primary)
            yield primary, standby
        finally:
            primary.stop()
            standby.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
