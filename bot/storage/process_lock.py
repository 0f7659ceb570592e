"""Lets only one process work on a database: two would each book what the other has under way.

A SQLite file is locked by the operating system (`flock` on a file beside it), a PostgreSQL database by a session-level
advisory lock on a connection of its own. Both are free as soon as the process that held them is gone, however it ended.
Over a connection pooler the latter needs session mode. Knows nothing of what is in the database.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bot.storage import engines, postgresql

WAIT = 30.0
"""Seconds to wait for another process to end: one that was told to stop takes ten."""
LOOK = 0.2


class DatabaseInUseError(Exception):
    """Another process works on the database. The text says which, as far as that is known."""


def only_process(
    url: str, wait: float = WAIT, waiting: Callable[[], None] = lambda: None
) -> AbstractAsyncContextManager[None]:
    """Keep all other processes from the database at `url`, for as long as the block lasts.

    `waiting` is called once if another process is there. Raises `DatabaseInUseError` if it still is after `wait`
    seconds, and the database's errors.
    """
    where = engines.address(url)
    if where.get_backend_name() != "sqlite":
        return _session_lock(url, wait, waiting)
    in_memory = where.database in {None, "", ":memory:"}
    return _nothing() if in_memory else _file_lock(Path(f"{Path(str(where.database)).resolve()}.lock"), wait, waiting)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _file_lock(path: Path, wait: float, waiting: Callable[[], None]) -> AsyncIterator[None]:
    if not path.parent.exists():
        yield  # opening the database says it better
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:

        async def take() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not await _taken(take, wait, waiting):
            number = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            raise DatabaseInUseError(f"another process ({number}) works on the database")
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)  # the file stays: another process may be about to lock it


@asynccontextmanager
async def _session_lock(url: str, wait: float, waiting: Callable[[], None]) -> AsyncIterator[None]:
    engine = engines.engine_for(url)
    try:
        # Nothing is begun on it, for the server ends sessions that are idle within a transaction.
        connection = await (await engine.connect()).execution_options(isolation_level="AUTOCOMMIT")

        async def take() -> bool:
            return bool(await connection.scalar(postgresql.TRY_PROCESS_LOCK))

        try:
            if not await _taken(take, wait, waiting):
                raise DatabaseInUseError("another process works on the database")
            yield
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _taken(take: Callable[[], Awaitable[bool]], wait: float, waiting: Callable[[], None]) -> bool:
    """Try again and again, for `wait` seconds."""
    if await take():
        return True
    waiting()
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    while loop.time() < end:
        await asyncio.sleep(LOOK)
        if await take():
            return True
    return False
