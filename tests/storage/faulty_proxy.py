"""A TCP proxy in front of PostgreSQL that drops a connection at a commit, so that its outcome is unknown."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COMMIT = b"COMMIT\0"


class FaultyProxy:
    """Forwards everything. When armed, it drops the connection at the next commit: before or after its execution."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._armed = ""
        self._flows = threading.Event()
        self._flows.set()
        self.cuts = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def arm(self, when: str) -> None:
        """Drop the connection `before` the next commit reaches the server, or `after` it was executed."""
        self._armed = when

    @contextmanager
    def held(self) -> Iterator[None]:
        """Forward nothing until the block ends, and close nothing: the other side seems to be silent."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / ".s.PGSQL.5432"))
                for work, ends in ((self._ask, (client, server)), (self._answer, (server, client))):
                    threading.Thread(target=work, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self._armed == "before" and COMMIT in data:
                    self._cut()
                    break
                self._flows.wait()
                server.sendall(data)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self._armed == "after" and COMMIT in data:
                    self._cut()
                    break
                self._flows.wait()
                client.sendall(data)
            self._flows.wait()
        _end(client, server)

    def _cut(self) -> None:
        self._armed = ""
        self.cuts += 1


def _end(*ends: socket.socket) -> None:
    for each in ends:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextmanager
def faulty_proxy(server: Path) -> Iterator[FaultyProxy]:
    """A proxy to the server whose socket file is in this folder."""
    opened = FaultyProxy(server)
    try:
        yield opened
    finally:
        opened.close()
