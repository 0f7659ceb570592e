"""The connections to the services outside, and the one line that says why one cannot be had."""

import asyncio
import gc
from pathlib import Path

import pytest

from bot.bootstrap.connections import StartError, connect_telegram, only_process
from bot.settings import read_settings


async def test_a_database_in_use_is_logged_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    async with only_process(url):
        with pytest.raises(StartError) as told:
            async with only_process(url, 0):
                raise AssertionError
    assert str(told.value).startswith("another process (")
    assert str(told.value).endswith("stop it, or give this one another DATABASE_URL")


async def test_a_lock_file_that_cannot_be_created_is_logged_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bot.db.lock").mkdir()
    with pytest.raises(StartError, match=r"the database cannot be used \(DATABASE_URL\): .*bot\.db\.lock"):
        async with only_process(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"):
            raise AssertionError


async def test_a_stop_while_telegram_is_awaited_closes_the_connections(caplog: pytest.LogCaptureFixture) -> None:
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = read_settings(telegram_bot_token="1:x", moncreneau_api_key="mk", telegram_api_url=url)
        start = asyncio.create_task(connect_telegram(settings))
        await asked.wait()
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        await gone.wait()
    del start
    gc.collect()
    assert "Unclosed" not in caplog.text
