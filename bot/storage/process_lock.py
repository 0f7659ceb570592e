"""Lets only one process at a time work on a database. Two would both carry out the same open attempts.

For SQLite the lock is an `flock` on a file beside the database; for PostgreSQL a session-level advisory lock on a
connection of its own (a connection pooler must therefore run in session mode). Both are released when the process
ends, however it ends. Knows nothing of what is in the database.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bot.storage import engines, postgresql

WAIT = 30.0
"""Seconds to wait for another process to end. A process that was asked to stop takes up to ten."""
RETRY_SECONDS = 0.2


class DatabaseInUseError(Exception):
    """Another process works on the database. The text has its process id if that is known."""


def only_process(
    url: str, wait: float = WAIT, waiting: Callable[[], None] = lambda: None
) -> AbstractAsyncContextManager[None]:
    """Hold the lock of the database at `url` while the block runs.

    If another process holds it, `waiting` is called once. Raises `DatabaseInUseError` if it still does after `wait`
    seconds, and the database's errors.
    """
    where = engines.address(url)
    if where.get_backend_name() != "sqlite":
        return _advisory_lock(url, wait, waiting)
    if where.database in {None, "", ":memory:"}:
        return _no_lock()
    return _file_lock(Path(f"{os.path.realpath(str(where.database))}.lock"), wait, waiting)


@asynccontextmanager
async def _no_lock() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _file_lock(path: Path, wait: float, waiting: Callable[[], None]) -> AsyncIterator[None]:
    if not path.parent.exists():
        yield  # opening the database will fail with a clearer error
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:

        async def try_lock() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not await _retry(try_lock, wait, waiting):
            process_id = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            raise DatabaseInUseError(f"another process ({process_id}) works on the database")
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)  # the file is not deleted: another process may be about to lock it


@asynccontextmanager
async def _advisory_lock(url: str, wait: float, waiting: Callable[[], None]) -> AsyncIterator[None]:
    engine = engines.engine_for(url)
    try:
        # No transaction is open on it: the server ends sessions that are idle within one.
        connection = await (await engine.connect()).execution_options(isolation_level="AUTOCOMMIT")

        async def try_lock() -> bool:
            return bool(await connection.scalar(postgresql.TRY_PROCESS_LOCK))

        try:
            if not await _retry(try_lock, wait, waiting):
                raise DatabaseInUseError("another process works on the database")
            yield
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _retry(try_lock: Callable[[], Awaitable[bool]], wait: float, waiting: Callable[[], None]) -> bool:
    """Try for `wait` seconds; returns whether the lock was taken."""
    if await try_lock():
        return True
    waiting()
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    while loop.time() < end:
        await asyncio.sleep(RETRY_SECONDS)
        if await try_lock():
            return True
    return False
