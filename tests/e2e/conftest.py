"""The bot that the tests of a module share, and a new citizen for each test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    """A running bot; every slot has room for all tests."""
    async with running_bot(tmp_path_factory.mktemp("bot"), capacity=1000) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot) -> AsyncIterator[Citizen]:
    """A citizen whose phone speaks French; all faults are cleared after the test."""
    yield await bot.citizen()
    await bot.recover()


@pytest_asyncio.fixture(loop_scope="module")
async def sarah(bot: RunningBot) -> AsyncIterator[Citizen]:
    """A citizen whose phone speaks English."""
    yield await bot.citizen("en", "Sarah", "Cole")
    await bot.recover()
