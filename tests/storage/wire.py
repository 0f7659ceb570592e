"""A wire to PostgreSQL that is cut at the worst moment: a commit was sent, and nobody knows what became of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COMMIT = b"COMMIT\0"


class Cut:
    """Forwards everything. When armed, the next commit ends the connection: before it arrives, or after it is done."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._armed = ""
        self.cuts = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def arm(self, when: str) -> None:
        """`before` or `after`."""
        self._armed = when

    def close(self) -> None:
        """No more connections."""
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
                server.sendall(data)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self._armed == "after" and COMMIT in data:
                    self._cut()
                    break
                client.sendall(data)
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
def cut(server: Path) -> Iterator[Cut]:
    """One to the server whose socket is in this folder."""
    wire = Cut(server)
    try:
        yield wire
    finally:
        wire.close()
