"""Only one process works on a database. A second one waits, and then takes over or gives up."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.storage.process_lock import DatabaseInUseError, only_process
from tests.storage.databases import Database


async def test_a_second_process_waits_and_then_gives_up(database: Database) -> None:
    told: list[None] = []
    async with only_process(database.url):
        with pytest.raises(DatabaseInUseError, match="another process"):
            async with only_process(database.url, 0.3, lambda: told.append(None)):
                raise AssertionError
    assert len(told) == 1


async def test_a_second_process_continues_as_soon_as_the_first_ends(database: Database) -> None:
    waits, entered = asyncio.Event(), asyncio.Event()

    async def second() -> None:
        async with only_process(database.url, 60, waits.set):
            entered.set()

    async with AsyncExitStack() as first:
        await first.enter_async_context(only_process(database.url))
        task = asyncio.create_task(second())
        await waits.wait()
        assert not entered.is_set()
    await task
    assert entered.is_set()


async def test_cancelling_the_wait_releases_everything(database: Database) -> None:
    waits = asyncio.Event()
    async with only_process(database.url):
        task = asyncio.create_task(only_process(database.url, 60, waits.set).__aenter__())
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with only_process(database.url, 0):
        pass


HOLD = """import asyncio, sys
from bot.storage.process_lock import only_process
async def hold():
    async with only_process(sys.argv[1]):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())"""


async def test_a_killed_process_releases_the_lock(database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, database.url], stdout=subprocess.PIPE) as other:  # noqa: ASYNC220, S603
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        if database.is_file:
            with pytest.raises(DatabaseInUseError, match=rf"another process \({other.pid}\)"):
                await only_process(database.url, 0).__aenter__()
        os.kill(other.pid, signal.SIGKILL)
    async with only_process(database.url, 30):
        pass


async def test_a_symbolic_link_to_a_database_is_the_same_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    async with only_process(f"sqlite:///{tmp_path / 'bot.db'}"):
        with pytest.raises(DatabaseInUseError):
            await only_process(f"sqlite:///{tmp_path / 'link.db'}", 0).__aenter__()


async def test_a_symbolic_link_to_itself_is_the_databases_error_and_not_ours(tmp_path: Path) -> None:
    (tmp_path / "bot.db").symlink_to("bot.db")
    async with only_process(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"):
        pass


async def test_only_the_owner_can_read_the_lock_file(tmp_path: Path) -> None:
    async with only_process(f"sqlite:///{tmp_path / 'bot.db'}"):
        assert (tmp_path / "bot.db.lock").stat().st_mode & 0o777 == 0o600


async def test_a_missing_folder_and_a_database_in_memory_need_no_lock(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path / 'none' / 'bot.db'}", "sqlite://"):
        async with only_process(url), only_process(url, 0):
            pass
