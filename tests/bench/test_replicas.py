"""What the soak of two processes sees: cut wires, requests after the end of trust, and the most in any second."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.replicas import ON_ITS_WAY, TRUST, Life, Replica, Replicas, most_in_a_window, most_within
from tests.e2e.waiting import eventually
from tests.e2e.wires import Request, Wire, one_of, tcp
from tests.storage.cluster import Cluster, free_port
from tests.storage.databases import sqlite_database

REQUEST = b"POST /bot1:secret/sendMessage HTTP/1.1\r\n\r\n"


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A service that sends back what it gets; yields its port."""
    answering: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(data)
            writer.close()
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.create_task(answer(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*answering)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a port of 127.0.0.1."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_a_wire_forwards_and_notes_requests_without_the_token() -> None:
    async with echo() as port, Wire(tcp(port)).open() as wire, connected(wire.port) as (reader, writer):
        writer.write(REQUEST)
        assert await reader.readexactly(len(REQUEST)) == REQUEST
        assert [each.path for each in wire.requests] == ["/sendMessage"]


@pytest.mark.parametrize("late", [True, False])
async def test_what_was_under_way_on_a_cut_wire_arrives_late_or_never(late: bool) -> None:  # noqa: FBT001 — a parameter
    async with echo() as port, Wire(tcp(port)).open() as wire, connected(wire.port) as (reader, writer):
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        wire.cut()
        writer.write(REQUEST)
        await eventually("it has left", lambda: wire.requests)
        wire.mend(late=late)
        if late:
            assert await reader.readexactly(len(REQUEST)) == REQUEST
        else:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(1) == b""


async def test_a_port_that_refuses_is_left_out() -> None:
    async with echo() as port, Wire(one_of(lambda: [free_port(), port])).open() as wire:
        for _ in range(3):
            async with connected(wire.port) as (reader, writer):
                writer.write(b"x")
                assert await reader.read(1) == b"x"


def one_process(folder: Path, *requests: float) -> Replicas:
    """A leader of process id 7 that renewed its lease at 100 and 102, and sent requests at these times."""
    database, telegram, moncreneau = (Wire(tcp(1)) for _ in range(3))
    telegram.requests += [Request(at, "/sendMessage") for at in requests]
    replica = Replica(
        BotProcess(folder, {}, sqlite_database(folder)),
        database,
        telegram,
        moncreneau,
        port=1,
        lives=[Life(7, 90.0, 150.0)],
    )
    return Replicas(
        (replica, replica),
        Cluster(folder),
        "",
        random.Random(1),  # noqa: S311 — not used
        database,
        renewals={7: [100.0, 102.0]},
    )


def test_requests_after_the_end_of_trust_are_seen(tmp_path: Path) -> None:
    end = 102.0 + TRUST + ON_ITS_WAY
    assert one_process(tmp_path, 95.0, 101.0, end - 0.1, 151.0).untrusted() == []  # none led before 100, or ran at 151
    assert set(one_process(tmp_path, end + 0.5).untrusted()) == {
        "/sendMessage left 0.5 s after the trust of its process had ended"
    }


def test_the_most_within_any_second_and_within_windows() -> None:
    assert most_within(1.0, []) == 0
    assert most_within(1.0, [0.0, 0.6, 0.9, 1.3, 1.5, 3.0]) == 4
    assert most_in_a_window(10.0, [0.0, 5.0, 9.0, 10.0, 12.0]) == 3
