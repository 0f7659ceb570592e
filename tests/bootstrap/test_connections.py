"""The connections to the services outside, and the one line that says why one cannot be had."""

from pathlib import Path

import pytest

from bot.bootstrap.connections import StartError, only_process


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
